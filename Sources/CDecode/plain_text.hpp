// Text in a frame of a venue's fixed form that is checked without being known before.
#pragma once
#include "fixed_form.hpp"

namespace tapedeck {

/// Bytes of the text at `at` up to its closing quote, where it has at most 31, all of them ASCII and without escapes;
/// 32 for anything else. 32 bytes must be readable.
__attribute__((always_inline)) inline size_t plain_text(const char *at) {
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)at);
    const unsigned quotes = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')));
    // Compared with sign: bytes beyond ASCII count as below the space.
    const unsigned plain = (unsigned)_mm256_movemask_epi8(_mm256_cmpgt_epi8(bytes, _mm256_set1_epi8(0x1f)));
    const unsigned escapes = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
    const size_t length = (size_t)_tzcnt_u32(quotes);
    const uint64_t inside = (1ull << length) - 1;
    return ((uint64_t)(~plain | escapes) & inside) == 0 ? length : 32;
}

/// Steps over 36 bytes of a UUID in lower case. 64 bytes must be readable.
__attribute__((always_inline)) inline bool step_over_uuid(const char *&at) {
    auto is_part = [](__m256i bytes) {
        const __m256i digits = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
        const __m256i letters = _mm256_sub_epi8(bytes, _mm256_set1_epi8('a'));
        const __m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digits, _mm256_set1_epi8(9)), digits);
        const __m256i is_letter = _mm256_cmpeq_epi8(_mm256_min_epu8(letters, _mm256_set1_epi8(5)), letters);
        const __m256i is_dash = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('-'));
        return _mm256_or_si256(_mm256_or_si256(is_digit, is_letter), is_dash);
    };
    const __m256i front = is_part(_mm256_loadu_si256((const __m256i *)at));
    const __m256i back = is_part(_mm256_loadu_si256((const __m256i *)(at + 4)));
    at += 36;
    return _mm256_movemask_epi8(_mm256_and_si256(front, back)) == -1;
}

}  // namespace tapedeck
