// libwebsockets, with functions for the macros that Swift cannot import.
#pragma once
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>  // not in the Glibc module
#include <sys/socket.h>

/// Options of a context; without TLS it does not read the system's certificate authorities.
static inline uint64_t td_lws_options(bool tls) {
    return LWS_SERVER_OPTION_NO_LWS_SYSTEM_STATES | (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0);
}
/// Accepted sockets go to the `raw-skt` role: the library brings sockets, TLS and the event loop, we bring the bytes.
static inline uint64_t td_lws_options_raw_listener(void) {
    return LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG | LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND;
}
static inline uint64_t td_lws_option_no_ipv6(void) { return LWS_SERVER_OPTION_DISABLE_IPV6; }
static inline uint64_t td_lws_option_no_system_authorities(void) { return LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS; }

/// Closes a connection from the service thread, outside a callback of its own.
static inline void td_lws_close_soon(struct lws *wsi) { lws_set_timeout(wsi, 1, LWS_TO_KILL_ASYNC); }

/// Ends the sending direction of a connection: the peer reads what was written, then the end.
static inline void td_lws_end_sending(struct lws *wsi) { shutdown(lws_get_socket_fd(wsi), SHUT_WR); }

/// Why the peer's certificate is not trusted; NULL where it is, or where there is none.
static inline const char *td_lws_certificate_problem(struct lws *wsi) {
    SSL *tls = lws_get_ssl(wsi);
    long result = tls ? SSL_get_verify_result(tls) : X509_V_OK;
    return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

/// Bytes that a WebSocket write needs free ahead of its payload.
static inline size_t td_lws_headroom(void) { return LWS_PRE; }

/// A timer of the service thread that knows whom it belongs to.
typedef struct td_lws_timer {
    lws_sorted_usec_list_t scheduled;  // first, so that the callback's pointer is this structure
    void *owner;
} td_lws_timer;
