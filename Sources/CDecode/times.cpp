#include "times.hpp"

namespace tapedeck {
namespace {

/// Reads exactly `count` digits from the front of the text.
bool take_digits(std::string_view &text, size_t count, int64_t &value) {
    if (text.size() < count) return false;
    value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return true;
}

bool take(std::string_view &text, char mark) {
    if (text.empty() || text.front() != mark) return false;
    text.remove_prefix(1);
    return true;
}

/// Reads the digits behind a point as nanoseconds; at least one must be there, those behind the ninth do not count.
bool take_fraction(std::string_view &text, int64_t &ns) {
    int64_t unit = ns_per_s / 10;
    size_t count = 0;
    for (ns = 0; count < text.size() && text[count] >= '0' && text[count] <= '9'; count++, unit /= 10)
        ns += (text[count] - '0') * unit;
    text.remove_prefix(count);
    return count > 0;
}

}  // namespace

bool read_rfc3339_slowly(std::string_view text, int64_t &ns) {
    int64_t year, month, day, hour, minute, second, seconds, fraction = 0, zone_hours, zone_minutes;
    if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) || !take(text, '-') ||
        !take_digits(text, 2, day) || !take(text, 'T') || !take_digits(text, 2, hour) || !take(text, ':') ||
        !take_digits(text, 2, minute) || !take(text, ':') || !take_digits(text, 2, second) ||
        !read_civil(year, month, day, hour, minute, second, seconds))
        return false;
    if (take(text, '.') && !take_fraction(text, fraction)) return false;
    if (!take(text, 'Z')) {
        const bool is_east = !text.empty() && text.front() == '+';
        if (!is_east && (text.empty() || text.front() != '-')) return false;
        text.remove_prefix(1);
        if (!take_digits(text, 2, zone_hours) || !take(text, ':') || !take_digits(text, 2, zone_minutes)) return false;
        if (zone_hours > 23 || zone_minutes > 59) return false;
        const int64_t zone = (zone_hours * 60 + zone_minutes) * 60;
        seconds -= is_east ? zone : -zone;
    }
    ns = nanoseconds(seconds, fraction);
    return text.empty();
}

bool read_epoch_seconds(std::string_view text, int64_t &ns) {
    int64_t seconds, fraction = 0;
    const size_t before = text.find_first_not_of("0123456789");
    const size_t count = before == text.npos ? text.size() : before;
    if (count == 0 || count > 10 || !take_digits(text, count, seconds)) return false;
    if (take(text, '.') && !take_fraction(text, fraction)) return false;
    ns = nanoseconds(seconds, fraction);
    return text.empty();
}

}  // namespace tapedeck
