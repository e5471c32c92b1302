// Binance market streams, spot and futures, combined ({"stream":"btcusdt@trade","data":{…}}) or raw ({…}).
//
// Read are `trade` and `aggTrade` (id `t` or `a`, price `p`, quantity `q`, trade time `T` in ms, `m` true where the
// buyer was the maker, so that the aggressor sold) and `bookTicker` (`u`, `b`, `B`, `a`, `A`; futures have the time in
// `T`, spot has none and no `e` either). Prices and quantities are decimal text. Anything else is ignored.
//
// A page of trades of the REST interface does not name its symbol and stands in an object of our own:
// {"backfill":"BTCUSDT",…,"data":[{"id":…,"price":…,"qty":…,"time":…,"isBuyerMaker":…}]}, or aggregate trades with the
// letters of the stream.
#include "binance_form.hpp"
#include "fields.hpp"

namespace tapedeck {
namespace {

/// The scalars with one-letter keys of an event, by letter, as tokens.
class Letters {
  public:
    void set(char letter, std::string_view token) {
        seen_ |= bit(letter);
        tokens_[place(letter)] = token;
    }
    bool has(char letter) const { return seen_ & bit(letter); }
    std::string_view operator[](char letter) const { return tokens_[place(letter)]; }
    static bool is_letter(char letter) { return letter >= 'A' && letter <= 'z'; }
    void clear() { seen_ = 0; }

  private:
    uint64_t seen_ = 0;
    std::string_view tokens_['z' - 'A' + 1];
    static int place(char letter) { return letter - 'A'; }
    static uint64_t bit(char letter) { return 1ull << place(letter); }
};

/// The letter of a stream's trade for a key of the REST interface; 0 for one of no interest.
char letter_of_page(const char *name) {
    if (name[1] == '"' && Letters::is_letter(name[0])) return name[0];
    if (is_key(name, "id")) return 't';
    if (is_key(name, "price")) return 'p';
    if (is_key(name, "qty")) return 'q';
    if (is_key(name, "time")) return 'T';
    return is_key(name, "isBuyerMaker") ? 'm' : 0;
}

struct Binance {
    Letters event;
    /// Token of `backfill`: the symbol of a page.
    std::string_view backfill;
    bool has_page = false;
    /// Token of `stream`; empty in a raw stream.
    std::string_view stream;
    /// Token of `error`.
    std::string_view error;
    bool has_data = false;
    Fault fault;

    /// Collects the scalars of an object whose opening bracket is behind us. False where the frame is malformed.
    bool collect(Tokens &tokens, bool is_outer, FrameWriter &writer) {
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            bool sound = true;
            const bool is_short = name[1] == '"' && Letters::is_letter(name[0]);
            if (is_outer && is_key(name, "data") && !has_data && !backfill.empty()) {
                has_data = has_page = true;
                sound = tokens.peek() == '[' ? page(tokens, writer) : refuse(tokens, fault, "data");
            } else if (is_outer && is_key(name, "data") && !has_data && tokens.open('{')) {
                has_data = true;
                event.clear();
                sound = collect(tokens, false, writer);
            } else if (is_bracket(tokens)) {
                const char *begin = tokens.here();
                sound = tokens.skip();
                if (is_outer && memcmp(name, "error\"", 6) == 0)
                    error = std::string_view(begin, (size_t)(tokens.here() - begin));
            } else {
                const std::string_view token = tokens.take();
                sound = is_scalar(token);
                if (is_outer && is_key(name, "stream")) stream = token;
                if (is_outer && is_key(name, "backfill")) backfill = token;
                if (is_short && !(is_outer && has_data)) event.set(name[0], token);
            }
            if (!sound || !tokens.next('}', more)) return false;
        }
        return true;
    }

    /// Reads the rows of a page. False where the frame is malformed.
    bool page(Tokens &tokens, FrameWriter &writer) {
        return read_rows(tokens, writer, '{', "data", [&](Tokens &row, Fault &found, int32_t index) {
            Binance trade;
            if (!trade.collect_row(row)) return false;
            trade.event.set('s', backfill);
            trade.trade(writer, trade.event.has('a'), index);
            found = trade.fault;
            return true;
        });
    }

    /// Collects the scalars of a row whose opening bracket is behind us. False where the frame is malformed.
    bool collect_row(Tokens &tokens) {
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            const char letter = letter_of_page(name);
            const bool is_list = is_bracket(tokens);
            const std::string_view token = is_list ? std::string_view(tokens.here(), 1) : tokens.take();
            if (!(is_list ? tokens.skip() : is_scalar(token)) || !tokens.next('}', more)) return false;
            if (letter != 0) event.set(letter, token);
        }
        return true;
    }

    bool is_quote() const {
        if (event.has('e')) return event['e'] == "\"bookTicker\"";
        constexpr std::string_view ending = "@bookTicker\"";
        if (stream.size() > ending.size()) return stream.substr(stream.size() - ending.size()) == ending;
        return event.has('u') && event.has('s') && event.has('b') && event.has('B') && event.has('a') &&
               event.has('A');
    }

    bool has(char letter, const char *name) {
        if (event.has(letter)) return true;
        fault.set(TD_MISSING_FIELD, name);
        return false;
    }

    double decimal(char letter, const char *name) {
        std::string_view inside;
        double value = 0;
        if (has(letter, name) && !(unquoted(event[letter], inside) && !inside.empty() && read_decimal(inside, value)))
            fault.set(TD_WRONG_TYPE, name);
        return value;
    }

    int64_t count(char letter, const char *name) {
        int64_t value = 0;
        if (has(letter, name) && !read_integer(event[letter], value)) fault.set(TD_WRONG_TYPE, name);
        return value;
    }

    std::string_view symbol() {
        std::string_view inside;
        if (has('s', "s") && !unquoted(event['s'], inside)) fault.set(TD_WRONG_TYPE, "s");
        if (inside.empty()) fault.set(TD_MISSING_FIELD, "s");
        if (inside.size() > longest_text) fault.set(TD_WRONG_TYPE, "s");
        return inside;
    }

    void trade(FrameWriter &writer, bool is_aggregate, int32_t index = 0) {
        const std::string_view name = symbol();
        const int64_t trade_id = is_aggregate ? count('a', "a") : count('t', "t");
        const double price = decimal('p', "p"), size = decimal('q', "q");
        const int64_t time_ms = count('T', "T");
        if (has('m', "m") && event['m'] != "true" && event['m'] != "false") fault.set(TD_WRONG_TYPE, "m");
        if (!is_price(price)) fault.set(TD_PRICE_NOT_POSITIVE, "p");
        if (!is_size(size)) fault.set(TD_SIZE_INVALID, "q");
        if (!is_time_ms(time_ms)) fault.set(TD_TIME_OUT_OF_RANGE, "T");
        if (fault.any()) return;
        writer.trade(
            writer.instrument(name), time_ms * ns_per_ms, price, size, event['m'] == "true" ? side_sell : side_buy,
            trade_id, TD_MISSING_INDEX, index);
    }

    /// Price and size of one side; an empty side of the book is sent as zeros and becomes NaN.
    void side(char price_letter, const char *price_name, char size_letter, const char *size_name, double &price,
              double &size) {
        price = decimal(price_letter, price_name);
        size = decimal(size_letter, size_name);
        if (price == 0 && size == 0) price = size = std::numeric_limits<double>::quiet_NaN();
        if (price == price && !is_price(price)) fault.set(TD_PRICE_NOT_POSITIVE, price_name);
        if (size == size && !is_size(size)) fault.set(TD_SIZE_INVALID, size_name);
    }

    void quote(FrameWriter &writer) {
        double bid, ask, bid_size, ask_size;
        const std::string_view name = symbol();
        side('b', "b", 'B', "B", bid, bid_size);
        side('a', "a", 'A', "A", ask, ask_size);
        const int64_t update_id = count('u', "u");
        int64_t time_ns = writer.frame.ingest_time_ns;
        int32_t flags = quote_time_of_receipt;
        if (event.has('T')) {
            const int64_t time_ms = count('T', "T");
            if (is_time_ms(time_ms)) {
                time_ns = time_ms * ns_per_ms;
                flags = 0;
            } else {
                fault.set(TD_TIME_OUT_OF_RANGE, "T");
            }
        }
        if (bid != bid && ask != ask) fault.set(TD_PRICE_NOT_POSITIVE, "b");
        if (!fault.any())
            writer.quote(writer.instrument(name), time_ns, bid, ask, bid_size, ask_size, update_id, flags, 0);
    }
};

void decode(td_decoder &decoder, const td_frame &frame, td_output &output) {
    if (decoder.knows_fixed_form && BinanceForm::read(decoder, frame, output)) return;
    FrameWriter writer(decoder, frame, output);
    const uint32_t *starts;
    size_t count;
    if (!decoder.tokenizer.scan(frame.bytes, frame.count, starts, count))
        return writer.reject_frame(TD_MALFORMED, "not JSON");
    Tokens tokens(frame.bytes, starts, count);
    Binance message;
    if (!tokens.open('{')) {  // a list, as some control replies are, or a scalar
        const bool sound = tokens.skip() && !tokens.has(1);
        return sound ? writer.ignore_frame() : writer.reject_frame(TD_MALFORMED, "not JSON");
    }
    if (!message.collect(tokens, true, writer) || tokens.has(1)) return writer.reject_frame(TD_MALFORMED, "not JSON");
    if (!message.error.empty())
        return writer.reject(
            0, Fault{TD_VENUE_ERROR, ""}, message.error.data(), message.error.data() + message.error.size());
    if (message.has_page) {
        if (message.fault.any()) writer.reject_frame(message.fault.reason, message.fault.what);
        return;
    }
    const std::string_view kind = message.event.has('e') ? message.event['e'] : "";
    if (kind == "\"trade\"" || kind == "\"aggTrade\"") {
        message.trade(writer, kind == "\"aggTrade\"");
    } else if (message.is_quote()) {
        message.quote(writer);
    } else {
        return writer.ignore_frame();
    }
    if (message.fault.any()) writer.reject_frame(message.fault.reason, message.fault.what);
}

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_binance(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode>(*decoder, frames, count, *output);
}
