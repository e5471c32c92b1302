// What rows of trades and rows of quotes have in common: instrument and time.
#pragma once
#include "row_fields.hpp"
#include "row_walk.hpp"
#include "times.hpp"

namespace tapedeck {

/// The keys that rows of trades and quotes share, and their places, which come first.
#define TD_MARKET_ROW_NAMES "symbol", "venue", "event_time_ns", "event_time_us", "event_time_ms", "event_time"
enum : int {
    row_symbol,
    row_venue,
    row_time_ns,
    row_time_us,
    row_time_ms,
    row_time,
    row_first_own
};

/// The name of an instrument as one text, `VENUE:SYMBOL` or a symbol alone.
class InstrumentName {
  public:
    template <class Fields>
    std::string_view read(const Fields &fields, Fault &fault) {
        const std::string_view symbol = fields.text(row_symbol, fault);
        if (!fields.has(row_venue)) return symbol;
        const std::string_view venue = fields.text(row_venue, fault);
        if (venue.find(':') != venue.npos) fields.wrong(row_venue, fault);
        if (fault.any()) return symbol;
        memcpy(joined_, venue.data(), venue.size());
        joined_[venue.size()] = ':';
        memcpy(joined_ + venue.size() + 1, symbol.data(), symbol.size());
        return std::string_view(joined_, venue.size() + 1 + symbol.size());
    }

  private:
    /// Names are looked up 32 bytes at a time.
    char joined_[2 * longest_text + 1 + short_text] = {};
};

/// The moment of the event, stated in one of four ways; of several the finest counts.
template <class Fields>
int64_t row_event_time(const Fields &fields, Fault &fault) {
    constexpr int64_t units[] = {1, 1000, ns_per_ms};
    for (int field = row_time_ns; field <= row_time_ms; field++) {
        if (!fields.has(field)) continue;
        const int64_t unit = units[field - row_time_ns], value = fields.integer(field, fault);
        if (value < 0 || value >= end_of_time_ms * (ns_per_ms / unit)) {
            fault.set(TD_TIME_OUT_OF_RANGE, Fields::name(field));
            return 0;
        }
        return value * unit;
    }
    int64_t value = 0;
    const std::string_view text = fields.text(row_time, fault);
    if (fault.any()) return 0;
    if (!read_rfc3339(text, value)) fault.set(TD_VALUE_INVALID, "`event_time` is not an RFC 3339 time with a zone");
    else if (value >= end_of_time_ms * ns_per_ms) fault.set(TD_TIME_OUT_OF_RANGE, "event_time");
    return value;
}

/// True where times were stated in more than one way: then some were not looked at.
template <class Fields>
bool has_spare_time(const Fields &fields) {
    return fields.has(row_time_ns) + fields.has(row_time_us) + fields.has(row_time_ms) + fields.has(row_time) > 1;
}

}  // namespace tapedeck
