// Frames of the shape {"data":[event, …],"type":"…"}: the walk that such venues share.
#pragma once
#include "fixed_form.hpp"

namespace tapedeck {

/// What the outer object of a frame says.
struct Envelope {
    /// Inside of the string.
    std::string_view type;
    /// Token of `msg`.
    std::string_view message;
    bool has_data = false;
    /// What is wrong with the frame as a whole.
    Fault fault;
};

/// Walks the elements of `data`; each object is read by `Format::event(tokens, writer, fault, index)`.
/// Returns false where the frame is malformed.
template <class Format>
bool read_events(Tokens &tokens, Envelope &envelope, FrameWriter &writer, Format &format) {
    if (!tokens.open('[')) return refuse(tokens, envelope.fault, "data");
    if (tokens.close_empty(']')) return true;
    bool more = true;
    for (int32_t index = 0; more; index++) {
        const char *begin = tokens.here();
        Fault fault;
        if (tokens.open('{')) {
            if (!format.event(tokens, writer, fault, index)) return false;
        } else {
            fault.set(TD_WRONG_TYPE, "data");
            if (!tokens.skip()) return false;
        }
        if (__builtin_expect(fault.any(), 0)) writer.reject(index, fault, begin, tokens.here());
        if (!tokens.next(']', more)) return false;
    }
    return true;
}

/// Walks the outer object. Returns false where the frame is malformed.
template <class Format>
bool read_envelope(Tokens &tokens, Envelope &envelope, FrameWriter &writer, Format &format) {
    if (!tokens.open('{')) return false;
    bool more = !tokens.close_empty('}');
    bool has_type = false;
    const char *name;
    while (more) {
        if (!tokens.key(name)) return false;
        bool sound;
        if (!envelope.has_data && memcmp(name, "data\"", 5) == 0) {
            envelope.has_data = true;
            sound = read_events(tokens, envelope, writer, format);
        } else if (!has_type && memcmp(name, "type\"", 5) == 0) {
            has_type = true;
            sound = read_name(tokens, envelope.type, envelope.fault, "type");
        } else if (envelope.message.empty() && memcmp(name, "msg\"", 4) == 0) {
            const char *begin = tokens.here();
            sound = tokens.skip();
            envelope.message = std::string_view(begin, (size_t)(tokens.here() - begin));
        } else {
            sound = tokens.skip();
        }
        if (!sound || !tokens.next('}', more)) return false;
    }
    if (!has_type) envelope.fault.set(TD_MISSING_FIELD, "type");
    return !tokens.has(1);
}

/// Reads a whole frame. `Format` has `event`; `wants(type)`, which is asked when all events were read; and `fixed_form`,
/// which reads a frame of the venue's own form or does nothing.
template <class Format>
void decode_event_frame(td_decoder &decoder, const td_frame &frame, td_output &output) {
    if (decoder.knows_fixed_form && Format::fixed_form(decoder, frame, output)) return;
    FrameWriter writer(decoder, frame, output);
    Format format;
    Envelope envelope;
    const uint32_t *starts;
    size_t count;
    if (!decoder.tokenizer.scan(frame.bytes, frame.count, starts, count))
        return writer.reject_frame(TD_MALFORMED, "not JSON");
    Tokens tokens(frame.bytes, starts, count);
    if (!read_envelope(tokens, envelope, writer, format)) return writer.reject_frame(TD_MALFORMED, "not JSON");
    if (envelope.type == "error") {
        std::string_view message = envelope.message;
        if (message.empty()) message = std::string_view(frame.bytes, frame.count);
        writer.roll_back();
        return writer.reject(0, Fault{TD_VENUE_ERROR, ""}, message.data(), message.data() + message.size());
    }
    const bool is_wanted = format.wants(envelope.type);
    if (is_wanted && !envelope.has_data) envelope.fault.set(TD_MISSING_FIELD, "data");
    if (!envelope.type.empty() && !is_wanted) return writer.ignore_frame();
    if (envelope.fault.any()) writer.reject_frame(envelope.fault.reason, envelope.fault.what);
}

}  // namespace tapedeck
