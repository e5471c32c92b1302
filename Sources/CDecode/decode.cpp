#include "decoder.hpp"

#include <simdjson.h>

#include <charconv>

extern "C" size_t td_padding_bytes(void) { return simdjson::SIMDJSON_PADDING; }

extern "C" td_decoder *td_decoder_create(td_intern intern, void *context, bool knows_fixed_form) {
    td_decoder *decoder = new td_decoder;
    decoder->intern = intern;
    decoder->context = context;
    decoder->knows_fixed_form = knows_fixed_form;
    decoder->conditions.insert("null", TD_MISSING_INDEX);  // what stands in the place of a list
    return decoder;
}

extern "C" void td_decoder_destroy(td_decoder *decoder) { delete decoder; }

extern "C" size_t td_count_tokens(td_decoder *decoder, td_frame frame) {
    const uint32_t *starts;
    size_t tokens;
    return decoder->tokenizer.scan(frame.bytes, frame.count, starts, tokens) ? tokens : 0;
}

extern "C" bool td_read_decimal(const char *text, size_t count, double *value) {
    const std::string_view whole(text, count);
    if (tapedeck::read_decimal(whole, *value)) return true;
    auto result = std::from_chars(text, text + count, *value);
    return count > 0 && result.ec == std::errc() && result.ptr == text + count;
}
