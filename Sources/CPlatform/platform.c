#define _GNU_SOURCE
#include "include/CPlatform.h"

#include <malloc.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>

void td_thread_set_name(const char *name) {
    char kept[16];
    snprintf(kept, sizeof kept, "%s", name);
    pthread_setname_np(pthread_self(), kept);
}

int td_open_direct(const char *path, bool write, bool create) {
    int flags = O_CLOEXEC | O_DIRECT | (write ? O_RDWR : O_RDONLY) | (create ? O_CREAT : 0);
    return open(path, flags, 0644);
}

int td_allocate(int fd, int64_t bytes, bool keep_size) {
    int status;
    do {
        status = fallocate(fd, keep_size ? FALLOC_FL_KEEP_SIZE : 0, 0, bytes) == 0 ? 0 : errno;
    } while (status == EINTR);
    return status;
}

int td_lock_exclusive(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno; }

int td_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int64_t td_peak_resident_bytes(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (int64_t)usage.ru_maxrss * 1024;
}

void td_fix_memory_thresholds(int block_bytes, int trim_bytes) {
    mallopt(M_MMAP_THRESHOLD, block_bytes);
    mallopt(M_TRIM_THRESHOLD, trim_bytes);
}

int64_t td_cpu_ns(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    int64_t microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    return seconds * 1000000000 + microseconds * 1000;
}
