// Finnhub trades: {"data":[{"c":["1"],"p":7296.89,"s":"BINANCE:BTCUSDT","t":1575526691134,"v":0.011}],"type":"trade"}.
// `c` may be missing or null; `t` is milliseconds since 1970.
#include "events.hpp"

namespace tapedeck {
namespace {

struct Finnhub {
    bool wants(std::string_view type) const { return type == "trade"; }

    /// A frame as the venue writes it: `data` before `type`, keys of an event in the order c, p, s, t, v with or
    /// without c.
    static bool fixed_form(td_decoder &decoder, const td_frame &frame, td_output &output) {
        constexpr char ending[] = "],\"type\":\"trade\"}";
        constexpr size_t ending_bytes = sizeof ending - 1;
        const char *at = frame.bytes;
        if (frame.count < 9 + ending_bytes) return false;
        // Nothing that is read below can begin before the ending and go on beyond its start: it stops every search.
        const char *const end = frame.bytes + frame.count - ending_bytes;
        if (!step_over(at, "{\"data\":[") || memcmp(end, ending, ending_bytes) != 0) return false;
        TradeWriter trades(output.trades, frame, most_rows(frame));
        int32_t index = 0;
        do {
            uint32_t conditions = TD_MISSING_INDEX;
            const char *name = at;
            if (step_over(name, "{\"c\":")) {
                const unsigned null_end = memcmp(name, "null", 4) == 0 ? 4 : 33;
                const size_t list_end = distance(name, ']') + 1;
                const size_t length = list_end < null_end ? list_end : null_end;
                if (length == 33) return false;
                const uint32_t *known = decoder.conditions.find_short(name, length);
                if (known == nullptr) return false;
                conditions = *known;
                at = name + length;
                if (!step_over(at, ",\"p\":")) return false;
            } else if (!step_over(at, "{\"p\":")) {
                return false;
            }
            double price, size;
            int64_t time_ms;
            if (!read_fixed_decimal(at, ',', price) || !step_over(at, "\"s\":\"")) return false;
            const size_t length = distance(at, '"');
            if (length == 32) return false;
            const uint32_t *instrument = decoder.instruments.find_short(at, length);
            at += length;
            if (instrument == nullptr || !step_over(at, "\",\"t\":")) return false;
            if (*at == '0' || !read_digits<13>(at, time_ms) || !step_over(at, ",\"v\":")) return false;
            if (!read_fixed_decimal(at, '}', size)) return false;
            if (!is_price(price) || !is_size(size) || !is_time_ms(time_ms)) return false;
            trades.write(
                *instrument, time_ms * ns_per_ms, price, size, side_unknown, TD_MISSING_INT64, conditions, index++);
        } while (*at++ == ',');
        if (at != end + 1) return false;
        trades.finish();
        return true;
    }

    bool event(Tokens &tokens, FrameWriter &writer, Fault &fault, int32_t index) {
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

    /// A list of texts.
    static bool read_conditions(Tokens &tokens, FrameWriter &writer, uint32_t &conditions, Fault &fault) {
        if (tokens.peek() == 'n') return tokens.take() == "null";
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
        Interner &lists = writer.decoder.conditions;
        if (const uint32_t *known = lists.find(list)) {
            conditions = *known;
            return true;
        }
        if (!joined.empty())
            conditions = writer.decoder.intern(writer.decoder.context, TD_CONDITIONS, joined.data(), joined.size());
        lists.insert(list, conditions);
        return true;
    }
};

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_finnhub(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode_event_frame<tapedeck::Finnhub>>(*decoder, frames, count, *output);
}
