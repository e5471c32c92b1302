// Finnhub trades: {"data":[{"c":["1"],"p":7296.89,"s":"BINANCE:BTCUSDT","t":1575526691134,"v":0.011}],"type":"trade"}.
// `c` may be missing or null; `t` is milliseconds since 1970.
#include "events.hpp"

namespace tapedeck {
namespace {

struct Finnhub {
    bool wants(std::string_view type) const { return type == "trade"; }

    inline bool event(Tokens &tokens, FrameWriter &writer, Fault &fault, int32_t index) {
        return usual_event(tokens, writer, index) || any_event(tokens, writer, fault, index);
    }

    /// The four bytes of a key of one letter and its colon.
    static constexpr uint32_t key(char letter) { return '"' | (uint32_t)letter << 8 | '"' << 16 | (uint32_t)':' << 24; }
    static uint32_t word(const char *text) {
        uint32_t bytes;
        memcpy(&bytes, text, 4);
        return bytes;
    }

    /// An event as the venue writes it: no white space, keys in the order c, p, s, t, v with or without c, a symbol and
    /// conditions that are known, all values valid. For anything else nothing is written and nothing is stepped over.
    ///
    /// Without white space the colon stands three bytes behind the start of the key and the value four, so that only
    /// the mark behind each value has to be looked up. Any other token in between would stand where a mark is expected.
    static inline bool usual_event(Tokens &tokens, FrameWriter &writer, int32_t index) {
        const char *const text = tokens.text();
        const uint32_t *at = tokens.starts();
        const uint32_t *const end = at + tokens.left();
        uint32_t conditions = TD_MISSING_INDEX;
        if (end - at < 16) return false;
        if (word(text + at[0]) == key('c')) {
            const char *list = text + at[0] + 4;
            if (word(list) == word("null")) {
                if (text[at[3]] != ',' || at[3] != at[0] + 8) return false;
                at += 4;
            } else {
                const Interned *known = writer.decoder.conditions.find(Tokens::short_list(list));
                if (known == nullptr || *list != '[') return false;
                conditions = known->number;
                at += 2 + known->tokens + 1;
                if (end - at < 16 || text[at[-1]] != ',') return false;
            }
            if (end - at < 16) return false;
        }
        const char *const p = text + at[0], *const s = text + at[4], *const t = text + at[8], *const v = text + at[12];
        const char *const p_end = text + at[3], *const s_end = text + at[7], *const t_end = text + at[11],
                          *const v_end = text + at[15];
        if (word(p) != key('p') || word(s) != key('s') || word(t) != key('t') || word(v) != key('v')) return false;
        if (*p_end != ',' || *s_end != ',' || *t_end != ',' || *v_end != '}') return false;
        double price, size;
        int64_t time_ms;
        if (!read_plain_decimal(p + 4, (size_t)(p_end - p - 4), price) || !is_price(price)) return false;
        if (!read_plain_integer(t + 4, (size_t)(t_end - t - 4), time_ms) || !is_time_ms(time_ms)) return false;
        if (!read_plain_decimal(v + 4, (size_t)(v_end - v - 4), size)) return false;
        if (s[4] != '"' || s_end[-1] != '"' || s_end - s < 7) return false;
        const Interned *known = writer.decoder.instruments.find(std::string_view(s + 5, (size_t)(s_end - s - 6)));
        if (known == nullptr) return false;
        writer.trade(
            known->number, time_ms * ns_per_ms, price, size, side_unknown, TD_MISSING_INT64, conditions, index);
        tokens.advance((size_t)(at + 16 - tokens.starts()));
        return true;
    }

    /// An event in any form.
    static bool any_event(Tokens &tokens, FrameWriter &writer, Fault &fault, int32_t index) {
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
        if (const Interned *known = writer.decoder.conditions.find(Tokens::short_list(tokens.here()))) {
            conditions = known->number;
            tokens.advance(known->tokens);
            return true;
        }
        return join_conditions(tokens, writer, conditions, fault);
    }

    /// The same list seen for the first time, or something else.
    static bool join_conditions(Tokens &tokens, FrameWriter &writer, uint32_t &conditions, Fault &fault) {
        if (tokens.peek() != '[') return refuse(tokens, fault, "c");
        const char *begin = tokens.here();
        const size_t start = tokens.position();
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
        // Longer lists are not found again by their text, so remembering them would only fill memory.
        const bool is_short = list.size() <= 32;
        if (!joined.empty())
            conditions = writer.decoder.intern(writer.decoder.context, TD_CONDITIONS, joined.data(), joined.size());
        if (is_short) writer.decoder.conditions.insert(list, {conditions, (uint32_t)(tokens.position() - start)});
        return true;
    }
};

}  // namespace
}  // namespace tapedeck

extern "C" void td_decode_finnhub(td_decoder *decoder, td_frame frame, td_output *output) {
    tapedeck::decode_event_frame<tapedeck::Finnhub>(*decoder, frame, *output);
}
