// Frame bytes in, columns out: simdjson behind a C interface.
#pragma once
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
/// Bytes that must be readable behind every frame handed to a decoder.
size_t td_padding_bytes(void);
#ifdef __cplusplus
}
#endif
