// std::from_chars and std::to_chars round correctly and know no locale; C has no such functions.
#include <charconv>

#include "include/CPlatformNumbers.h"

extern "C" bool td_parse_double(const char *text, size_t count, double *value) {
    if (count == 0) return false;
    if (*text == '+') {
        text++;
        count--;
        if (count == 0 || *text == '-') return false;
    }
    auto result = std::from_chars(text, text + count, *value, std::chars_format::general);
    return result.ec == std::errc() && result.ptr == text + count;
}

extern "C" size_t td_format_double(double value, char *text) {
    return std::to_chars(text, text + 32, value).ptr - text;
}

extern "C" size_t td_format_integer(int64_t value, char *text) { return std::to_chars(text, text + 20, value).ptr - text; }
