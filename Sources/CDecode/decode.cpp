#include "include/CDecode.h"

#include <simdjson.h>

extern "C" size_t td_padding_bytes(void) { return simdjson::SIMDJSON_PADDING; }
