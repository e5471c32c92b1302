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

bool read_decimal_slowly(std::string_view text, double &value) {
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
