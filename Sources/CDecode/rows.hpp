// Rows of one frame on their way into the columns.
#pragma once
#include <limits>

#include "include/CDecode.h"

namespace tapedeck {

enum : uint8_t { side_buy = 0, side_sell = 1, side_unknown = 255 };
/// Values of `QuoteFlags`.
enum : int32_t { quote_crossed = 1, quote_locked = 2, quote_one_sided = 4, quote_time_of_receipt = 8 };

/// Trades of one frame. They count when `finish` was called.
///
/// Holds the columns itself: a store of bytes, as of a side, may change any memory but that of locals.
class TradeWriter {
  public:
    /// Stops the program where the caller reserved less than `most` rows.
    __attribute__((always_inline)) inline TradeWriter(td_trades &target, const td_frame &frame, size_t most)
        : target_(target), rows_(target), ingest_time_ns_(frame.ingest_time_ns),
          journal_offset_(frame.journal_offset) {
        if (rows_.capacity - rows_.count < most) __builtin_trap();
    }

    __attribute__((always_inline)) inline void write(
        uint32_t instrument, int64_t time_ns, double price, double size, uint8_t side, int64_t trade_id,
        uint32_t conditions, int32_t index) {
        const size_t row = rows_.count++;
        rows_.instrument[row] = instrument;
        rows_.event_time_ns[row] = time_ns;
        rows_.ingest_time_ns[row] = ingest_time_ns_;
        rows_.price[row] = price;
        rows_.size[row] = size;
        rows_.side[row] = side;
        rows_.trade_id[row] = trade_id;
        rows_.conditions[row] = conditions;
        rows_.journal_offset[row] = journal_offset_;
        rows_.frame_index[row] = index;
    }

    void finish() { target_.count = rows_.count; }

  private:
    td_trades &target_;
    td_trades rows_;
    const int64_t ingest_time_ns_;
    const int64_t journal_offset_;
};

/// Quotes of one frame. They count when `finish` was called.
class QuoteWriter {
  public:
    /// Stops the program where the caller reserved less than `most` rows.
    __attribute__((always_inline)) inline QuoteWriter(td_quotes &target, const td_frame &frame, size_t most)
        : target_(target), rows_(target), ingest_time_ns_(frame.ingest_time_ns),
          journal_offset_(frame.journal_offset) {
        if (rows_.capacity - rows_.count < most) __builtin_trap();
    }

    /// A missing price or size is NaN; what follows from the prices is added to `flags`.
    __attribute__((always_inline)) inline void write(
        uint32_t instrument, int64_t time_ns, double bid, double ask, double bid_size, double ask_size,
        int64_t update_id, int32_t flags, int32_t index, double last = std::numeric_limits<double>::quiet_NaN(),
        double last_size = std::numeric_limits<double>::quiet_NaN()) {
        if (bid != bid || ask != ask) {
            flags |= quote_one_sided;
        } else if (bid >= ask) {
            flags |= bid > ask ? quote_crossed : quote_locked;
        }
        const size_t row = rows_.count++;
        rows_.instrument[row] = instrument;
        rows_.event_time_ns[row] = time_ns;
        rows_.ingest_time_ns[row] = ingest_time_ns_;
        rows_.bid[row] = bid;
        rows_.ask[row] = ask;
        rows_.bid_size[row] = bid_size;
        rows_.ask_size[row] = ask_size;
        rows_.update_id[row] = update_id;
        rows_.flags[row] = flags;
        rows_.last[row] = last;
        rows_.last_size[row] = last_size;
        rows_.journal_offset[row] = journal_offset_;
        rows_.frame_index[row] = index;
    }

    int64_t ingest_time_ns() const { return ingest_time_ns_; }
    void finish() { target_.count = rows_.count; }

  private:
    td_quotes &target_;
    td_quotes rows_;
    const int64_t ingest_time_ns_;
    const int64_t journal_offset_;
};

/// Rows that a frame has at most, rejected ones included.
inline size_t most_rows(const td_frame &frame) { return frame.count / TD_BYTES_PER_EVENT + 1; }

}  // namespace tapedeck
