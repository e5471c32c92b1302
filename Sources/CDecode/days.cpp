#include "include/CDecodeTable.h"

#include <string.h>

#include "times.hpp"

namespace tapedeck {
namespace {

/// The numbers of the digit pairs that `order` picks from the text; false where one of them is no digit. `marks` must
/// stand in the text at the places of `mask`.
inline bool read_pairs(__m128i text, __m128i order, __m128i marks, int mask, __m128i &pairs) {
    const __m128i digits = _mm_shuffle_epi8(_mm_sub_epi8(text, _mm_set1_epi8('0')), order);
    pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    return (_mm_movemask_epi8(_mm_cmpeq_epi8(text, marks)) & mask) == mask && are_digits(digits);
}

/// The ten bytes of a day, and none behind them.
inline bool read_day(const char *text, int64_t &day) {
    const __m128i order = _mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i marks = _mm_setr_epi8(0, 0, 0, 0, '-', 0, 0, '-', 0, 0, 0, 0, 0, 0, 0, 0);
    int64_t front;
    uint16_t back;
    memcpy(&front, text, 8);
    memcpy(&back, text + 8, 2);
    __m128i pairs;
    if (!read_pairs(_mm_set_epi64x(back, front), order, marks, 0x90, pairs)) return false;
    const int64_t year = _mm_extract_epi16(pairs, 0) * 100 + _mm_extract_epi16(pairs, 1);
    const int64_t month = _mm_extract_epi16(pairs, 2), of_month = _mm_extract_epi16(pairs, 3);
    if (year < 1970 || year > 2199 || month < 1 || month > 12 || of_month < 1 || of_month > days_of_month(year, month))
        return false;
    day = days_since_1970(year, month, of_month);
    return true;
}

/// The eight bytes of `hh:mm:ss`.
inline bool read_time(int64_t text, int64_t &of_day_ns) {
    const __m128i order = _mm_setr_epi8(0, 1, 3, 4, 6, 7, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i marks = _mm_setr_epi8(0, 0, ':', 0, 0, ':', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    __m128i pairs;
    if (!read_pairs(_mm_set_epi64x(0, text), order, marks, 0x24, pairs)) return false;
    const int64_t hour = _mm_extract_epi16(pairs, 0), minute = _mm_extract_epi16(pairs, 1);
    const int64_t second = _mm_extract_epi16(pairs, 2);
    of_day_ns = ((hour * 60 + minute) * 60 + second) * ns_per_s;
    return hour < 24 && minute < 60 && second <= 60;
}

}  // namespace
}  // namespace tapedeck

extern "C" bool td_read_day(const char *text, size_t count, int64_t *day) {
    return count >= 10 && tapedeck::read_day(text, *day);
}

extern "C" bool td_read_day_and_time(const char *text, size_t count, int64_t *day, int64_t *of_day_ns) {
    if ((count != 10 && count != 16 && count != 19) || !tapedeck::read_day(text, *day)) return false;
    *of_day_ns = 0;
    if (count == 10) return true;
    if (text[10] != ' ' && text[10] != 'T') return false;
    char time[] = {'0', '0', ':', '0', '0', ':', '0', '0'};
    memcpy(time, text + 11, count - 11);
    int64_t bytes;
    memcpy(&bytes, time, 8);
    return tapedeck::read_time(bytes, *of_day_ns);
}
