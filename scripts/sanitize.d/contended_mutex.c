// What Thread Sanitizer has to know about Synchronization.Mutex; scripts/sanitize links it into the tests.
//
// The fast path of a Mutex is compiled into our code, where the sanitizer sees its atomics. The path taken when threads
// contend is in libswiftSynchronization.so, which is not instrumented, so that every contended Mutex would be reported as
// a race. The functions here stand in front of the library's: each calls it and tells the sanitizer which order it made.
//
// Source: Mutex on Linux in the module interface of Swift 6.3; `self` is the address of the lock word.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF void *self __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool try_lock_slow(SELF) __asm__(TRY_LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

static SWIFT void (*library_lock)(uint32_t thread, SELF);
static SWIFT bool (*library_try_lock)(SELF);
static SWIFT void (*library_unlock)(SELF);

static void *in_library(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (function) return function;
    fprintf(stderr, "scripts/sanitize.d/contended_mutex.c: libswiftSynchronization has no %s\n", name);
    abort();
}

__attribute__((constructor)) static void find_library(void) {
    library_lock = (SWIFT void (*)(uint32_t, SELF))in_library(LOCK);
    library_try_lock = (SWIFT bool (*)(SELF))in_library(TRY_LOCK);
    library_unlock = (SWIFT void (*)(SELF))in_library(UNLOCK);
}

SWIFT void lock_slow(uint32_t thread, SELF) {
    library_lock(thread, self);
    __tsan_acquire(self);
}

SWIFT bool try_lock_slow(SELF) {
    bool taken = library_try_lock(self);
    if (taken) __tsan_acquire(self);
    return taken;
}

SWIFT void unlock_slow(SELF) {
    __tsan_release(self);
    library_unlock(self);
}
