#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "include/CPlatform.h"

static atomic_int first_signal;
static int wake_descriptor = -1;

// Async-signal-safe: lock-free atomics, write and _exit only.
static void handle(int signal) {
    int saved = errno;
    int none = 0;
    if (!atomic_compare_exchange_strong(&first_signal, &none, signal)) _exit(130);
    // Never read, so that the descriptor stays readable and wakes everybody who waits, now or later.
    uint64_t one = 1;
    ssize_t written = write(wake_descriptor, &one, sizeof one);
    (void)written;
    errno = saved;
}

int td_interrupt_install(void) {
    if (wake_descriptor >= 0) return 0;
    wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake_descriptor < 0) return errno;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    // One signal at a time: the second of two must see the first.
    sigaddset(&action.sa_mask, SIGINT);
    sigaddset(&action.sa_mask, SIGTERM);
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) return errno;
    return 0;
}

int td_interrupt_signal(void) { return atomic_load(&first_signal); }

void td_interrupt_request(void) {
    int none = 0;
    if (!atomic_compare_exchange_strong(&first_signal, &none, SIGTERM)) return;
    uint64_t one = 1;
    ssize_t written = write(wake_descriptor, &one, sizeof one);
    (void)written;
}

void td_interrupt_wait(int64_t timeout_ns) {
    // More than a year is for ever, and would overflow below.
    if (timeout_ns > 365LL * 86400 * 1000000000) timeout_ns = -1;
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t deadline = now.tv_sec * 1000000000LL + now.tv_nsec + timeout_ns;
    while (td_interrupt_signal() == 0) {
        struct timespec *limit = NULL;
        if (timeout_ns >= 0) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            int64_t left = deadline - (now.tv_sec * 1000000000LL + now.tv_nsec);
            if (left <= 0) return;
            end.tv_sec = left / 1000000000;
            end.tv_nsec = left % 1000000000;
            limit = &end;
        }
        struct pollfd descriptor = {.fd = wake_descriptor, .events = POLLIN};
        ppoll(&descriptor, 1, limit, NULL);
    }
}

int td_terminal_width(int descriptor) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}
