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
enum { LANE = 1024 };
static uint32_t shift_lane[4][256];

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
    for (int place = 0; place < 4; place++)
        for (uint32_t byte = 0; byte < 256; byte++) shift_lane[place][byte] = advance_zeros(byte << (8 * place), LANE);
}

static inline uint32_t over_lane(uint32_t crc) {
    return shift_lane[0][crc & 0xff] ^ shift_lane[1][(crc >> 8) & 0xff] ^ shift_lane[2][(crc >> 16) & 0xff] ^
           shift_lane[3][crc >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t with_instruction(uint32_t crc, const uint8_t *bytes, size_t count) {
    uint64_t word;
    while (count >= 3 * LANE) {
        uint64_t a = crc, b = 0, c = 0, wb, wc;
        for (size_t at = 0; at < LANE; at += 8) {
            memcpy(&word, bytes + at, 8);
            memcpy(&wb, bytes + LANE + at, 8);
            memcpy(&wc, bytes + 2 * LANE + at, 8);
            a = __builtin_ia32_crc32di(a, word);
            b = __builtin_ia32_crc32di(b, wb);
            c = __builtin_ia32_crc32di(c, wc);
        }
        crc = over_lane(over_lane((uint32_t)a) ^ (uint32_t)b) ^ (uint32_t)c;
        bytes += 3 * LANE;
        count -= 3 * LANE;
    }
    uint64_t wide = crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; bytes++, count--) crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
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

bool td_crc32c_is_hardware(void) { return hardware; }
