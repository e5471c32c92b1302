// A plain reader of the JSON grammar, to compare with: one byte after the other, no vectors.
//
// Source: RFC 8259. As in the decoders a value's surrogate escapes must be paired, and escapes of keys are not looked at.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string_view>

namespace fuzzing {

/// True where the bytes are UTF-8 (RFC 3629: no surrogates, nothing longer than it need be).
inline bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const uint8_t lead = (uint8_t)text[i];
        const size_t more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : (lead & 0xf0) == 0xe0 ? 2 : 3;
        if (lead >= 0x80 && (lead < 0xc2 || lead > 0xf4)) return false;
        if (i + more >= text.size()) return false;
        uint32_t scalar = more == 0 ? lead : lead & (0x3f >> more);
        for (size_t k = 1; k <= more; k++) {
            const uint8_t byte = (uint8_t)text[i + k];
            if ((byte & 0xc0) != 0x80) return false;
            scalar = scalar << 6 | (byte & 0x3f);
        }
        if (more == 2 && (scalar < 0x800 || (scalar >= 0xd800 && scalar < 0xe000))) return false;
        if (more == 3 && (scalar < 0x10000 || scalar > 0x10ffff)) return false;
        i += more + 1;
    }
    return true;
}

/// Reads one JSON text, or several one behind the other.
class ReferenceJSON {
  public:
    explicit ReferenceJSON(std::string_view text, bool is_sequence = false)
        : at_(text.data()), end_(at_ + text.size()) {
        space();
        is_object = at_ != end_ && *at_ == '{';
        is_valid = is_utf8(text);
        do {
            is_valid = is_valid && value(0);
            space();
        } while (is_valid && is_sequence && at_ != end_);
        is_valid = is_valid && at_ == end_;
    }

    bool is_valid = false;
    bool is_object = false;
    /// Brackets inside each other.
    size_t depth = 0;

  private:
    const char *at_, *end_;

    bool take(char byte) {
        if (at_ == end_ || *at_ != byte) return false;
        at_++;
        return true;
    }
    bool take(const char *word) {
        const size_t count = strlen(word);
        if ((size_t)(end_ - at_) < count || memcmp(at_, word, count) != 0) return false;
        at_ += count;
        return true;
    }
    void space() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) at_++;
    }
    bool digits() {
        const char *start = at_;
        while (at_ != end_ && *at_ >= '0' && *at_ <= '9') at_++;
        return at_ != start;
    }
    bool number() {
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            if (!digits()) return false;
        }
        return ends();
    }
    // The next text of a sequence needs a mark or a space before it.
    bool ends() const { return at_ == end_ || strchr(" \t\r\n,:]}[{", *at_) != nullptr; }
    bool hex(uint32_t &value) {
        value = 0;
        for (int i = 0; i < 4; i++, at_++) {
            if (at_ == end_) return false;
            const char byte = *at_;
            const int digit = byte >= '0' && byte <= '9'   ? byte - '0'
                              : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                              : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                                           : -1;
            if (digit < 0) return false;
            value = value << 4 | (uint32_t)digit;
        }
        return true;
    }
    bool escape() {
        if (at_ == end_) return false;
        if (*at_ != 'u') return memchr("\"\\/bfnrt", *at_++, 8) != nullptr;
        at_++;
        uint32_t high, low;
        if (!hex(high)) return false;
        if (high < 0xd800 || high >= 0xe000) return true;
        return high < 0xdc00 && take("\\u") && hex(low) && low >= 0xdc00 && low < 0xe000;
    }
    bool string(bool is_key) {
        if (!take('"')) return false;
        while (at_ != end_) {
            const unsigned char byte = (unsigned char)*at_++;
            if (byte == '"') return true;
            if (byte < 0x20) return false;
            if (byte != '\\') continue;
            if (!is_key) {
                if (!escape()) return false;
            } else if (at_ == end_ || (unsigned char)*at_++ < 0x20) {
                return false;
            }
        }
        return false;
    }
    bool member(size_t level) {
        space();
        if (!string(true)) return false;
        space();
        return take(':') && value(level);
    }
    bool list(char bracket, size_t level) {
        if (level > depth) depth = level;
        if (level > 1000) return false;
        space();
        if (take(bracket)) return true;
        do {
            if (!(bracket == '}' ? member(level) : value(level))) return false;
            space();
        } while (take(','));
        return take(bracket);
    }
    bool value(size_t level) {
        space();
        if (at_ == end_) return false;
        switch (*at_) {
            case '{': at_++; return list('}', level + 1);
            case '[': at_++; return list(']', level + 1);
            case '"': return string(false);
            case 't': return take("true") && ends();
            case 'f': return take("false") && ends();
            case 'n': return take("null") && ends();
            default: return number();
        }
    }
};

}  // namespace fuzzing
