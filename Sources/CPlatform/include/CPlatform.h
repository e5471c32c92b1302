// What Swift cannot import from libc, and the Arrow C data interface.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CPlatformNumbers.h"

/// Names the calling thread (at most 15 bytes are kept).
void td_thread_set_name(const char *name);
/// Opens with flags that Swift's Glibc view lacks; -1 and errno on failure. `direct` asks for O_DIRECT.
int td_open_direct(const char *path, bool write, bool create);
/// Preallocates `bytes` without changing the visible size when `keep_size`; 0 or an errno value.
int td_allocate(int fd, int64_t bytes, bool keep_size);
/// Takes the exclusive advisory lock of an open file without waiting; 0 or an errno value.
int td_lock_exclusive(int fd);
/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, continued from `seed` (0 to start).
uint32_t td_crc32c(uint32_t seed, const void *bytes, size_t count);
/// CRC-32C of the sixteen bytes of two words as they lie in memory, and of the bytes.
uint32_t td_crc32c_words(uint64_t first, uint64_t second, const void *bytes, size_t count);
/// True where the processor's own CRC instruction is used.
bool td_crc32c_is_hardware(void);
/// Replaces whole blocks of `bytes` by 16 bytes that have the same CRC-32 when they begin a message of their own, by carry-less
/// multiplication (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009).
/// Returns how many bytes; 0 for few, and where the processor cannot.
size_t td_crc32_fold(uint32_t sum, const void *bytes, size_t count, uint8_t rest[16]);
/// An eventfd (non-blocking, close-on-exec); -1 and errno on failure.
int td_eventfd(void);
/// Says that `object` goes to another thread through a library that orders the two in a way that Thread Sanitizer cannot
/// see. Does nothing in other builds.
void td_hand_over(void *object);
/// Says that `object` came from the thread that called `td_hand_over`.
void td_take_over(void *object);
/// Peak resident memory of this process in bytes.
int64_t td_peak_resident_bytes(void);
/// User plus system time of this process in nanoseconds.
int64_t td_cpu_ns(void);
/// Fixes the sizes from which freed memory goes back to the system, in bytes: single blocks, and the end of the heap.
void td_fix_memory_thresholds(int block_bytes, int trim_bytes);
// Arrow C data interface: structures as laid down in the Arrow specification, "The Arrow C data interface".
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4
struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};
struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};
#endif
#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE
struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};
#endif
/// Catches SIGINT and SIGTERM from now on; a second signal ends the process with 130. 0 or an errno value.
int td_interrupt_install(void);
/// The signal that came first; 0 before.
int td_interrupt_signal(void);
/// Acts as if SIGTERM had come; without effect where a signal came before.
void td_interrupt_request(void);
/// Waits for the first signal, at most `timeout_ns` nanoseconds (negative: for ever).
void td_interrupt_wait(int64_t timeout_ns);
/// Columns of the terminal behind a descriptor; 80 where there is none.
int td_terminal_width(int descriptor);
