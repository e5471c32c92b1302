#include "include/CPlatform.h"

#include <string.h>

static uint32_t table[256];
static bool hardware;

__attribute__((constructor)) static void prepare(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ ((remainder & 1) ? 0x82f63b78u : 0);
        table[byte] = remainder;
    }
#if defined(__x86_64__)
    hardware = __builtin_cpu_supports("sse4.2");
#endif
}

#if defined(__x86_64__)
// Three independent streams hide the instruction's latency of three cycles; the streams are joined by
// advancing the left ones over the length of the right ones with a zero-byte operator.
enum { LONG_LANE = 1024, SHORT_LANE = 128 };
static uint32_t over_long_lane[4][256], over_short_lane[4][256];

static uint32_t advance_zeros(uint32_t crc, size_t count) {
    while (count--) crc = (crc >> 8) ^ table[crc & 0xff];
    return crc;
}

__attribute__((constructor)) static void prepare_lanes(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t remainder = byte;
        for (int bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ ((remainder & 1) ? 0x82f63b78u : 0);
        table[byte] = remainder;
    }
    for (int place = 0; place < 4; place++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            over_short_lane[place][byte] = advance_zeros(byte << (8 * place), SHORT_LANE);
            over_long_lane[place][byte] = advance_zeros(byte << (8 * place), LONG_LANE);
        }
    }
}

static inline uint32_t over(uint32_t lane[4][256], uint32_t crc) {
    return lane[0][crc & 0xff] ^ lane[1][(crc >> 8) & 0xff] ^ lane[2][(crc >> 16) & 0xff] ^ lane[3][crc >> 24];
}

__attribute__((target("sse4.2"), always_inline)) static inline uint32_t in_lanes(
    uint32_t crc, const uint8_t *bytes, size_t bytes_of_lane, uint32_t lane[4][256]) {
    uint64_t a = crc, b = 0, c = 0, word, word_b, word_c;
    for (size_t at = 0; at < bytes_of_lane; at += 8) {
        memcpy(&word, bytes + at, 8);
        memcpy(&word_b, bytes + bytes_of_lane + at, 8);
        memcpy(&word_c, bytes + 2 * bytes_of_lane + at, 8);
        a = __builtin_ia32_crc32di(a, word);
        b = __builtin_ia32_crc32di(b, word_b);
        c = __builtin_ia32_crc32di(c, word_c);
    }
    return over(lane, over(lane, (uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
}

__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 3 * LONG_LANE; bytes += 3 * LONG_LANE, count -= 3 * LONG_LANE)
        crc = in_lanes(crc, bytes, LONG_LANE, over_long_lane);
    for (; count >= 3 * SHORT_LANE; bytes += 3 * SHORT_LANE, count -= 3 * SHORT_LANE)
        crc = in_lanes(crc, bytes, SHORT_LANE, over_short_lane);
    uint64_t wide = crc, word;
    for (; count >= 8; bytes += 8, count -= 8) {
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; bytes++, count--) crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
}

__attribute__((target("sse4.2"))) static uint32_t words_with_instruction(uint64_t first, uint64_t second) {
    return (uint32_t)__builtin_ia32_crc32di(__builtin_ia32_crc32di(~0u, first), second);
}
#endif

uint32_t td_crc32c(uint32_t seed, const void *start, size_t count) {
    const uint8_t *bytes = start;
    uint32_t crc = ~seed;
#if defined(__x86_64__)
    if (hardware) return ~with_instruction(crc, bytes, count);
#endif
    for (; count > 0; bytes++, count--) crc = (crc >> 8) ^ table[(crc ^ *bytes) & 0xff];
    return ~crc;
}

uint32_t td_crc32c_words(uint64_t first, uint64_t second, const void *start, size_t count) {
#if defined(__x86_64__)
    if (hardware) return ~with_instruction(words_with_instruction(first, second), start, count);
#endif
    const uint64_t words[] = {first, second};
    return td_crc32c(td_crc32c(0, words, sizeof words), start, count);
}

bool td_crc32c_is_hardware(void) { return hardware; }
