// Coinbase Exchange market data feed: {"type":"match","trade_id":…} and the like.
//
// Read are `match` and `last_match` (`side` is the maker's, so that the aggressor did the opposite) and `ticker` (best
// bid and ask at a trade; `sequence` is the update's number; older recordings have no sizes). Numbers are decimal text,
// `time` is RFC 3339. `error` is a venue's error; anything else is ignored.
//
// A page of trades of the REST interface does not name its product and stands in an object of our own:
// {"backfill":"BTC-USD",…,"data":[{"time":…,"trade_id":…,"price":…,"size":…,"side":…}]}. The side is the maker's too.
#include "fields.hpp"
#include "plain_text.hpp"

namespace tapedeck {
namespace {

struct CoinbaseNames {
    enum : int { type, product, trade_id, price, size, side, time, sequence, best_bid, best_bid_size, best_ask,
                 best_ask_size, backfill };
    static constexpr const char *names[] = {"type", "product_id", "trade_id", "price", "size", "side", "time",
                                            "sequence", "best_bid", "best_bid_size", "best_ask", "best_ask_size",
                                            "backfill"};
};

using CoinbaseFields = Fields<CoinbaseNames>;

struct Coinbase : CoinbaseNames {
    CoinbaseFields message;
    bool has_page = false;
    Fault fault;

    /// Collects the fields of the outer object and reads the rows of a page. False where the frame is malformed.
    bool read(Tokens &tokens, FrameWriter &writer) {
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            bool sound;
            if (is_key(name, "data") && message.has(backfill) && !has_page) {
                has_page = true;
                sound = page(tokens, writer);
            } else {
                sound = message.take(tokens, CoinbaseFields::place(name));
            }
            if (!sound || !tokens.next('}', more)) return false;
        }
        return true;
    }

    bool page(Tokens &tokens, FrameWriter &writer) {
        const std::string_view symbol = message.name(backfill, fault);
        if (fault.any() || tokens.peek() != '[') return refuse(tokens, fault, "data");
        return read_rows(tokens, writer, '{', "data", [&](Tokens &row, Fault &fault, int32_t index) {
            CoinbaseFields values;
            if (!values.collect(row)) return false;
            trade(values, symbol, writer, fault, index);
            return true;
        });
    }

    static void trade(
        const CoinbaseFields &values, std::string_view symbol, FrameWriter &writer, Fault &fault, int32_t index) {
        const int64_t id = values.integer(trade_id, fault);
        const double paid = values.price(price, fault), amount = values.size(size, fault);
        const std::string_view maker = values.name(side, fault);
        if (maker != "buy" && maker != "sell") values.wrong(side, fault);
        const int64_t time_ns = values.time_ns<read_rfc3339>(time, fault);
        if (!fault.any())
            writer.trade(
                writer.instrument(symbol), time_ns, paid, amount, maker == "sell" ? side_buy : side_sell, id,
                TD_MISSING_INDEX, index);
    }

    void quote(FrameWriter &writer) {
        double bid, ask, bid_size, ask_size;
        const std::string_view symbol = message.name(product, fault);
        message.side(best_bid, best_bid_size, bid, bid_size, fault, true);
        message.side(best_ask, best_ask_size, ask, ask_size, fault, true);
        const int64_t update_id = message.integer(sequence, fault);
        const bool has_time = message.has(time);
        const int64_t time_ns = has_time ? message.time_ns<read_rfc3339>(time, fault) : writer.frame.ingest_time_ns;
        if (bid != bid && ask != ask) fault.set(TD_PRICE_NOT_POSITIVE, "best_bid");
        if (!fault.any())
            writer.quote(
                writer.instrument(symbol), time_ns, bid, ask, bid_size, ask_size, update_id,
                has_time ? 0 : quote_time_of_receipt, 0);
    }

    // MARK: The venue's own form

    /// Steps over `form`, a decimal and a quote.
    template <size_t Size>
    static bool decimal(const char *&at, const char (&form)[Size], double &value) {
        return step_over(at, form) && read_fixed_decimal(at, '"', value);
    }

    /// Steps over a product's name and its quote, which must be known and end before `end`.
    static const uint32_t *instrument(td_decoder &decoder, const char *&at, const char *end) {
        const size_t length = distance(at, '"');
        if (length == 32) return nullptr;
        const uint32_t *known = decoder.instruments.find_short(at, length);
        at += length + 1;
        return at < end ? known : nullptr;
    }

    /// Reads the side up to its quote.
    static bool read_side(const char *&at, bool &is_buy) {
        is_buy = memcmp(at, "buy\"", 4) == 0;
        const bool is_known = is_buy || memcmp(at, "sell\"", 5) == 0;
        at += is_buy ? 4 : 5;
        return is_known;
    }

    static bool read_time(const char *&at, int64_t &time_ns) {
        if (!step_over(at, ",\"time\":\"") || !read_utc_micros(at, time_ns) || !is_time_ns(time_ns)) return false;
        at += 28;
        return at[-1] == '"';
    }

    /// A frame as the venue writes it. No form and no number has a curly bracket, so that only a name can go on behind
    /// the last one.
    static bool fixed_form(td_decoder &decoder, const td_frame &frame, td_output &output) {
        const char *at = frame.bytes;
        const char *const end = frame.bytes + frame.count - 1;
        if (frame.count < 64 || *end != '}') return false;
        if (step_over(at, "{\"type\":\"match\",\"trade_id\":")) return match(decoder, frame, output, at, end);
        at = frame.bytes;
        if (step_over(at, "{\"type\":\"ticker\",\"sequence\":")) return ticker(decoder, frame, output, at, end);
        return false;
    }

    static bool match(td_decoder &decoder, const td_frame &frame, td_output &output, const char *at, const char *end) {
        int64_t id, sequence, time_ns;
        double paid, amount;
        bool maker_bought;
        if (!read_fixed_count(at, ',', id) || !step_over(at, "\"maker_order_id\":\"") || !step_over_uuid(at)) return false;
        if (!step_over(at, "\",\"taker_order_id\":\"") || !step_over_uuid(at)) return false;
        if (!step_over(at, "\",\"side\":\"") || !read_side(at, maker_bought)) return false;
        if (!decimal(at, ",\"size\":\"", amount) || !decimal(at, ",\"price\":\"", paid)) return false;
        if (!step_over(at, ",\"product_id\":\"")) return false;
        const uint32_t *product = instrument(decoder, at, end);
        if (product == nullptr || !step_over(at, ",\"sequence\":") || !read_fixed_count(at, ',', sequence)) return false;
        at--;  // the comma belongs to the time
        if (!read_time(at, time_ns) || at != end || !is_price(paid) || !is_size(amount)) return false;
        TradeWriter trades(output.trades, frame, 1);
        trades.write(
            *product, time_ns, paid, amount, maker_bought ? side_sell : side_buy, id, TD_MISSING_INDEX, 0);
        trades.finish();
        return true;
    }

    static bool ticker(td_decoder &decoder, const td_frame &frame, td_output &output, const char *at, const char *end) {
        constexpr double missing = std::numeric_limits<double>::quiet_NaN();
        int64_t update_id, id, time_ns;
        double bid, ask, bid_size = missing, ask_size = missing, other;
        bool is_buy;
        if (!read_fixed_count(at, ',', update_id) || !step_over(at, "\"product_id\":\"")) return false;
        const uint32_t *product = instrument(decoder, at, end);
        if (product == nullptr) return false;
        if (!decimal(at, ",\"price\":\"", other) || !decimal(at, ",\"open_24h\":\"", other)) return false;
        if (!decimal(at, ",\"volume_24h\":\"", other) || !decimal(at, ",\"low_24h\":\"", other)) return false;
        if (!decimal(at, ",\"high_24h\":\"", other) || !decimal(at, ",\"volume_30d\":\"", other)) return false;
        if (!decimal(at, ",\"best_bid\":\"", bid)) return false;
        const bool has_sizes = memcmp(at, ",\"best_bid_size\"", 16) == 0;
        if (has_sizes && !decimal(at, ",\"best_bid_size\":\"", bid_size)) return false;
        if (!decimal(at, ",\"best_ask\":\"", ask)) return false;
        if (has_sizes && !decimal(at, ",\"best_ask_size\":\"", ask_size)) return false;
        if (!step_over(at, ",\"side\":\"") || !read_side(at, is_buy) || !read_time(at, time_ns)) return false;
        if (!step_over(at, ",\"trade_id\":") || !read_fixed_count(at, ',', id)) return false;
        if (!decimal(at, "\"last_size\":\"", other) || at != end || !is_price(bid) || !is_price(ask)) return false;
        if (has_sizes && (!is_size(bid_size) || !is_size(ask_size))) return false;
        QuoteWriter quotes(output.quotes, frame, 1);
        quotes.write(*product, time_ns, bid, ask, bid_size, ask_size, update_id, 0, 0);
        quotes.finish();
        return true;
    }
};

void decode(td_decoder &decoder, const td_frame &frame, td_output &output) {
    if (decoder.knows_fixed_form && Coinbase::fixed_form(decoder, frame, output)) return;
    FrameWriter writer(decoder, frame, output);
    const uint32_t *starts;
    size_t count;
    if (!decoder.tokenizer.scan(frame.bytes, frame.count, starts, count))
        return writer.reject_frame(TD_MALFORMED, "not JSON");
    Tokens tokens(frame.bytes, starts, count);
    Coinbase coinbase;
    if (!tokens.open('{')) {
        const bool sound = tokens.skip() && !tokens.has(1);
        return sound ? writer.ignore_frame() : writer.reject_frame(TD_MALFORMED, "not JSON");
    }
    if (!coinbase.read(tokens, writer) || tokens.has(1)) return writer.reject_frame(TD_MALFORMED, "not JSON");
    if (!coinbase.has_page) {
        std::string_view type;
        if (!unquoted(coinbase.message[Coinbase::type], type))
            return writer.reject_frame(
                coinbase.message.has(Coinbase::type) ? TD_WRONG_TYPE : TD_MISSING_FIELD, "type");
        if (type == "match" || type == "last_match") {
            const std::string_view product = coinbase.message.name(Coinbase::product, coinbase.fault);
            Coinbase::trade(coinbase.message, product, writer, coinbase.fault, 0);
        } else if (type == "ticker") {
            coinbase.quote(writer);
        } else if (type == "error") {
            return writer.reject(0, Fault{TD_VENUE_ERROR, ""}, frame.bytes, frame.bytes + frame.count);
        } else {
            return writer.ignore_frame();
        }
    }
    if (coinbase.fault.any()) writer.reject_frame(coinbase.fault.reason, coinbase.fault.what);
}

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_coinbase(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode>(*decoder, frames, count, *output);
}
