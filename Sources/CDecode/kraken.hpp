// Kraken's messages but for the form in which its WebSocket v2 writes them.
#pragma once
#include <optional>

#include "fields.hpp"

namespace tapedeck {

/// Fields of the objects of WebSocket v2 and of what the venue says about a request.
struct KrakenNames {
    enum : int { channel, event, status, success, error, symbol, side, price, qty, trade_id, timestamp, bid, bid_qty,
                 ask, ask_qty, backfill };
    static constexpr const char *names[] = {"channel", "event", "status", "success", "error", "symbol", "side", "price",
                                            "qty", "trade_id", "timestamp", "bid", "bid_qty", "ask", "ask_qty",
                                            "backfill"};
};

/// Places of a trade's list, in v1 and the REST interface.
struct KrakenTradeNames {
    enum : int { price, volume, time, side, order_type, misc, trade_id };
    static constexpr const char *names[] = {"price", "volume", "time", "side", "order type", "misc", "trade id"};
};

/// Places of a spread's list in v1.
struct KrakenSpreadNames {
    enum : int { bid, ask, time, bid_volume, ask_volume };
    static constexpr const char *names[] = {"bid", "ask", "time", "bid volume", "ask volume"};
};

/// Places of a side of the ticker in v1.
struct KrakenLevelNames {
    enum : int { price, lots, volume };
    static constexpr const char *names[] = {"price", "lots", "volume"};
};

/// Reads a list of scalars whose opening bracket is behind us. False where it is malformed.
template <class Names>
bool collect_list(Tokens &tokens, Fields<Names> &values) {
    bool more = !tokens.close_empty(']');
    for (size_t place = 0; more; place++)
        if (!values.take(tokens, place < values.count ? (int)place : -1) || !tokens.next(']', more)) return false;
    return true;
}

/// Trades as lists, of v1 and of the REST interface. False where the value is malformed.
inline bool read_kraken_trades(Tokens &tokens, FrameWriter &writer, std::string_view symbol) {
    using Names = KrakenTradeNames;
    return read_rows(tokens, writer, '[', "trade", [&](Tokens &row, Fault &fault, int32_t index) {
        Fields<Names> values;
        if (!collect_list(row, values)) return false;
        const double paid = values.price(Names::price, fault), amount = values.size(Names::volume, fault);
        const int64_t time_ns = values.template time_ns<read_epoch_seconds>(Names::time, fault, true);
        const std::string_view side = values.name(Names::side, fault);
        if (side != "b" && side != "s") values.wrong(Names::side, fault);
        if (!values.has(Names::misc)) fault.set(TD_MISSING_FIELD, Names::names[Names::misc]);
        const int64_t id =
            values.has(Names::trade_id) ? values.integer(Names::trade_id, fault) : TD_MISSING_INT64;
        if (!fault.any())
            writer.trade(
                writer.instrument(symbol), time_ns, paid, amount, side == "b" ? side_buy : side_sell, id,
                TD_MISSING_INDEX, index);
        return true;
    });
}

/// A message of v1: [id, payload, …, "channel", "pair"].
struct KrakenList {
    std::optional<Tokens> payload;
    /// Tokens of the last two elements; empty where those are no scalars.
    std::string_view channel, pair;
    size_t count = 0;
    Fault fault;

    /// Steps over the elements. False where the list is malformed.
    bool read(Tokens &tokens) {
        bool more = !tokens.close_empty(']');
        for (; more; count++) {
            channel = pair;
            pair = std::string_view();
            if (!tokens.has(2)) return false;
            if (count == 1) payload = tokens;
            const bool is_list = is_bracket(tokens);
            if (!is_list) pair = tokens.take();
            if (!(is_list ? tokens.skip() : is_scalar(pair)) || !tokens.next(']', more)) return false;
        }
        return true;
    }

    bool is_wanted() const {
        return count == 4 && (channel == "\"trade\"" || channel == "\"ticker\"" || channel == "\"spread\"");
    }

    /// Reads the payload, which is known to be well formed.
    void write(FrameWriter &writer) {
        std::string_view symbol;
        if (!unquoted(pair, symbol) || symbol.empty() || symbol.size() > longest_text)
            return fault.set(TD_WRONG_TYPE, "pair");
        Tokens tokens = *payload;
        if (channel == "\"ticker\"") return ticker(tokens, writer, symbol);
        if (tokens.peek() != '[') return fault.set(TD_WRONG_TYPE, "payload");
        if (channel == "\"spread\"") return spread(tokens, writer, symbol);
        read_kraken_trades(tokens, writer, symbol);
    }

    void spread(Tokens &tokens, FrameWriter &writer, std::string_view symbol) {
        using Names = KrakenSpreadNames;
        Fields<Names> values;
        double bid, ask, bid_size, ask_size;
        tokens.open('[');
        collect_list(tokens, values);
        values.side(Names::bid, Names::bid_volume, bid, bid_size, fault);
        values.side(Names::ask, Names::ask_volume, ask, ask_size, fault);
        const int64_t time_ns = values.time_ns<read_epoch_seconds>(Names::time, fault);
        quote(writer, symbol, time_ns, bid, ask, bid_size, ask_size, 0, fault, 0);
    }

    void ticker(Tokens &tokens, FrameWriter &writer, std::string_view symbol) {
        using Names = KrakenLevelNames;
        double prices[2] = {}, sizes[2] = {};
        bool has[2] = {};
        if (!tokens.open('{')) return fault.set(TD_WRONG_TYPE, "payload");
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more && tokens.key(name)) {
            const int place = is_key(name, "b") ? 0 : is_key(name, "a") ? 1 : -1;
            if (place >= 0 && tokens.open('[')) {
                Fields<Names> level;
                has[place] = true;
                collect_list(tokens, level);
                level.side(Names::price, Names::volume, prices[place], sizes[place], fault);
            } else {
                tokens.skip();
            }
            tokens.next('}', more);
        }
        if (!has[0] || !has[1]) fault.set(TD_MISSING_FIELD, has[0] ? "a" : "b");
        quote(
            writer, symbol, writer.frame.ingest_time_ns, prices[0], prices[1], sizes[0], sizes[1],
            quote_time_of_receipt, fault, 0);
    }

    static void quote(
        FrameWriter &writer, std::string_view symbol, int64_t time_ns, double bid, double ask, double bid_size,
        double ask_size, int32_t flags, Fault &fault, int32_t index) {
        if (bid != bid && ask != ask) fault.set(TD_PRICE_NOT_POSITIVE, "bid");
        if (!fault.any())
            writer.quote(
                writer.instrument(symbol), time_ns, bid, ask, bid_size, ask_size, TD_MISSING_INT64, flags, index);
    }
};

/// A message of v2, a page of the REST interface, or what the venue says about a request.
struct KrakenMessage : KrakenNames {
    using Values = Fields<KrakenNames>;
    Values values;
    /// Rows that came before it was known what they are.
    std::optional<Tokens> rows_behind;
    bool has_data = false, has_page = false;
    /// What the venue refused.
    std::string_view refusal;
    Fault fault;

    bool is_wanted() const { return values[channel] == "\"trade\"" || values[channel] == "\"ticker\""; }

    /// Reads the outer object, whose opening bracket is behind us. False where it is malformed.
    bool read(Tokens &tokens, FrameWriter &writer) {
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            bool sound;
            if (is_key(name, "data") && !has_data) {
                has_data = true;
                sound = data(tokens, writer);
            } else {
                sound = values.take(tokens, Values::place(name));
            }
            if (!sound || !tokens.next('}', more)) return false;
        }
        if (rows_behind && is_wanted()) rows(*rows_behind, writer);
        return true;
    }

    bool data(Tokens &tokens, FrameWriter &writer) {
        if (values.has(backfill)) return page(tokens, writer);
        if (tokens.peek() != '[') return refuse(tokens, fault, "data");
        if (is_wanted()) return rows(tokens, writer);
        if (!values.has(channel)) rows_behind = tokens;
        return tokens.skip();
    }

    bool rows(Tokens &tokens, FrameWriter &writer) {
        const bool are_trades = values[channel] == "\"trade\"";
        return read_rows(tokens, writer, '{', "data", [&](Tokens &row, Fault &fault, int32_t index) {
            Values event;
            if (!event.collect(row)) return false;
            are_trades ? trade(event, writer, fault, index) : quote(event, writer, fault, index);
            return true;
        });
    }

    static void trade(const Values &event, FrameWriter &writer, Fault &fault, int32_t index) {
        const std::string_view name = event.name(symbol, fault), taker = event.name(side, fault);
        const double paid = event.price(price, fault), amount = event.size(qty, fault);
        if (taker != "buy" && taker != "sell") event.wrong(side, fault);
        const int64_t id = event.integer(trade_id, fault);
        const int64_t time_ns = event.time_ns<read_rfc3339>(timestamp, fault);
        if (!fault.any())
            writer.trade(
                writer.instrument(name), time_ns, paid, amount, taker == "buy" ? side_buy : side_sell, id,
                TD_MISSING_INDEX, index);
    }

    static void quote(const Values &event, FrameWriter &writer, Fault &fault, int32_t index) {
        double bid_price, ask_price, bid_size, ask_size;
        const std::string_view name = event.name(symbol, fault);
        event.side(bid, bid_qty, bid_price, bid_size, fault);
        event.side(ask, ask_qty, ask_price, ask_size, fault);
        const bool has_time = event.has(timestamp);
        const int64_t time_ns =
            has_time ? event.time_ns<read_rfc3339>(timestamp, fault) : writer.frame.ingest_time_ns;
        KrakenList::quote(
            writer, name, time_ns, bid_price, ask_price, bid_size, ask_size, has_time ? 0 : quote_time_of_receipt,
            fault, index);
    }

    /// The answer of the REST interface. False where it is malformed.
    bool page(Tokens &tokens, FrameWriter &writer) {
        has_page = true;
        const std::string_view pair = values.name(backfill, fault);
        if (fault.any() || !tokens.open('{')) return refuse(tokens, fault, "data");
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            const char *begin = tokens.here();
            bool sound;
            if (is_key(name, "result") && tokens.open('{')) {
                sound = result(tokens, writer, pair);
            } else {
                sound = tokens.skip();
                const std::string_view errors(begin, (size_t)(tokens.here() - begin));
                if (is_key(name, "error") && errors.substr(0, 2) != "[]") refusal = errors;
            }
            if (!sound || !tokens.next('}', more)) return false;
        }
        return true;
    }

    bool result(Tokens &tokens, FrameWriter &writer, std::string_view pair) {
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            const bool is_list = tokens.peek() == '[';
            if (!(is_list ? read_kraken_trades(tokens, writer, pair) : tokens.skip())) return false;
            if (!tokens.next('}', more)) return false;
        }
        return true;
    }
};

}  // namespace tapedeck
