// Kraken spot market data: WebSocket v2 objects, v1 lists, and pages of trades of the REST interface.
//
// v2: {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":85772.4,"qty":0.0004,
// "ord_type":"limit","trade_id":110386729,"timestamp":"2026-10-06T18:14:44.947782Z"}]}; `side` is the taker's. `ticker`
// has `bid`, `bid_qty`, `ask`, `ask_qty` and mostly `timestamp`; without one the time is that of receipt.
// v1: [id,[["price","volume","seconds","b" or "s","l" or "m",""],…],"trade","XBT/USD"], without trade ids;
// [id,{"a":["price",lots,"volume"],"b":[…],…},"ticker","XBT/USD"], without a time;
// [id,["bid","ask","seconds","bid volume","ask volume"],"spread","XBT/USD"].
// A page does not name the pair as the WebSocket does and stands in an object of our own:
// {"backfill":"BTC/USD",…,"data":{"error":[],"result":{"XXBTZUSD":[[…as v1, seconds a number, and the trade id]],
// "last":"…"}}}. What the venue refuses is its error; anything else is ignored.
#include "kraken.hpp"
#include "plain_text.hpp"

namespace tapedeck {
namespace {

/// Steps over `form` and a number, which may be negative, up to `mark`.
template <size_t Size>
bool number(const char *&at, const char (&form)[Size], char mark, double &value) {
    if (!step_over(at, form)) return false;
    if (*at == '-' && (*++at < '0' || *at > '9')) return false;
    return read_fixed_decimal(at, mark, value);
}

/// The instrument whose name is at `at`, up to its quote; it must be known and end before `end`.
const uint32_t *instrument(td_decoder &decoder, const char *&at, const char *end) {
    const size_t length = distance(at, '"');
    if (length == 32) return nullptr;
    const uint32_t *known = decoder.instruments.find_short(at, length);
    at += length + 1;
    return at < end ? known : nullptr;
}

bool read_time(const char *&at, int64_t &time_ns) {
    if (!read_utc_micros(at, time_ns) || !is_time_ns(time_ns)) return false;
    at += 28;
    return at[-1] == '"';
}

bool trade(td_decoder &decoder, TradeWriter &trades, const char *&at, const char *end, int32_t index) {
    double paid, amount;
    int64_t id, time_ns;
    if (!step_over(at, "{\"symbol\":\"")) return false;
    const uint32_t *symbol = instrument(decoder, at, end);
    if (symbol == nullptr || !step_over(at, ",\"side\":\"")) return false;
    const bool is_buy = memcmp(at, "buy\"", 4) == 0;
    if (!is_buy && memcmp(at, "sell\"", 5) != 0) return false;
    at += is_buy ? 4 : 5;
    if (!step_over(at, ",\"price\":") || !read_fixed_decimal(at, ',', paid)) return false;
    if (!step_over(at, "\"qty\":") || !read_fixed_decimal(at, ',', amount)) return false;
    if (!step_over(at, "\"ord_type\":\"")) return false;
    const size_t length = plain_text(at);
    at += length + 1;
    if (length == 32 || at >= end || !step_over(at, ",\"trade_id\":") || !read_fixed_count(at, ',', id)) return false;
    if (!step_over(at, "\"timestamp\":\"") || !read_time(at, time_ns) || *at++ != '}') return false;
    if (!is_price(paid) || !is_size(amount)) return false;
    trades.write(*symbol, time_ns, paid, amount, is_buy ? side_buy : side_sell, id, TD_MISSING_INDEX, index);
    return true;
}

bool quote(td_decoder &decoder, QuoteWriter &quotes, const char *&at, const char *end, int32_t index) {
    double bid, bid_size, ask, ask_size, other;
    if (!step_over(at, "{\"symbol\":\"")) return false;
    const uint32_t *symbol = instrument(decoder, at, end);
    if (symbol == nullptr || !step_over(at, ",\"bid\":") || !read_fixed_decimal(at, ',', bid)) return false;
    if (!step_over(at, "\"bid_qty\":") || !read_fixed_decimal(at, ',', bid_size)) return false;
    if (!step_over(at, "\"ask\":") || !read_fixed_decimal(at, ',', ask)) return false;
    if (!step_over(at, "\"ask_qty\":") || !read_fixed_decimal(at, ',', ask_size)) return false;
    if (!number(at, "\"last\":", ',', other) || !number(at, "\"volume\":", ',', other)) return false;
    if (!number(at, "\"vwap\":", ',', other) || !number(at, "\"low\":", ',', other)) return false;
    if (!number(at, "\"high\":", ',', other) || !number(at, "\"change\":", ',', other)) return false;
    const char *change = at;
    int64_t time_ns = quotes.ingest_time_ns();
    int32_t flags = quote_time_of_receipt;
    if (number(at, "\"change_pct\":", ',', other)) {
        if (!step_over(at, "\"timestamp\":\"") || !read_time(at, time_ns) || *at++ != '}') return false;
        flags = 0;
    } else {
        at = change;
        if (!number(at, "\"change_pct\":", '}', other)) return false;
    }
    if (!is_price(bid) || !is_size(bid_size) || !is_price(ask) || !is_size(ask_size)) return false;
    quotes.write(*symbol, time_ns, bid, ask, bid_size, ask_size, TD_MISSING_INT64, flags, index);
    return true;
}

/// Steps over the beginning of a frame of a channel, updates or the snapshot that comes before them.
template <size_t Update, size_t Snapshot>
bool begins(const char *&at, const char (&update)[Update], const char (&snapshot)[Snapshot]) {
    const char *const begin = at;
    if (step_over(at, update)) return true;
    at = begin;
    return step_over(at, snapshot);
}

/// A frame as WebSocket v2 writes it. No form and no number has a square bracket, so that only a text can go on behind
/// the last one.
bool fixed_form(td_decoder &decoder, const td_frame &frame, td_output &output) {
    if (frame.count < 64 || memcmp(frame.bytes + frame.count - 2, "]}", 2) != 0) return false;
    const char *const end = frame.bytes + frame.count - 2;
    const char *at = frame.bytes;
    const bool are_trades = begins(
        at, "{\"channel\":\"trade\",\"type\":\"update\",\"data\":[", "{\"channel\":\"trade\",\"type\":\"snapshot\",\"data\":[");
    if (!are_trades) at = frame.bytes;
    if (!are_trades && !begins(at, "{\"channel\":\"ticker\",\"type\":\"update\",\"data\":[",
                               "{\"channel\":\"ticker\",\"type\":\"snapshot\",\"data\":["))
        return false;
    TradeWriter trades(output.trades, frame, most_rows(frame));
    QuoteWriter quotes(output.quotes, frame, most_rows(frame));
    int32_t index = 0;
    do {
        if (!(are_trades ? trade(decoder, trades, at, end, index) : quote(decoder, quotes, at, end, index)))
            return false;
        index++;
    } while (*at++ == ',');
    if (at != end + 1) return false;
    trades.finish();
    quotes.finish();
    return true;
}

void decode_list(Tokens &tokens, FrameWriter &writer) {
    KrakenList message;
    if (!message.read(tokens) || tokens.has(1)) return writer.reject_frame(TD_MALFORMED, "not JSON");
    if (!message.is_wanted()) return writer.ignore_frame();
    message.write(writer);
    if (message.fault.any()) writer.reject_frame(message.fault.reason, message.fault.what);
}

void decode_object(Tokens &tokens, FrameWriter &writer) {
    KrakenMessage message;
    if (!message.read(tokens, writer) || tokens.has(1)) return writer.reject_frame(TD_MALFORMED, "not JSON");
    const td_frame &frame = writer.frame;
    const bool is_refused = message.values[KrakenNames::success] == "false" ||
                            message.values[KrakenNames::status] == "\"error\"" || !message.refusal.empty();
    if (is_refused) {
        writer.roll_back();
        return writer.reject(0, Fault{TD_VENUE_ERROR, ""}, frame.bytes, frame.bytes + frame.count);
    }
    if (!message.has_page && !message.is_wanted()) {
        const bool is_known = message.values.has(KrakenNames::channel) || message.values.has(KrakenNames::event) ||
                              message.values.has(KrakenNames::success);
        return is_known ? writer.ignore_frame() : writer.reject_frame(TD_MISSING_FIELD, "channel");
    }
    if (!message.has_data) message.fault.set(TD_MISSING_FIELD, "data");
    if (message.fault.any()) writer.reject_frame(message.fault.reason, message.fault.what);
}

void decode(td_decoder &decoder, const td_frame &frame, td_output &output) {
    if (decoder.knows_fixed_form && fixed_form(decoder, frame, output)) return;
    FrameWriter writer(decoder, frame, output);
    const uint32_t *starts;
    size_t count;
    if (!decoder.tokenizer.scan(frame.bytes, frame.count, starts, count))
        return writer.reject_frame(TD_MALFORMED, "not JSON");
    Tokens tokens(frame.bytes, starts, count);
    if (tokens.open('{')) return decode_object(tokens, writer);
    if (tokens.open('[')) return decode_list(tokens, writer);
    const bool sound = tokens.skip() && !tokens.has(1);
    return sound ? writer.ignore_frame() : writer.reject_frame(TD_MALFORMED, "not JSON");
}

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_kraken(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode>(*decoder, frames, count, *output);
}
