// Finnhub trades: {"data":[{"c":["1"],"p":7296.89,"s":"BINANCE:BTCUSDT","t":1575526691134,"v":0.011}],"type":"trade"}.
// `c` may be missing or null; `t` is milliseconds since 1970.
#include "events.hpp"

namespace tapedeck {
namespace {

struct Finnhub {
    bool wants(std::string_view type) const { return type == "trade"; }

    inline bool event(Tokens &tokens, FrameWriter &writer, Fault &fault, int32_t index) {
        enum : unsigned { has_price = 1, has_size = 2, has_time = 4, has_symbol = 8, has_all = 15 };
        unsigned seen = 0;
        double price = 0, size = 0;
        int64_t time_ms = 0;
        std::string_view symbol;
        uint32_t conditions = TD_MISSING_INDEX;
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            bool sound;
            switch (name[1] == '"' ? name[0] : 0) {
                case 'p':
                    seen |= has_price;
                    sound = read_number(tokens, price, fault, "p");
                    break;
                case 'v':
                    seen |= has_size;
                    sound = read_number(tokens, size, fault, "v");
                    break;
                case 't':
                    seen |= has_time;
                    sound = read_count(tokens, time_ms, fault, "t");
                    break;
                case 's':
                    seen |= has_symbol;
                    sound = read_name(tokens, symbol, fault, "s");
                    break;
                case 'c': sound = read_conditions(tokens, writer, conditions, fault); break;
                default: sound = tokens.skip();
            }
            if (!sound || !tokens.next('}', more)) return false;
        }
        if (seen != has_all) fault.set(TD_MISSING_FIELD, first_missing(seen));
        if (!is_price(price)) fault.set(TD_PRICE_NOT_POSITIVE, "p");
        if (!is_size(size)) fault.set(TD_SIZE_INVALID, "v");
        if (!is_time_ms(time_ms)) fault.set(TD_TIME_OUT_OF_RANGE, "t");
        if (!fault.any())
            writer.trade(
                writer.instrument(symbol), time_ms * ns_per_ms, price, size, side_unknown, TD_MISSING_INT64,
                conditions, index);
        return true;
    }

    static const char *first_missing(unsigned seen) {
        static const char *const names[] = {"p", "v", "t", "s"};
        return names[__builtin_ctz(~seen)];
    }

    /// A list of texts, looked up as it stands in the frame.
    static inline bool read_conditions(Tokens &tokens, FrameWriter &writer, uint32_t &conditions, Fault &fault) {
        if (tokens.peek() == 'n') return tokens.take() == "null";
        const Tokens before = tokens;
        std::string_view list;
        if (tokens.take_texts(list)) {
            if (const uint32_t *known = writer.decoder.conditions.find(list)) {
                conditions = *known;
                return true;
            }
        }
        tokens = before;
        return join_conditions(tokens, writer, conditions, fault);
    }

    /// The same list seen for the first time, or something else.
    static bool join_conditions(Tokens &tokens, FrameWriter &writer, uint32_t &conditions, Fault &fault) {
        if (tokens.peek() != '[') return refuse(tokens, fault, "c");
        const char *begin = tokens.here();
        std::string &joined = writer.decoder.scratch;
        joined.clear();
        tokens.open('[');
        bool more = !tokens.close_empty(']');
        while (more) {
            std::string_view code;
            if (!tokens.has(2)) return false;
            if (tokens.peek() != '"') {
                fault.set(TD_WRONG_TYPE, "c");
                if (!tokens.skip()) return false;
            } else {
                if (!joined.empty()) joined += ',';
                if (!unquoted(tokens.take(), code) || !unescape(code, joined)) return false;
            }
            if (!tokens.next(']', more)) return false;
        }
        const std::string_view list(begin, (size_t)(tokens.behind() - begin));
        if (list.size() > longest_text) fault.set(TD_WRONG_TYPE, "c");
        if (fault.any()) return true;
        if (!joined.empty())
            conditions = writer.decoder.intern(writer.decoder.context, TD_CONDITIONS, joined.data(), joined.size());
        writer.decoder.conditions.insert(list, conditions);
        return true;
    }
};

}  // namespace
}  // namespace tapedeck

extern "C" void td_decode_finnhub(td_decoder *decoder, td_frame frame, td_output *output) {
    tapedeck::decode_event_frame<tapedeck::Finnhub>(*decoder, frame, *output);
}
