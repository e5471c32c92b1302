// What a decoder makes of one frame, as plain values that can be compared.
#pragma once
#include <string.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../Sources/CDecode/include/CDecode.h"

namespace fuzzing {

/// Ends the run where `holds` is false; libFuzzer keeps the input.
#define CHECK(holds)                                                                 \
    do {                                                                             \
        if (!(holds)) {                                                              \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds); \
            abort();                                                                 \
        }                                                                            \
    } while (false)

/// Texts by the number that `td_intern` gave them.
struct Names {
    std::vector<std::string> texts[3];

    static uint32_t intern(void *context, int32_t kind, const char *text, size_t count) {
        CHECK(kind == TD_INSTRUMENT || kind == TD_CONDITIONS || kind == TD_TEXT);
        std::vector<std::string> &texts = ((Names *)context)->texts[kind];
        texts.emplace_back(text, count);
        return (uint32_t)(texts.size() - 1);
    }
};

/// A row; numbers as bits, so that every difference shows.
struct Row {
    bool is_quote;
    std::string instrument, conditions;
    int64_t event_time_ns, ingest_time_ns, journal_offset, id;
    double values[6];
    int32_t flags, frame_index;

    bool operator==(const Row &other) const {
        return is_quote == other.is_quote && instrument == other.instrument && conditions == other.conditions &&
               event_time_ns == other.event_time_ns && ingest_time_ns == other.ingest_time_ns &&
               journal_offset == other.journal_offset && id == other.id &&
               memcmp(values, other.values, sizeof values) == 0 && flags == other.flags &&
               frame_index == other.frame_index;
    }
};

/// A row of a table of records: its cells one behind the other, texts instead of their numbers.
struct Record {
    std::string cells;
    int32_t frame_index;

    bool operator==(const Record &other) const { return cells == other.cells && frame_index == other.frame_index; }
};

/// Everything that one frame gave.
struct Outcome {
    std::vector<Row> rows;
    std::vector<Record> records;
    std::vector<td_reject> rejects;
    size_t reject_count = 0;
    size_t ignored = 0;

    bool operator==(const Outcome &other) const {
        if (!(rows == other.rows) || !(records == other.records) || reject_count != other.reject_count || ignored != other.ignored ||
            rejects.size() != other.rejects.size())
            return false;
        for (size_t i = 0; i < rejects.size(); i++) {
            const td_reject &left = rejects[i], &right = other.rejects[i];
            if (left.frame_index != right.frame_index || left.reason != right.reason ||
                strcmp(left.what, right.what) != 0 || left.begin != right.begin || left.end != right.end)
                return false;
        }
        return true;
    }
};

}  // namespace fuzzing
