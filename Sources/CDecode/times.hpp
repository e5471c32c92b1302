// Times as text: RFC 3339 and decimal seconds, to nanoseconds since 1970.
//
// Source: RFC 3339 section 5.6; H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2014 (days of a date).
#pragma once
#include "scalars.hpp"

namespace tapedeck {

constexpr int64_t ns_per_s = 1'000'000'000;

/// Days from 1970-01-01 to a date of the Gregorian calendar from 1970 on.
constexpr int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
    // Years begin in March, so that the leap day is the last of one.
    const int64_t shifted = month > 2 ? year : year - 1, era = shifted / 400, of_era = shifted % 400;
    const int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

/// Days of a month of the Gregorian calendar.
constexpr int64_t days_of_month(int64_t year, int64_t month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return 30 + ((month + (month >> 3)) & 1);
}

/// A date and a time of the day in UTC; false where there is none such between 1970 and 9999.
inline bool read_civil(
    int64_t year, int64_t month, int64_t day, int64_t hour, int64_t minute, int64_t second, int64_t &seconds) {
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month)) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

/// Seconds and nanoseconds together; the largest number where that is too much for it, in the year 2262.
inline int64_t nanoseconds(int64_t seconds, int64_t fraction_ns) {
    return seconds >= INT64_MAX / ns_per_s ? INT64_MAX : seconds * ns_per_s + fraction_ns;
}

/// Text such as `2021-04-17T16:43:30.244075Z`, of 27 bytes; false for anything else. 27 bytes must be readable.
__attribute__((always_inline)) inline bool read_utc_micros(const char *text, int64_t &ns) {
    const __m128i zero = _mm_set1_epi8('0');
    const __m128i date = _mm_loadu_si128((const __m128i *)text);            // YYYY-MM-DDThh:mm
    const __m128i time = _mm_loadu_si128((const __m128i *)(text + 11));     // hh:mm:ss.ffffffZ
    const __m128i date_marks = _mm_setr_epi8(0, 0, 0, 0, '-', 0, 0, '-', 0, 0, 'T', 0, 0, ':', 0, 0);
    const __m128i time_marks = _mm_setr_epi8(0, 0, 0, 0, 0, ':', 0, 0, '.', 0, 0, 0, 0, 0, 0, 'Z');
    const int date_mask = _mm_movemask_epi8(_mm_cmpeq_epi8(date, date_marks)) & 0x2490;
    const int time_mask = _mm_movemask_epi8(_mm_cmpeq_epi8(time, time_marks)) & 0x8120;
    const __m128i date_digits = _mm_shuffle_epi8(
        _mm_sub_epi8(date, zero), _mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, -1, -1, -1, -1));
    const __m128i second_digits = _mm_shuffle_epi8(
        _mm_sub_epi8(time, zero), _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 6, 7, -1, -1));
    const __m128i digits = _mm_or_si128(date_digits, second_digits);
    const __m128i fraction = _mm_shuffle_epi8(
        _mm_sub_epi8(time, zero), _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 9, 10, 11, 12, 13, 14));
    if (date_mask != 0x2490 || time_mask != 0x8120 || !are_digits(digits) || !are_digits(fraction)) return false;
    const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010a));
    int64_t seconds;
    if (!read_civil(
            _mm_extract_epi16(pairs, 0) * 100 + _mm_extract_epi16(pairs, 1), _mm_extract_epi16(pairs, 2),
            _mm_extract_epi16(pairs, 3), _mm_extract_epi16(pairs, 4), _mm_extract_epi16(pairs, 5),
            _mm_extract_epi16(pairs, 6), seconds))
        return false;
    ns = nanoseconds(seconds, (int64_t)digits_value(fraction) * 1000);
    return true;
}

/// A date and time with a zone and any number of decimals, of which nine count; false for anything else.
bool read_rfc3339_slowly(std::string_view text, int64_t &ns);

/// The same; text of microseconds in UTC, which venues send, is read on a shorter way.
inline bool read_rfc3339(std::string_view text, int64_t &ns) {
    return (text.size() == 27 && read_utc_micros(text.data(), ns)) || read_rfc3339_slowly(text, ns);
}

/// Seconds since 1970 as digits with or without decimals, of which nine count; false for anything else.
bool read_epoch_seconds(std::string_view text, int64_t &ns);

}  // namespace tapedeck
