// Frames in the one form that a venue writes: no white space, keys in a fixed order, names seen before.
//
// Such a frame needs no tokens: what stands where is known, so that it is enough to compare. Every byte is looked at:
// it belongs to the form, to a number, or to a name that an earlier frame, checked in full, has shown to be valid. What
// differs in anything is left to the walk over tokens, so that a reader of the fixed form never rejects and never gives
// a name its number; it either has read the whole frame or has done nothing.
#pragma once
#include <array>

#include "decoder.hpp"

namespace tapedeck {

/// Steps over `form` where it stands at `at`. As many bytes from `at` on must be readable.
template <size_t Size>
__attribute__((always_inline)) inline bool step_over(const char *&at, const char (&form)[Size]) {
    const bool is_there = memcmp(at, form, Size - 1) == 0;
    at += Size - 1;
    return is_there;
}

/// For a decimal of `count` bytes with `before` of them before the point: its digits moved to the right end. The row
/// is found as `before * 17 + count`.
struct DigitShuffles {
    alignas(16) uint8_t rows[17 * 17][16];
    constexpr DigitShuffles() : rows() {
        for (int before = 0; before <= 16; before++) {
            for (int count = 0; count <= 16; count++) {
                int target = 15;
                for (int place = 15; place >= 0; place--)
                    if (place < count && place != before) rows[before * 17 + count][target--] = (uint8_t)place;
                while (target >= 0) rows[before * 17 + count][target--] = 128;
            }
        }
    }
};
inline constexpr DigitShuffles digit_shuffles;

/// A number that is not up to fifteen digits and a point.
bool read_unusual_decimal(const char *&at, char mark, double &value);

/// Reads a number up to `mark` and steps over both. Sixteen bytes from `at` on must be readable, and behind the number
/// something must stand that is part of none.
__attribute__((always_inline)) inline bool read_fixed_decimal(const char *&at, char mark, double &value) {
    const __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    const __m128i values = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
    const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
    const unsigned point_mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('.')));
    const unsigned part_mask = (unsigned)_mm_movemask_epi8(is_digit) | point_mask;
    const size_t count = (size_t)__builtin_ctz(~part_mask);
    const unsigned points = point_mask & ((1u << count) - 1);
    const size_t before = (size_t)__builtin_ctz(points | 1u << count);
    // Sixteen bytes are too many, and at most one may be a point, with digits on both sides and no zero in front.
    const bool is_plain = (count < 16) & ((points & (points - 1)) == 0) & (before != 0) & (before + 1 != count) &
                          ((at[0] != '0') | (before == 1)) & (at[count] == mark);
    if (__builtin_expect(!is_plain, 0)) return read_unusual_decimal(at, mark, value);
    const __m128i shuffle = _mm_load_si128((const __m128i *)digit_shuffles.rows[before * 17 + count]);
    const uint64_t digits = digits_value(_mm_shuffle_epi8(values, shuffle));
    value = (double)(int64_t)digits / exact_powers[count - before - (points != 0)];
    at += count + 1;
    return true;
}

/// Reads a whole number of up to sixteen digits up to `mark` and steps over both. Sixteen bytes from `at` on must be
/// readable, and one more.
__attribute__((always_inline)) inline bool read_fixed_count(const char *&at, char mark, int64_t &value) {
    const __m128i values = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8('0'));
    const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
    const size_t count = (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8(is_digit));
    if (count == 0 || (at[0] == '0' && count != 1) || at[count] != mark) return false;
    value = (int64_t)digits_value(right_aligned(values, count));
    at += count + 1;
    return true;
}

/// Reads exactly `Count` digits, at most sixteen, and steps over them.
template <size_t Count>
__attribute__((always_inline)) inline bool read_digits(const char *&at, int64_t &value) {
    const __m128i values = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8('0'));
    const __m128i digits = right_aligned(values, Count);
    value = (int64_t)digits_value(digits);
    at += Count;
    return are_digits(digits);
}

/// Bytes before the first `mark` of the 32 at `at`; 32 where there is none.
__attribute__((always_inline)) inline size_t distance(const char *at, char mark) {
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)at);
    return (size_t)_tzcnt_u32((unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(mark))));
}

}  // namespace tapedeck
