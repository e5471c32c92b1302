// libwebsockets before 4.2 takes new indexes for what it keeps beside TLS connections with each context, into two global
// variables. A handshake of another context then looks in the wrong place: good certificates are refused, connections leak.
// Here it gets its first ones again. Later versions ask once (`openssl_ex_indexes_acquired` in their source).
#define _GNU_SOURCE
#include "CNetworking.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>

typedef int acquire(int class_index, long number, void *pointer, void *make, void *copy, void *release);

/// Of connections and of their settings: CRYPTO_EX_INDEX_SSL and CRYPTO_EX_INDEX_SSL_CTX of OpenSSL.
enum { classes = 2 };
static int kept[classes] = {-1, -1};
static _Thread_local bool is_keeping;

void td_keep_tls_indexes(void) { is_keeping = true; }
void td_release_tls_indexes(void) { is_keeping = false; }

/// Stands before OpenSSL's function of this name: a program's own comes first.
int CRYPTO_get_ex_new_index(int class_index, long number, void *pointer, void *make, void *copy, void *release) {
    static acquire *next;
    if (next == NULL) next = (acquire *)dlsym(RTLD_NEXT, "CRYPTO_get_ex_new_index");
    if (next == NULL) return -1;
    const bool is_kept = is_keeping && class_index >= 0 && class_index < classes && make == NULL && release == NULL;
    if (is_kept && kept[class_index] >= 0) return kept[class_index];
    const int index = next(class_index, number, pointer, make, copy, release);
    if (is_kept) kept[class_index] = index;
    return index;
}
