// The database connectivity header is fetched by scripts/setup (version and checksum in deps/).
// The Arrow structures come from CPlatform, so that both modules speak of the same types.
#pragma once
#include "../CPlatform/include/CPlatform.h"
#if __has_include("../../.deps/include/adbc.h")
#include "../../.deps/include/adbc.h"
#else
#error "adbc.h is missing: run scripts/setup (or make build), which fetches it into .deps/include"
#endif
