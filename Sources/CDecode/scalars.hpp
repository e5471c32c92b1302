// Numbers and strings of JSON as text: strict grammar, correct rounding.
//
// Source: RFC 8259 sections 6 and 7; W. D. Clinger, "How to read floating point numbers accurately", 1990 (the case
// where digits and power of ten are both exact); W. Mula, "SIMD-ized parsing of numbers", 2014 (digits to integer).
#pragma once
#include <immintrin.h>
#include <stdint.h>

#include <string>
#include <string_view>

namespace tapedeck {

/// True where `text` is a number of the JSON grammar.
bool is_number(std::string_view text);
/// True where the inside of a string has no broken escape.
bool has_valid_escapes(std::string_view inside);
/// Appends the inside of a string without its escapes; false where one is broken.
bool unescape(std::string_view inside, std::string &text);

/// The double next to the decimal text; infinite where it is too large. False where it is no JSON number.
bool read_decimal_slowly(std::string_view text, double &value);
/// An integer that fits 64 bits; false otherwise.
bool read_integer_slowly(std::string_view text, int64_t &value);

/// Powers of ten that doubles hold exactly.
constexpr double exact_powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/// Bytes 0–15 preceded by 16 times "give zero": loaded at an offset it shifts the bytes of a vector to the right end.
alignas(32) constexpr uint8_t shifts[32] = {128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
                                            128, 128, 128, 128, 128, 0,   1,   2,   3,   4,   5,
                                            6,   7,   8,   9,   10,  11,  12,  13,  14,  15};

/// The first `count` bytes of a vector moved to its end, zeros before them.
inline __m128i right_aligned(__m128i bytes, size_t count) {
    return _mm_shuffle_epi8(bytes, _mm_loadu_si128((const __m128i *)(shifts + count)));
}
/// True where every byte is 0 … 9.
inline bool are_digits(__m128i bytes) {
    return _mm_testz_si128(_mm_subs_epu8(bytes, _mm_set1_epi8(9)), _mm_set1_epi8(-1));
}
/// The number whose sixteen digits are the bytes.
inline uint64_t digits_value(__m128i bytes) {
    const __m128i pairs = _mm_maddubs_epi16(bytes, _mm_set1_epi16(0x010a));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
    const __m128i packed = _mm_packus_epi32(fours, fours);
    const __m128i eights = _mm_madd_epi16(packed, _mm_set1_epi32(0x00012710));
    const uint64_t both = (uint64_t)_mm_cvtsi128_si64(eights);
    return (both & 0xffffffff) * 100'000'000 + (both >> 32);
}

/// Up to sixteen digits without sign; false for anything else. Sixteen bytes from `text` must be readable.
__attribute__((always_inline)) inline bool read_plain_integer(const char *text, size_t count, int64_t &value) {
    if (count - 1 >= 16 || (text[0] == '0' && count != 1)) return false;
    const __m128i bytes = _mm_loadu_si128((const __m128i *)text);
    const __m128i digits = right_aligned(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), count);
    value = (int64_t)digits_value(digits);
    return are_digits(digits);
}

/// Digits and an optional minus sign that fit 64 bits. Sixteen bytes from the start of the text must be readable.
inline bool read_integer(std::string_view text, int64_t &value) {
    if (__builtin_expect(read_plain_integer(text.data(), text.size(), value), 1)) return true;
    return read_integer_slowly(text, value);
}

/// A decimal of at most fifteen bytes without sign or exponent; false for anything else. Digits and power of ten are
/// then exact, and one division rounds once. Sixteen bytes from `text` must be readable.
__attribute__((always_inline)) inline bool read_plain_decimal(const char *text, size_t count, double &value) {
    if (count - 1 >= 15) return false;
    const __m128i bytes = _mm_loadu_si128((const __m128i *)text);
    const unsigned points = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')));
    const size_t before = (size_t)__builtin_ctz(points | 1u << count);
    // The bytes before the point move up by one and close the gap; without a point all of them do.
    const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    const __m128i places = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m128i closed =
        _mm_blendv_epi8(_mm_slli_si128(values, 1), values, _mm_cmpgt_epi8(places, _mm_set1_epi8((char)before)));
    const bool has_point = before != count;
    const __m128i digits = right_aligned(closed, count + !has_point);
    const size_t after = count - before - has_point;
    // No digit before the point, none behind it, or a zero before other digits is no JSON.
    if (before == 0 || before + 1 == count || (text[0] == '0' && before != 1)) return false;
    value = (double)(int64_t)digits_value(digits) / exact_powers[after];
    return are_digits(digits);
}

/// The double next to the decimal text. Sixteen bytes from the start of the text must be readable.
inline bool read_decimal(std::string_view text, double &value) {
    if (__builtin_expect(read_plain_decimal(text.data(), text.size(), value), 1)) return true;
    return read_decimal_slowly(text, value);
}

/// The inside of a string token; false where it is no string.
inline bool unquoted(std::string_view token, std::string_view &inside) {
    if (token.size() < 2 || token.front() != '"') return false;
    inside = token.substr(1, token.size() - 2);
    return true;
}

/// True where the token is a number, string, true, false or null.
bool is_scalar(std::string_view token);

/// True where the token is a string of at most 30 bytes without escapes. 32 bytes from its start must be readable.
inline bool is_plain_string(std::string_view token) {
    if (token.front() != '"' || token.size() - 2 > 30) return false;
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)token.data());
    const __m256i escapes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    return ((uint32_t)_mm256_movemask_epi8(escapes) & (~0u >> (32 - token.size()))) == 0;
}

/// True where the token is a scalar; on a short way for plain strings and numbers. 32 bytes from its start must be
/// readable.
inline bool is_value(std::string_view token) {
    double number;
    return token.front() == '"' ? is_plain_string(token) || is_scalar(token)
                                : read_plain_decimal(token.data(), token.size(), number) || is_scalar(token);
}

}  // namespace tapedeck
