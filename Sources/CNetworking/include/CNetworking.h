// What the networking library does not do itself.
#pragma once

/// Between these, on this thread, indexes of TLS data for the networking library are the same as the first time.
void td_keep_tls_indexes(void);
void td_release_tls_indexes(void);
