#include "include/CPlatform.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
void __tsan_acquire(void *address);
void __tsan_release(void *address);

void td_hand_over(void *object) { __tsan_release(object); }
void td_take_over(void *object) { __tsan_acquire(object); }
#define WATCHED
#endif
#endif

#ifndef WATCHED
void td_hand_over(void *object) { (void)object; }
void td_take_over(void *object) { (void)object; }
#endif
