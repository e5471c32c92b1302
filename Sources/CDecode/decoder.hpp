// What the decoders of all venues share: names, rejects, rows.
#pragma once
#include <limits>
#include <string>
#include <string_view>

#include "include/CDecode.h"
#include "interner.hpp"
#include "rows.hpp"
#include "tokens.hpp"

struct td_decoder {
    td_intern intern;
    void *context;
    tapedeck::Tokenizer tokenizer;
    /// Numbers by the text as it stands in the frame, escapes and white space included.
    tapedeck::Interner instruments;
    tapedeck::Interner conditions;
    /// Numbers of category texts.
    tapedeck::Interner texts;
    /// Free texts that were found valid, as far as room was kept for them; their numbers mean nothing.
    tapedeck::Interner known_texts;
    std::string scratch;
    /// Whether frames of the venue's fixed form are read without tokens.
    bool knows_fixed_form = true;
};

namespace tapedeck {

constexpr int64_t ns_per_ms = 1'000'000;
/// 2200-01-01T00:00:00Z.
constexpr int64_t end_of_time_ms = 7'258'118'400'000;
/// Names and condition lists longer than this are rejected.
constexpr size_t longest_text = 128;

/// What is wrong with an event; the first fault found wins.
struct Fault {
    int32_t reason = -1;
    const char *what = "";
    bool any() const { return reason >= 0; }
    void set(int32_t why, const char *field) {
        if (reason < 0) {
            reason = why;
            what = field;
        }
    }
};

/// One frame on its way into the columns.
class FrameWriter {
  public:
    FrameWriter(td_decoder &decoder, const td_frame &frame, td_output &output)
        : decoder(decoder), frame(frame), output(output), first_trade_(output.trades.count),
          first_quote_(output.quotes.count), first_record_(output.records.count) {
        output.rejects_listed = output.reject_count = 0;
    }

    td_decoder &decoder;
    const td_frame &frame;
    td_output &output;

    /// Takes back everything this frame has written.
    void roll_back() {
        output.trades.count = first_trade_;
        output.quotes.count = first_quote_;
        output.records.count = first_record_;
        output.rejects_listed = output.reject_count = 0;
    }

    /// The frame as a whole is of no use.
    void reject_frame(int32_t reason, const char *what) {
        roll_back();
        reject(0, Fault{reason, what}, frame.bytes, frame.bytes + frame.count);
    }

    /// The frame is valid and of no interest.
    void ignore_frame() {
        roll_back();
        output.ignored++;
    }

    void reject(int32_t index, const Fault &fault, const char *begin, const char *end) {
        output.reject_count++;
        if (output.rejects_listed == TD_REJECTS_LISTED) return;
        while (end > begin && memchr(" \t\r\n", end[-1], 4)) end--;
        output.rejects[output.rejects_listed++] = {index, fault.reason, fault.what, (size_t)(begin - frame.bytes),
                                                   (size_t)(end - frame.bytes)};
    }

    /// The number of an instrument, by the inside of the string that names it; the name must be valid.
    uint32_t instrument(std::string_view inside) {
        if (const uint32_t *known = decoder.instruments.find(inside)) return *known;
        std::string &name = decoder.scratch;
        name.clear();
        unescape(inside, name);
        const uint32_t number = decoder.intern(decoder.context, TD_INSTRUMENT, name.data(), name.size());
        decoder.instruments.insert(inside, number);
        return number;
    }

    /// The number of a category text, by the inside of its string, which must be valid.
    uint32_t text(std::string_view inside) {
        if (const uint32_t *known = decoder.texts.find(inside)) return *known;
        std::string &text = decoder.scratch;
        text.clear();
        unescape(inside, text);
        const uint32_t number = decoder.intern(decoder.context, TD_TEXT, text.data(), text.size());
        decoder.texts.insert(inside, number);
        return number;
    }

    inline void trade(
        uint32_t instrument, int64_t time_ns, double price, double size, uint8_t side, int64_t trade_id,
        uint32_t conditions, int32_t index) {
        TradeWriter rows(output.trades, frame, 1);
        rows.write(instrument, time_ns, price, size, side, trade_id, conditions, index);
        rows.finish();
    }

    inline void quote(
        uint32_t instrument, int64_t time_ns, double bid, double ask, double bid_size, double ask_size,
        int64_t update_id, int32_t flags, int32_t index) {
        QuoteWriter rows(output.quotes, frame, 1);
        rows.write(instrument, time_ns, bid, ask, bid_size, ask_size, update_id, flags, index);
        rows.finish();
    }

  private:
    const size_t first_trade_;
    const size_t first_quote_;
    const size_t first_record_;
};

/// Rows and messages of no interest so far.
inline size_t events_and_ignored(const td_output &output) {
    return output.trades.count + output.quotes.count + output.records.count + output.ignored;
}

/// Reads frames with `decode(decoder, frame, output)` up to the first that has rejects, included; returns how many.
template <void (*Decode)(td_decoder &, const td_frame &, td_output &)>
size_t decode_run(td_decoder &decoder, const td_frame *frames, size_t count, td_output &output) {
    output.rejects_listed = output.reject_count = output.ignored = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t before = events_and_ignored(output);
        Decode(decoder, frames[i], output);
        if (output.reject_count > 0) return i + 1;
        // A message without events.
        if (events_and_ignored(output) == before) output.ignored++;
    }
    return count;
}

/// True where the number is a price. The comparison is false for NaN.
inline bool is_price(double value) { return value > 0 && value <= std::numeric_limits<double>::max(); }
/// True where the number is a size.
inline bool is_size(double value) { return value >= 0 && value <= std::numeric_limits<double>::max(); }
/// True where milliseconds since 1970 lie before 2200.
inline bool is_time_ms(int64_t value) { return value >= 0 && value < end_of_time_ms; }

/// True where the next value is a list or an object.
inline bool is_bracket(const Tokens &tokens) { return (tokens.peek() & ~0x20) == '['; }
/// Steps over a value of the wrong type.
inline bool refuse(Tokens &tokens, Fault &fault, const char *field) {
    fault.set(TD_WRONG_TYPE, field);
    return tokens.skip();
}

/// Reads the next token as a number. A token of another type is a fault of the event.
/// Returns false where the token is no JSON at all.
inline bool read_number(Tokens &tokens, double &number, Fault &fault, const char *field) {
    if (is_bracket(tokens)) return refuse(tokens, fault, field);
    const std::string_view token = tokens.take();
    if (__builtin_expect(read_decimal(token, number), 1)) return true;
    fault.set(TD_WRONG_TYPE, field);
    return is_scalar(token);
}

/// The same for whole numbers.
inline bool read_count(Tokens &tokens, int64_t &number, Fault &fault, const char *field) {
    if (is_bracket(tokens)) return refuse(tokens, fault, field);
    const std::string_view token = tokens.take();
    if (__builtin_expect(read_integer(token, number), 1)) return true;
    fault.set(TD_WRONG_TYPE, field);
    return is_scalar(token);
}

/// The same for names: the inside of the string, escapes included. A broken escape is no JSON.
inline bool read_name(Tokens &tokens, std::string_view &inside, Fault &fault, const char *field) {
    if (is_bracket(tokens)) return refuse(tokens, fault, field);
    const std::string_view token = tokens.take();
    if (!unquoted(token, inside)) {
        fault.set(TD_WRONG_TYPE, field);
        return is_scalar(token);
    }
    if (inside.empty()) fault.set(TD_MISSING_FIELD, field);
    if (inside.size() > longest_text) fault.set(TD_WRONG_TYPE, field);
    return has_valid_escapes(inside);
}

}  // namespace tapedeck
