// Rows of a table of records on their way into the columns.
#pragma once
#include <string.h>

#include <string_view>

#include "include/CDecode.h"

namespace tapedeck {

/// Writes rows cell by cell. A row counts when `end` was called; until then its cells may be written again.
class RecordWriter {
  public:
    /// Stops the program where the caller reserved less than `most` rows.
    RecordWriter(td_records &target, size_t most) : target_(target) {
        if (target.capacity - target.count < most) __builtin_trap();
    }

    void set(int place, int64_t value) { cell<int64_t>(place) = value; }
    void set(int place, int32_t value) { cell<int32_t>(place) = value; }
    /// The number of a text or an instrument.
    void set(int place, uint32_t number) { cell<uint32_t>(place) = number; }

    /// The bytes of a free text, copied.
    void set(int place, const char *bytes, size_t count) { memcpy(text(place, count), bytes, count); }

    /// Where the `count` bytes of a free text go.
    char *text(int place, size_t count) {
        int64_t *const offsets = (int64_t *)target_.columns[place].values + target_.count;
        offsets[1] = offsets[0] + (int64_t)count;
        return target_.columns[place].bytes + offsets[0];
    }

    void end() { target_.count++; }

  private:
    td_records &target_;

    template <class T>
    T &cell(int place) {
        return ((T *)target_.columns[place].values)[target_.count];
    }
};

}  // namespace tapedeck
