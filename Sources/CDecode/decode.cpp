#include "decoder.hpp"

#include <simdjson.h>

extern "C" size_t td_padding_bytes(void) { return simdjson::SIMDJSON_PADDING; }

extern "C" td_decoder *td_decoder_create(td_intern intern, void *context) {
    td_decoder *decoder = new td_decoder;
    decoder->intern = intern;
    decoder->context = context;
    return decoder;
}

extern "C" void td_decoder_destroy(td_decoder *decoder) { delete decoder; }
