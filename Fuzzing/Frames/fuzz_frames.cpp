// Fuzzes the decoder that the linker calls `fuzzed_decoder`: the input is frames with the byte 0x1e between them, which
// no JSON text holds.
//
// Each frame lies in memory of its own with the padding that its contract promises and no byte more, so that the address
// sanitizer sees every step beyond it. Checked is what a decoder promises whatever the bytes: see `check` below.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.hpp"

extern "C" td_decode fuzzed_decoder;

namespace fuzzing {
namespace {

constexpr int64_t ingest_time_ns = 1'700'000'000'123'456'789;
constexpr int64_t end_of_time_ns = 7'258'118'400'000'000'000;
constexpr char separator = 0x1e;
/// Behind so many the rest of an input is one frame.
constexpr size_t most_frames = 12;

/// Frames of an input, each with padding behind it that repeats `behind`.
class Frames {
  public:
    Frames(std::string_view input, std::string_view behind) {
        while (true) {
            const bool is_last = all.size() + 1 == most_frames;
            const std::string_view text = input.substr(0, is_last ? input.npos : input.find(separator));
            char *memory = new char[text.size() + td_padding_bytes()];
            memory_.emplace_back(memory);
            memcpy(memory, text.data(), text.size());
            for (size_t i = 0; i < td_padding_bytes(); i++) memory[text.size() + i] = behind[i % behind.size()];
            all.push_back({memory, text.size(), ingest_time_ns + (int64_t)all.size(), (int64_t)all.size()});
            if (text.size() == input.size()) return;
            input.remove_prefix(text.size() + 1);
        }
    }

    std::vector<td_frame> all;

  private:
    std::vector<std::unique_ptr<char[]>> memory_;
};

/// Frames of these formats hold rows, not one JSON text.
bool has_rows() {
    // Volatile, since the compiler takes functions of different names for different functions.
    static td_decode *volatile decoder = fuzzed_decoder;
    return decoder == td_decode_trade_rows || decoder == td_decode_quote_rows || decoder == td_decode_transaction_rows;
}

bool is_price(double value) { return value > 0 && isfinite(value); }
bool is_size(double value) { return value >= 0 && isfinite(value); }

void check(const Row &row, const td_frame &frame) {
    // Rows state venue and symbol, each of at most 128 bytes.
    CHECK(!row.instrument.empty() && row.instrument.size() <= (has_rows() ? 257 : 128) && is_utf8(row.instrument));
    CHECK(row.conditions.size() <= 128 && is_utf8(row.conditions));
    CHECK(row.event_time_ns >= 0 && row.event_time_ns < end_of_time_ns);
    CHECK(row.ingest_time_ns == frame.ingest_time_ns);
    CHECK(row.frame_index >= 0 && (size_t)row.frame_index <= frame.count / TD_BYTES_PER_EVENT);
    if (!row.is_quote) {
        CHECK(is_price(row.values[0]) && is_size(row.values[1]));
        CHECK(row.flags == 0 || row.flags == 1 || row.flags == 255);
        return;
    }
    const double bid = row.values[0], ask = row.values[1];
    CHECK(isnan(bid) || is_price(bid));
    CHECK(isnan(ask) || is_price(ask));
    CHECK(!isnan(bid) || !isnan(ask) || !isnan(row.values[4]));
    CHECK(isnan(row.values[2]) || is_size(row.values[2]));
    CHECK(isnan(row.values[3]) || is_size(row.values[3]));
    const int32_t follows = isnan(bid) || isnan(ask) ? 4 : bid > ask ? 1 : bid == ask ? 2 : 0;
    // Above are the flags of a terminal's tick.
    CHECK((row.flags & 0xf7) == follows && row.flags >= 0);
    CHECK(isnan(row.values[4]) || is_price(row.values[4]));
    CHECK(isnan(row.values[5]) || is_size(row.values[5]));
}

void check(const td_reject &reject, const td_frame &frame) {
    CHECK((reject.reason >= TD_MALFORMED && reject.reason <= TD_VENUE_ERROR) || reject.reason == TD_VALUE_INVALID);
    CHECK(reject.frame_index >= 0 && (size_t)reject.frame_index <= frame.count);
    CHECK(reject.begin <= reject.end && reject.end <= frame.count);
    CHECK(reject.what != nullptr && (reject.reason == TD_VENUE_ERROR || reject.what[0] != 0));
}

/// A list is JSON or rejected as a whole; of lines those that are no JSON are rejected.
void check_rows(const Outcome &outcome, std::string_view text) {
    const size_t start = text.find_first_not_of(" \t\r\n");
    const size_t taken = outcome.rows.size() + outcome.records.size();
    if (start == text.npos) {
        CHECK(taken == 0 && outcome.reject_count == 0);
        return;
    }
    const bool is_list = text[start] == '[';
    const ReferenceJSON json(text, !is_list);
    if (!json.is_valid) CHECK(outcome.reject_count > 0);
    if (is_list && !json.is_valid) CHECK(taken == 0 && outcome.reject_count == 1);
    if (json.is_valid && json.depth <= 64)
        for (const td_reject &reject : outcome.rejects) CHECK(strcmp(reject.what, "not JSON") != 0);
}

/// A frame gives rows, rejects, or is ignored; a place of it gives one row or one reject; and what is not JSON is
/// rejected as a whole.
void check(const Outcome &outcome, const td_frame &frame) {
    const size_t taken = outcome.rows.size() + outcome.records.size();
    CHECK(outcome.ignored <= 1);
    CHECK(taken + outcome.reject_count + outcome.ignored > 0);
    CHECK(outcome.ignored == 0 || taken + outcome.reject_count == 0);
    std::map<int32_t, int> places;
    for (const Record &record : outcome.records) CHECK(places[record.frame_index]++ == 0);
    for (const Row &row : outcome.rows) {
        check(row, frame);
        CHECK(places[row.frame_index]++ == 0);
    }
    for (const td_reject &reject : outcome.rejects) {
        check(reject, frame);
        CHECK(places[reject.frame_index]++ == 0);
    }
    if (has_rows()) return check_rows(outcome, std::string_view(frame.bytes, frame.count));
    const ReferenceJSON json(std::string_view(frame.bytes, frame.count));
    const bool is_malformed = outcome.reject_count == 1 && outcome.rejects[0].reason == TD_MALFORMED;
    if (!json.is_valid) {
        CHECK(is_malformed && outcome.rows.empty());
    } else if (json.is_object && json.depth <= 64) {
        CHECK(!is_malformed);
    }
}

size_t total_ignored(const std::vector<Outcome> &outcomes) {
    size_t total = 0;
    for (const Outcome &outcome : outcomes) total += outcome.ignored;
    return total;
}

/// The same outcomes but for `ignored`, which a run of frames only counts in total.
void check_same(const std::vector<Outcome> &run, const std::vector<Outcome> &single) {
    for (size_t i = 0; i < run.size(); i++) {
        Outcome found = run[i];
        found.ignored = single[i].ignored;
        CHECK(found == single[i]);
    }
}

}  // namespace
}  // namespace fuzzing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count) {
    using namespace fuzzing;
    const std::string_view input((const char *)data, count);
    // What stands behind a frame must not matter: nothing, or what would go on with it.
    const Frames frames(input, std::string_view("\0", 1)), same(input, "}],\"}]}\"0123456789,:{[");

    Bench general(fuzzed_decoder, false), fixed(fuzzed_decoder, true), run(fuzzed_decoder, true);
    const std::vector<Outcome> expected = general.decode(frames.all, 1);
    for (size_t i = 0; i < expected.size(); i++) check(expected[i], frames.all[i]);

    // Names are known the second time: only then the fixed form is read on its short way.
    for (int round = 0; round < 2; round++) {
        CHECK(fixed.decode(same.all, 1) == expected);
        const size_t before = run.ignored;
        check_same(run.decode(same.all, same.all.size()), expected);
        CHECK(run.ignored - before == total_ignored(expected));
    }
    CHECK(general.decode(same.all, 1) == expected);
    for (int kind : {TD_INSTRUMENT, TD_CONDITIONS, TD_TEXT}) {
        CHECK(general.names.texts[kind] == fixed.names.texts[kind]);
        CHECK(general.names.texts[kind] == run.names.texts[kind]);
    }
    return 0;
}
