#include "include/CPlatform.h"

#if defined(__x86_64__)
#include <wmmintrin.h>

static bool hardware;

__attribute__((constructor)) static void prepare(void) {
    hardware = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse2");
}

// What stands behind is 16 or 64 bytes further on: multiplied by x to that many bits, modulo the polynomial, it is the same remainder.
__attribute__((target("pclmul,sse2"), always_inline)) static inline __m128i over(__m128i value, __m128i factors, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(value, factors, 0x00), high = _mm_clmulepi64_si128(value, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse2"))) static size_t fold(uint32_t state, const uint8_t *bytes, size_t count, uint8_t *rest) {
    const __m128i over_64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4), over_16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const __m128i *words = (const __m128i *)bytes;
    __m128i a = _mm_xor_si128(_mm_loadu_si128(words), _mm_cvtsi32_si128((int)state));
    __m128i b = _mm_loadu_si128(words + 1), c = _mm_loadu_si128(words + 2), d = _mm_loadu_si128(words + 3);
    size_t at = 4, end = count / 16;
    for (; at + 4 <= end; at += 4) {
        a = over(a, over_64, _mm_loadu_si128(words + at));
        b = over(b, over_64, _mm_loadu_si128(words + at + 1));
        c = over(c, over_64, _mm_loadu_si128(words + at + 2));
        d = over(d, over_64, _mm_loadu_si128(words + at + 3));
    }
    a = over(over(over(a, over_16, b), over_16, c), over_16, d);
    for (; at < end; at++) a = over(a, over_16, _mm_loadu_si128(words + at));
    _mm_storeu_si128((__m128i *)rest, a);
    return at * 16;
}
#endif

size_t td_crc32_fold(uint32_t sum, const void *bytes, size_t count, uint8_t rest[16]) {
#if defined(__x86_64__)
    if (hardware && count >= 64) return fold(~sum, bytes, count, rest);
#endif
    return 0;
}
