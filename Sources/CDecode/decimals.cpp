#include "decimals.hpp"

#include "include/CDecode.h"

namespace tapedeck {
namespace {

/// The number behind the mark of an exponent: an optional sign and digits, at most 64 in size.
bool read_exponent(std::string_view text, int64_t &exponent) {
    bool is_negative = false;
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
        is_negative = text.front() == '-';
        text.remove_prefix(1);
    }
    if (text.empty()) return false;
    exponent = 0;
    for (const char digit : text) {
        if (digit < '0' || digit > '9') return false;
        exponent = exponent * 10 + (digit - '0');
        if (exponent > 64) return false;
    }
    if (is_negative) exponent = -exponent;
    return true;
}

}  // namespace

bool read_units_slowly(std::string_view text, size_t scale, int64_t &units) {
    bool is_negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        is_negative = text.front() == '-';
        text.remove_prefix(1);
    }
    int64_t exponent = 0;
    const size_t mark = text.find_first_of("eE");
    if (mark != text.npos) {
        if (!read_exponent(text.substr(mark + 1), exponent)) return false;
        text = text.substr(0, mark);
    }
    // Behind the point stand this many digits; the last one stands for 10^(exponent - behind).
    const size_t point = text.find('.');
    const int64_t behind = point == text.npos ? 0 : (int64_t)(text.size() - point - 1);
    int64_t shift = (int64_t)scale + exponent - behind;
    int64_t value = 0;
    size_t significant = 0, left = text.size() - (point != text.npos);
    if (left == 0) return false;
    for (size_t i = 0; i < text.size(); i++) {
        if (i == point) continue;
        const char digit = text[i];
        if (digit < '0' || digit > '9') return false;
        // Digits below the smallest unit must be zeros.
        const bool counts = shift >= 0 || left > (size_t)-shift;
        left--;
        if (!counts && digit != '0') return false;
        if (!counts || (significant == 0 && digit == '0')) continue;
        if (++significant > decimal_digits) return false;
        value = value * 10 + (digit - '0');
    }
    if (shift < 0 || value == 0) shift = 0;
    if (significant + (size_t)shift > decimal_digits) return false;
    units = value * integer_powers[shift];
    if (is_negative) units = -units;
    return true;
}

}  // namespace tapedeck

extern "C" bool td_read_units(const char *text, size_t count, int32_t scale, int64_t *units) {
    return tapedeck::read_units(std::string_view(text, count), (size_t)scale, *units);
}
