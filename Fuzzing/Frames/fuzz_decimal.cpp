// Fuzzes the reading of decimal numbers against the C library.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "outcome.hpp"

/// Digits with at most one point among them, at least one digit, and an optional exponent; a minus sign may be in front.
static bool is_decimal(const std::string &text) {
    size_t at = text[0] == '-' ? 1 : 0, digits = 0;
    while (isdigit((unsigned char)text[at])) at++, digits++;
    if (text[at] == '.') at++;
    while (isdigit((unsigned char)text[at])) at++, digits++;
    if (digits == 0) return false;
    if (text[at] == 'e' || text[at] == 'E') {
        at++;
        if (text[at] == '+' || text[at] == '-') at++;
        const size_t start = at;
        while (isdigit((unsigned char)text[at])) at++;
        if (at == start) return false;
    }
    return at == text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count) {
    const std::string text((const char *)data, count);
    // Sixteen bytes must be readable: of digits, so that one too many shows.
    const std::unique_ptr<char[]> memory(new char[count + 16]);
    memcpy(memory.get(), data, count);
    memset(memory.get() + count, '7', 16);
    double value = -1;
    const bool is_read = td_read_decimal(memory.get(), count, &value);
    if (text.find('\0') != text.npos) {
        CHECK(!is_read);
        return 0;
    }
    const double expected = strtod(text.c_str(), nullptr);
    if (is_read && is_decimal(text)) CHECK(memcmp(&value, &expected, sizeof value) == 0);
    // What is no decimal may only be one of the words for no number or no bound.
    if (is_read && !is_decimal(text)) CHECK(value != value || value - value != 0);
    if (!is_read) CHECK(!is_decimal(text) || expected == 0 || expected - expected != 0);
    return 0;
}
