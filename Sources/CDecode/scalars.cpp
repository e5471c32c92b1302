#include "scalars.hpp"

#include <string.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace tapedeck {

bool is_number(std::string_view text) {
    const char *at = text.data(), *end = at + text.size();
    auto digits = [&] {
        const char *start = at;
        while (at != end && *at >= '0' && *at <= '9') at++;
        return at != start;
    };
    if (at != end && *at == '-') at++;
    if (at != end && *at == '0') {
        at++;
    } else if (!digits()) {
        return false;
    }
    if (at != end && *at == '.') {
        at++;
        if (!digits()) return false;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at != end && (*at == '+' || *at == '-')) at++;
        if (!digits()) return false;
    }
    return at == end;
}

// Whether a number that is out of range is too large, rather than too close to zero: by where its first digit that counts
// stands, and the exponent. A number with either an exponent or digits beyond 300 places cannot be near one.
static bool is_too_large(std::string_view number) {
    if (number[0] == '-') number.remove_prefix(1);
    const size_t mark = number.find_first_of("eE");
    const std::string_view digits = number.substr(0, mark);
    const size_t first = digits.find_first_of("123456789"), point = std::min(digits.find('.'), digits.size());
    if (first == digits.npos) return false;
    const auto places = (int64_t)point - (int64_t)first;
    if (mark == number.npos) return places > 0;
    const std::string_view exponent = number.substr(mark + (number[mark + 1] == '+' ? 2 : 1));
    int64_t power = 0;
    const auto read = std::from_chars(exponent.data(), exponent.data() + exponent.size(), power);
    return read.ec == std::errc() ? power > -places : exponent[0] != '-';
}

// A number without exponent and of at most nineteen digits, zeros in front included: what a double is in full, as vendors
// write it. Digits and power of ten are exact in the 64 bits that the processor's own format has for them, so that the
// quotient is rounded once to 64 bits and then once to 53. The second rounding may only differ from a single one where
// the first ended halfway between two doubles. False for such numbers and all others.
static bool read_nineteen_digits(std::string_view text, double &value) {
    static_assert(std::numeric_limits<long double>::digits == 64);
    static constexpr long double powers[] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                             1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L};
    const bool is_negative = text.front() == '-';
    uint64_t digits = 0;
    size_t count = 0, before = SIZE_MAX;
    for (size_t i = is_negative; i < text.size(); i++) {
        const unsigned digit = (unsigned char)text[i] - '0';
        if (digit <= 9) {
            if (++count > 19) return false;
            digits = digits * 10 + digit;
        } else if (text[i] == '.' && before == SIZE_MAX) {
            before = count;
        } else {
            return false;
        }
    }
    const bool has_point = before != SIZE_MAX;
    if (!has_point) before = count;
    if (before == 0 || (has_point && before == count) || (before > 1 && text[is_negative] == '0')) return false;
    const long double quotient = (long double)digits / powers[count - before];
    uint64_t bits;
    memcpy(&bits, &quotient, sizeof bits);
    if ((bits & 0x7ff) == 0x400) return false;
    value = is_negative ? -(double)quotient : (double)quotient;
    return true;
}

bool read_decimal_slowly(std::string_view text, double &value) {
    if (!text.empty() && read_nineteen_digits(text, value)) return true;
    if (!is_number(text)) return false;
    auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc::result_out_of_range) return true;
    value = is_too_large(text) ? std::numeric_limits<double>::infinity() : 0;
    if (text[0] == '-') value = -value;
    return true;
}

bool read_integer_slowly(std::string_view text, int64_t &value) {
    if (!is_number(text)) return false;
    auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

static bool read_hex(std::string_view digits, uint32_t &value) {
    if (digits.size() < 4) return false;
    auto result = std::from_chars(digits.data(), digits.data() + 4, value, 16);
    return result.ptr == digits.data() + 4;
}

static void append_utf8(uint32_t scalar, std::string &text) {
    if (scalar < 0x80) {
        text += (char)scalar;
        return;
    }
    const int more = scalar < 0x800 ? 1 : scalar < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    text += (char)(lead[more] | scalar >> 6 * more);
    for (int i = more - 1; i >= 0; i--) text += (char)(0x80 | (scalar >> 6 * i & 0x3f));
}

bool unescape(std::string_view inside, std::string &text) {
    static const char codes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    for (size_t i = 0; i < inside.size(); i++) {
        if (inside[i] != '\\') {
            text += inside[i];
            continue;
        }
        if (++i == inside.size()) return false;
        if (const char *code = strchr(codes, inside[i]); code != nullptr && *code != 0) {
            text += meanings[code - codes];
            continue;
        }
        uint32_t scalar, low;
        if (inside[i] != 'u' || !read_hex(inside.substr(i + 1), scalar)) return false;
        i += 4;
        if (scalar >= 0xd800 && scalar < 0xe000) {  // a pair of surrogates
            if (scalar >= 0xdc00 || inside.substr(i + 1, 2) != "\\u" || !read_hex(inside.substr(i + 3), low) ||
                low < 0xdc00 || low >= 0xe000)
                return false;
            scalar = 0x10000 + ((scalar - 0xd800) << 10) + (low - 0xdc00);
            i += 6;
        }
        append_utf8(scalar, text);
    }
    return true;
}

bool has_valid_escapes(std::string_view inside) {
    if (memchr(inside.data(), '\\', inside.size()) == nullptr) return true;
    std::string text;
    return unescape(inside, text);
}

bool is_scalar(std::string_view token) {
    if (token.empty()) return false;
    std::string_view inside;
    switch (token.front()) {
        case '"': return unquoted(token, inside) && has_valid_escapes(inside);
        case 't': return token == "true";
        case 'f': return token == "false";
        case 'n': return token == "null";
        default: return is_number(token);
    }
}

}  // namespace tapedeck
