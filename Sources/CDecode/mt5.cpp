// Ticks of the MetaTrader 5 bridge (docs/feeds/mt5-protocol.md):
// {"type":"ticks","seq":17,"symbol":"EURUSD","offset_s":10800,"ticks":[[1717988400123,0,1.0735,1.0736,0.0,0.0,6],…]}.
// A tick is a list: the broker's time in ms, place in that ms, bid, ask, last, volume, flags; 0 is no price. Account
// messages are read elsewhere; the other types of messages carry no rows.
#include "fixed_form.hpp"

namespace tapedeck {
namespace {

/// 1973-03-03: earlier ticks are none, and so a tick has more bytes than TD_BYTES_PER_EVENT.
constexpr int64_t earliest_ms = 100'000'000'000;
/// A broker's clock may be ahead of the end of time.
constexpr int64_t latest_ms = end_of_time_ms + 86'400'000;
/// Places that fit into the nanoseconds of a millisecond.
constexpr int64_t places_max = 1'000'000;
/// Bit of the first of the terminal's flags in `flags`.
constexpr int terminal_flags_bit = 8;
constexpr int64_t terminal_flags_max = 0x7fff;

struct Tick {
    int64_t time_ms = 0, place = 0, flags = 0;
    double bid = 0, ask = 0, last = 0, volume = 0;

    static bool is_price_or_none(double value) { return value == 0 || is_price(value); }

    bool has_time(int64_t offset_ms) const {
        return time_ms >= earliest_ms && time_ms < latest_ms && is_time_ms(time_ms - offset_ms);
    }

    /// True where the tick can be written.
    bool is_valid(int64_t offset_ms) const {
        return has_time(offset_ms) && place >= 0 && place < places_max &&
               is_price_or_none(bid) && is_price_or_none(ask) && is_price_or_none(last) && bid + ask + last > 0 &&
               is_size(volume) && flags >= 0 && flags <= terminal_flags_max;
    }

    void check(int64_t offset_ms, Fault &fault) const {
        if (!has_time(offset_ms)) fault.set(TD_TIME_OUT_OF_RANGE, "time");
        if (place < 0 || place >= places_max) fault.set(TD_WRONG_TYPE, "place");
        if (!is_price_or_none(bid)) fault.set(TD_PRICE_NOT_POSITIVE, "bid");
        if (!is_price_or_none(ask)) fault.set(TD_PRICE_NOT_POSITIVE, "ask");
        if (!is_price_or_none(last)) fault.set(TD_PRICE_NOT_POSITIVE, "last");
        if (!is_valid(offset_ms) && is_size(volume)) fault.set(TD_PRICE_NOT_POSITIVE, "bid");
        if (!is_size(volume)) fault.set(TD_SIZE_INVALID, "volume");
    }

    /// The update number: nanoseconds since 1970 UTC of the tick's millisecond, plus its place.
    __attribute__((always_inline)) inline void write(
        QuoteWriter &quotes, uint32_t instrument, int64_t offset_ms, int32_t index) const {
        const double none = std::numeric_limits<double>::quiet_NaN();
        const int64_t time_ns = (time_ms - offset_ms) * ns_per_ms;
        quotes.write(
            instrument, time_ns, bid == 0 ? none : bid, ask == 0 ? none : ask, none, none, time_ns + place,
            (int32_t)flags << terminal_flags_bit, index, last == 0 ? none : last, last == 0 ? none : volume);
    }
};

/// A frame as the bridge writes it.
bool fixed_form(td_decoder &decoder, const td_frame &frame, td_output &output) {
    constexpr char ending[] = "]]}";
    const char *at = frame.bytes;
    if (frame.count < 90) return false;
    // Nothing that is read of the ticks can go on beyond the bracket that ends the last: it stops every search.
    const char *const end = frame.bytes + frame.count;
    int64_t sequence, offset_s;
    if (memcmp(end - 3, ending, 3) != 0 || !step_over(at, "{\"type\":\"ticks\",\"seq\":")) return false;
    if (!read_fixed_count(at, ',', sequence) || !step_over(at, "\"symbol\":\"")) return false;
    const size_t length = distance(at, '"');
    if (length == 32) return false;
    const uint32_t *instrument = decoder.instruments.find_short(at, length);
    at += length;
    if (instrument == nullptr || !step_over(at, "\",\"offset_s\":")) return false;
    const bool is_behind = *at == '-';
    at += is_behind;
    if (!read_fixed_count(at, ',', offset_s) || !step_over(at, "\"ticks\":[") || at + 3 >= end) return false;
    if (offset_s > 86'400) return false;
    const int64_t offset_ms = (is_behind ? -offset_s : offset_s) * 1000;
    QuoteWriter quotes(output.quotes, frame, most_rows(frame));
    int32_t index = 0;
    do {
        Tick tick;
        if (*at++ != '[' || *at == '0' || !read_digits<13>(at, tick.time_ms) || *at++ != ',') return false;
        if (!read_fixed_count(at, ',', tick.place) || !read_fixed_decimal(at, ',', tick.bid)) return false;
        if (!read_fixed_decimal(at, ',', tick.ask) || !read_fixed_decimal(at, ',', tick.last)) return false;
        if (!read_fixed_decimal(at, ',', tick.volume) || !read_fixed_count(at, ']', tick.flags)) return false;
        if (!tick.is_valid(offset_ms)) return false;
        tick.write(quotes, *instrument, offset_ms, index++);
    } while (*at++ == ',');
    if (at + 1 != end || at[-1] != ']') return false;
    quotes.finish();
    return true;
}

/// Reads the list of a tick whose bracket is behind us. Returns false where the frame is malformed.
bool read_tick(Tokens &tokens, Tick &tick, Fault &fault) {
    static const char *const names[] = {"time", "place", "bid", "ask", "last", "volume", "flags"};
    bool more = !tokens.close_empty(']');
    int field = 0;
    for (; more; field++) {
        if (!tokens.has(2)) return false;
        bool sound;
        switch (field) {
            case 0: sound = read_count(tokens, tick.time_ms, fault, names[0]); break;
            case 1: sound = read_count(tokens, tick.place, fault, names[1]); break;
            case 2: sound = read_number(tokens, tick.bid, fault, names[2]); break;
            case 3: sound = read_number(tokens, tick.ask, fault, names[3]); break;
            case 4: sound = read_number(tokens, tick.last, fault, names[4]); break;
            case 5: sound = read_number(tokens, tick.volume, fault, names[5]); break;
            case 6: sound = read_count(tokens, tick.flags, fault, names[6]); break;
            default: sound = tokens.skip();  // what a later bridge may add
        }
        if (!sound || !tokens.next(']', more)) return false;
    }
    if (field < 7) fault.set(TD_MISSING_FIELD, names[field]);
    if (tick.flags < 0 || tick.flags > terminal_flags_max) fault.set(TD_WRONG_TYPE, names[6]);
    return true;
}

/// Reads the list of ticks. Returns false where the frame is malformed.
bool read_ticks(Tokens &tokens, FrameWriter &writer, uint32_t instrument, int64_t offset_ms) {
    tokens.open('[');
    bool more = !tokens.close_empty(']');
    for (int32_t index = 0; more; index++) {
        if (!tokens.has(1)) return false;
        const char *begin = tokens.here();
        Fault fault;
        Tick tick;
        if (tokens.open('[')) {
            if (!read_tick(tokens, tick, fault)) return false;
        } else {
            fault.set(TD_WRONG_TYPE, "ticks");
            if (!tokens.skip()) return false;
        }
        if (!fault.any()) tick.check(offset_ms, fault);
        if (fault.any()) {
            writer.reject(index, fault, begin, tokens.here());
        } else {
            QuoteWriter quotes(writer.output.quotes, writer.frame, 1);
            tick.write(quotes, instrument, offset_ms, index);
            quotes.finish();
        }
        if (!tokens.next(']', more)) return false;
    }
    return true;
}

/// What the outer object says.
struct Message {
    explicit Message(const Tokens &tokens) : ticks(tokens) {}

    std::string_view type, symbol, text;
    int64_t offset_s = 0;
    bool has_type = false, has_symbol = false, has_offset = false;
    /// Stands at the list of ticks.
    Tokens ticks;
    bool has_ticks = false;
    Fault fault;

    /// Walks the object. Returns false where the frame is malformed.
    bool read(Tokens &tokens) {
        if (!tokens.open('{')) return false;
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name)) return false;
            bool sound;
            if (!has_type && memcmp(name, "type\"", 5) == 0) {
                has_type = true;
                sound = read_name(tokens, type, fault, "type");
            } else if (!has_symbol && memcmp(name, "symbol\"", 7) == 0) {
                has_symbol = true;
                sound = read_name(tokens, symbol, fault, "symbol");
            } else if (!has_offset && memcmp(name, "offset_s\"", 9) == 0) {
                has_offset = true;
                if (tokens.peek() == 'n') {  // null: not known yet
                    sound = tokens.take() == "null";
                } else {
                    sound = read_count(tokens, offset_s, fault, "offset_s");
                }
            } else if (!has_ticks && memcmp(name, "ticks\"", 6) == 0) {
                if (tokens.peek() != '[') fault.set(TD_WRONG_TYPE, "ticks");
                has_ticks = true;
                ticks = tokens;
                sound = tokens.skip();
            } else if (memcmp(name, "message\"", 8) == 0 && tokens.peek() == '"') {
                const std::string_view token = tokens.take();
                sound = is_scalar(token) && unquoted(token, text);
            } else {
                sound = tokens.skip();
            }
            if (!sound || !tokens.next('}', more)) return false;
        }
        return !tokens.has(1);
    }
};

void decode_mt5(td_decoder &decoder, const td_frame &frame, td_output &output) {
    if (decoder.knows_fixed_form && fixed_form(decoder, frame, output)) return;
    FrameWriter writer(decoder, frame, output);
    const uint32_t *starts;
    size_t count;
    if (!decoder.tokenizer.scan(frame.bytes, frame.count, starts, count))
        return writer.reject_frame(TD_MALFORMED, "not JSON");
    Tokens tokens(frame.bytes, starts, count);
    Message message(tokens);
    if (!message.read(tokens)) return writer.reject_frame(TD_MALFORMED, "not JSON");
    if (message.type == "error") {
        std::string_view text = message.text;
        if (text.empty()) text = std::string_view(frame.bytes, frame.count);
        return writer.reject(0, Fault{TD_VENUE_ERROR, ""}, text.data(), text.data() + text.size());
    }
    if (!message.has_type) message.fault.set(TD_MISSING_FIELD, "type");
    if (!message.type.empty() && message.type != "ticks") return writer.ignore_frame();
    if (!message.has_symbol) message.fault.set(TD_MISSING_FIELD, "symbol");
    if (!message.has_offset) message.fault.set(TD_MISSING_FIELD, "offset_s");
    if (!message.has_ticks) message.fault.set(TD_MISSING_FIELD, "ticks");
    if (message.offset_s < -86'400 || message.offset_s > 86'400) message.fault.set(TD_TIME_OUT_OF_RANGE, "offset_s");
    if (message.fault.any()) return writer.reject_frame(message.fault.reason, message.fault.what);
    if (!read_ticks(message.ticks, writer, writer.instrument(message.symbol), message.offset_s * 1000))
        writer.reject_frame(TD_MALFORMED, "not JSON");
}

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_mt5(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode_mt5>(*decoder, frames, count, *output);
}
