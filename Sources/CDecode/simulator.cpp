// Frames of the market simulator, trades and quotes mixed as they happen:
// {"type":"events","data":[{"s":"SIMX:ACME","t":1700000000000000000,"p":101.25,"v":300,"i":17,"m":"buy"},
//                          {"s":"SIMX:ACME","t":1700000000000000000,"b":101.24,"B":200,"a":101.26,"A":500}]}.
// `t` is nanoseconds since 1970, `i` rises by one per instrument, `m` says who took liquidity. An event with `p` is a
// trade, any other a quote.
#include "events.hpp"

namespace tapedeck {
namespace {

struct Simulator {
    enum : unsigned {
        has_symbol = 1,
        has_time = 2,
        has_price = 4,
        has_size = 8,
        has_id = 16,
        has_side = 32,
        has_bid = 64,
        has_bid_size = 128,
        has_ask = 256,
        has_ask_size = 512,
        trade_fields = 63,
        quote_fields = has_symbol | has_time | has_bid | has_bid_size | has_ask | has_ask_size
    };
    static constexpr const char *names[] = {"s", "t", "p", "v", "i", "m", "b", "B", "a", "A"};

    bool wants(std::string_view type) const { return type == "events"; }

    /// A frame as the simulator writes it: `type` before `data`, keys of an event in the order s, t, p, v, i, m or
    /// s, t, b, B, a, A.
    static bool fixed_form(td_decoder &decoder, const td_frame &frame, td_output &output) {
        constexpr char beginning[] = "{\"type\":\"events\",\"data\":[";
        const char *at = frame.bytes;
        if (frame.count < sizeof beginning + 1 || !step_over(at, beginning)) return false;
        // No form and no number has a square bracket, so that nothing but a name can go on behind this one.
        const char *const end = frame.bytes + frame.count - 2;
        if (memcmp(end, "]}", 2) != 0) return false;
        TradeWriter trades(output.trades, frame, most_rows(frame));
        QuoteWriter quotes(output.quotes, frame, most_rows(frame));
        int32_t index = 0;
        do {
            if (!step_over(at, "{\"s\":\"")) return false;
            const size_t length = distance(at, '"');
            if (length == 32) return false;
            const uint32_t *instrument = decoder.instruments.find_short(at, length);
            at += length;
            int64_t high, low;
            if (instrument == nullptr || at >= end || !step_over(at, "\",\"t\":")) return false;
            if (*at == '0' || !read_digits<3>(at, high) || !read_digits<16>(at, low) || high >= 900) return false;
            const int64_t time_ns = high * 10'000'000'000'000'000 + low;
            if (!is_time_ms(time_ns / ns_per_ms)) return false;
            if (step_over(at, ",\"p\":")) {
                if (!trade(at, trades, *instrument, time_ns, index++)) return false;
            } else {
                at -= 5;
                if (!quote(at, quotes, *instrument, time_ns, index++)) return false;
            }
        } while (*at++ == ',');
        if (at != end + 1) return false;
        trades.finish();
        quotes.finish();
        return true;
    }

    static bool trade(const char *&at, TradeWriter &trades, uint32_t instrument, int64_t time_ns, int32_t index) {
        double price, size;
        int64_t trade_id;
        if (!read_fixed_decimal(at, ',', price) || !step_over(at, "\"v\":")) return false;
        if (!read_fixed_decimal(at, ',', size) || !step_over(at, "\"i\":")) return false;
        if (!read_fixed_count(at, ',', trade_id) || !is_price(price) || !is_size(size)) return false;
        const bool is_buy = memcmp(at, "\"m\":\"buy\"}", 10) == 0;
        if (!is_buy && memcmp(at, "\"m\":\"sell\"}", 11) != 0) return false;
        at += is_buy ? 10 : 11;
        trades.write(
            instrument, time_ns, price, size, is_buy ? side_buy : side_sell, trade_id, TD_MISSING_INDEX, index);
        return true;
    }

    static bool quote(const char *&at, QuoteWriter &quotes, uint32_t instrument, int64_t time_ns, int32_t index) {
        double bid, bid_size, ask, ask_size;
        if (!step_over(at, ",\"b\":") || !read_fixed_decimal(at, ',', bid)) return false;
        if (!step_over(at, "\"B\":") || !read_fixed_decimal(at, ',', bid_size)) return false;
        if (!step_over(at, "\"a\":") || !read_fixed_decimal(at, ',', ask)) return false;
        if (!step_over(at, "\"A\":") || !read_fixed_decimal(at, '}', ask_size)) return false;
        if (!is_price(bid) || !is_size(bid_size) || !is_price(ask) || !is_size(ask_size)) return false;
        quotes.write(instrument, time_ns, bid, ask, bid_size, ask_size, TD_MISSING_INT64, 0, index);
        return true;
    }

    bool event(Tokens &tokens, FrameWriter &writer, Fault &fault, int32_t index) {
        unsigned seen = 0;
        double numbers[10] = {};
        int64_t time_ns = 0, trade_id = 0;
        uint8_t side = side_unknown;
        std::string_view symbol;
        bool more = !tokens.close_empty('}');
        const char *name;
        auto number = [&](unsigned field) {
            const int place = __builtin_ctz(field);
            seen |= field;
            return read_number(tokens, numbers[place], fault, names[place]);
        };
        while (more) {
            if (!tokens.key(name)) return false;
            bool sound;
            switch (name[1] == '"' ? name[0] : 0) {
                case 'p': sound = number(has_price); break;
                case 'v': sound = number(has_size); break;
                case 'b': sound = number(has_bid); break;
                case 'B': sound = number(has_bid_size); break;
                case 'a': sound = number(has_ask); break;
                case 'A': sound = number(has_ask_size); break;
                case 't':
                    seen |= has_time;
                    sound = read_count(tokens, time_ns, fault, "t");
                    break;
                case 'i':
                    seen |= has_id;
                    sound = read_count(tokens, trade_id, fault, "i");
                    break;
                case 's':
                    seen |= has_symbol;
                    sound = read_name(tokens, symbol, fault, "s");
                    break;
                case 'm': {
                    seen |= has_side;
                    std::string_view text;
                    sound = read_name(tokens, text, fault, "m");
                    side = text == "buy" ? side_buy : text == "sell" ? side_sell : side_unknown;
                    break;
                }
                default: sound = tokens.skip();
            }
            if (!sound || !tokens.next('}', more)) return false;
        }
        const bool is_trade = seen & has_price;
        const unsigned missing = (is_trade ? trade_fields : quote_fields) & ~seen;
        if (missing) fault.set(TD_MISSING_FIELD, names[__builtin_ctz(missing)]);
        if (is_trade && side == side_unknown) fault.set(TD_WRONG_TYPE, "m");
        for (unsigned field : {has_price, has_bid, has_ask})
            if ((seen & field) && !is_price(numbers[__builtin_ctz(field)]))
                fault.set(TD_PRICE_NOT_POSITIVE, names[__builtin_ctz(field)]);
        for (unsigned field : {has_size, has_bid_size, has_ask_size})
            if ((seen & field) && !is_size(numbers[__builtin_ctz(field)]))
                fault.set(TD_SIZE_INVALID, names[__builtin_ctz(field)]);
        if (!is_time_ms(time_ns / ns_per_ms) || time_ns < 0) fault.set(TD_TIME_OUT_OF_RANGE, "t");
        if (fault.any()) return true;
        const uint32_t instrument = writer.instrument(symbol);
        if (is_trade)
            writer.trade(instrument, time_ns, numbers[2], numbers[3], side, trade_id, TD_MISSING_INDEX, index);
        else
            writer.quote(
                instrument, time_ns, numbers[6], numbers[8], numbers[7], numbers[9], TD_MISSING_INT64, 0, index);
        return true;
    }
};

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_simulator(
    td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode_event_frame<tapedeck::Simulator>>(*decoder, frames, count, *output);
}
