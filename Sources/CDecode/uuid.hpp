// UUIDs as text: 8-4-4-4-12 hexadecimal digits (RFC 9562 section 4).
#pragma once
#include <immintrin.h>
#include <stddef.h>

namespace tapedeck {

constexpr size_t uuid_bytes = 36;

/// Copies a UUID in lower case; false where the 36 bytes at `text` are none. The target has room for as many.
__attribute__((always_inline)) inline bool copy_uuid(const char *text, char *target) {
    const __m256i front = _mm256_loadu_si256((const __m256i *)text);
    const __m256i back = _mm256_loadu_si256((const __m256i *)(text + 4));
    // The bit that makes letters small. Digits and hyphens have it, and other bytes would become such by it: they are
    // compared as they are.
    const __m256i small = _mm256_set1_epi8(0x20);
    const auto hyphens = [](__m256i bytes) {
        return (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('-')));
    };
    const auto digits = [small](__m256i bytes) {
        const __m256i decimal = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
        const __m256i letter = _mm256_sub_epi8(_mm256_or_si256(bytes, small), _mm256_set1_epi8('a'));
        const __m256i is_decimal = _mm256_cmpeq_epi8(_mm256_min_epu8(decimal, _mm256_set1_epi8(9)), decimal);
        const __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letter, _mm256_set1_epi8(5)), letter);
        return (unsigned)_mm256_movemask_epi8(_mm256_or_si256(is_decimal, is_letter));
    };
    constexpr unsigned front_hyphens = 1u << 8 | 1u << 13 | 1u << 18 | 1u << 23, back_hyphens = front_hyphens >> 4;
    if (hyphens(front) != front_hyphens || digits(front) != ~front_hyphens || hyphens(back) != back_hyphens ||
        digits(back) != ~back_hyphens)
        return false;
    _mm256_storeu_si256((__m256i *)target, _mm256_or_si256(front, small));
    _mm256_storeu_si256((__m256i *)(target + 4), _mm256_or_si256(back, small));
    return true;
}

}  // namespace tapedeck
