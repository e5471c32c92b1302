// Exact decimal numbers as integers of their smallest unit; what `DecimalText` does in Market.
#pragma once
#include "scalars.hpp"

namespace tapedeck {

/// Digits of a decimal number, those behind the point included.
constexpr size_t decimal_digits = 18;

constexpr int64_t integer_powers[] = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000, 10'000'000'000,
    100'000'000'000, 1'000'000'000'000, 10'000'000'000'000, 100'000'000'000'000, 1'000'000'000'000'000,
    10'000'000'000'000'000, 100'000'000'000'000'000, 1'000'000'000'000'000'000};

/// Any decimal text; `scale` is at most 18. False where it is no number or does not fit.
bool read_units_slowly(std::string_view text, size_t scale, int64_t &units);

/// A decimal of at most fifteen bytes without sign or exponent; false for anything else. Sixteen bytes from `text` must
/// be readable.
__attribute__((always_inline)) inline bool read_plain_units(
    const char *text, size_t count, size_t scale, int64_t &units) {
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
    if (before == 0 || before + 1 == count || (text[0] == '0' && before != 1) || after > scale) return false;
    const int64_t value = (int64_t)digits_value(digits), unit = integer_powers[scale - after];
    if (!are_digits(digits) || value >= integer_powers[decimal_digits - (scale - after)]) return false;
    units = value * unit;
    return true;
}

/// The number in units of 10^-scale. Sixteen bytes from the start of the text must be readable.
inline bool read_units(std::string_view text, size_t scale, int64_t &units) {
    return read_plain_units(text.data(), text.size(), scale, units) || read_units_slowly(text, scale, units);
}

}  // namespace tapedeck
