#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
/// Correctly rounded double of decimal text (no locale, no hex); false where the text is not one number.
bool td_parse_double(const char *text, size_t count, double *value);
/// Shortest decimal text that reads back as `value`; writes at most 32 bytes, returns how many.
size_t td_format_double(double value, char *text);
/// Decimal digits of `value`; writes at most 20 bytes, returns how many.
size_t td_format_integer(int64_t value, char *text);
#ifdef __cplusplus
}
#endif
