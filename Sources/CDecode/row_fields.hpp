// The fields of a row whose keys may stand in any order and as a rule stand in the same one.
#pragma once
#include "decoder.hpp"

namespace tapedeck {

/// The tokens of one row, by field.
///
/// `Names::names` are the keys, at most fifteen bytes each, at most 32 of them. Rows of a frame have their keys in one
/// order as a rule, so that the key of the row before at the same place is tried first.
template <class Names>
class RowFields {
  public:
    static constexpr size_t count = sizeof Names::names / sizeof Names::names[0];

    /// Reads an object whose opening bracket is behind us; false where it is malformed.
    bool read(Tokens &tokens) {
        seen_ = 0;
        bool more = !tokens.close_empty('}');
        for (size_t place = 0; more; place++) {
            const char *name;
            if (!tokens.key(name)) return false;
            const int field = find(name, place);
            if (__builtin_expect(field < 0, 0)) {
                if (!tokens.skip()) return false;
            } else {
                // Of a key that stands twice the last value counts; all must be JSON.
                if (__builtin_expect((seen_ >> field & 1) != 0, 0) && !is_value(field)) return false;
                seen_ |= 1u << field;
                if (__builtin_expect(is_bracket(tokens), 0)) {
                    tokens_[field] = std::string_view(tokens.here(), 1);  // the bracket: of the wrong type
                    if (!tokens.skip()) return false;
                } else {
                    tokens_[field] = tokens.take();
                }
            }
            if (!tokens.next('}', more)) return false;
        }
        return true;
    }

    static constexpr const char *name(int field) { return Names::names[field]; }

    /// True where the field was there with a value other than null.
    bool has(int field) const { return (seen_ >> field & 1) != 0 && tokens_[field] != "null"; }

    /// True where every value that was read is JSON. Those that were understood are; others must be looked at.
    bool are_values() const {
        for (size_t field = 0; field < count; field++)
            if ((seen_ >> field & 1) != 0 && !is_value((int)field)) return false;
        return true;
    }

    /// A decimal, as a number or as text. Reads it only where the field is there.
    double decimal(int field, Fault &fault) const {
        double value = 0;
        if (!is_there(field, fault)) return value;
        std::string_view text = tokens_[field];
        if (text.front() == '"') unquoted(tokens_[field], text);
        if (text.empty() || !read_decimal(text, value)) wrong(field, fault);
        return value;
    }

    /// The same, NaN where the field is not there.
    double decimal_or_nan(int field, Fault &fault) const {
        return has(field) ? decimal(field, fault) : std::numeric_limits<double>::quiet_NaN();
    }

    /// A whole number, as a number or as text.
    int64_t integer(int field, Fault &fault) const {
        int64_t value = 0;
        if (!is_there(field, fault)) return value;
        std::string_view text = tokens_[field];
        if (text.front() == '"') unquoted(tokens_[field], text);
        if (text.empty() || !read_integer(text, value)) wrong(field, fault);
        return value;
    }

    /// The inside of a text that is not empty, at most `longest` bytes, escapes checked.
    std::string_view text(int field, Fault &fault, size_t longest = longest_text) const {
        std::string_view inside;
        if (!is_there(field, fault)) return inside;
        if (!unquoted(tokens_[field], inside)) wrong(field, fault);
        else if (inside.empty()) fault.set(TD_MISSING_FIELD, Names::names[field]);
        else if (inside.size() > longest || !has_valid_escapes(inside)) wrong(field, fault);
        return inside;
    }

    /// Price and size of trades, sizes of quotes.
    double price(int field, Fault &fault) const {
        const double value = decimal(field, fault);
        if (!is_price(value)) fault.set(TD_PRICE_NOT_POSITIVE, Names::names[field]);
        return value;
    }
    double size(int field, Fault &fault) const {
        const double value = decimal(field, fault);
        if (!is_size(value)) fault.set(TD_SIZE_INVALID, Names::names[field]);
        return value;
    }

    void wrong(int field, Fault &fault) const { fault.set(TD_WRONG_TYPE, Names::names[field]); }
    void missing(int field, Fault &fault) const { fault.set(TD_MISSING_FIELD, Names::names[field]); }

    /// The token of a field that is there.
    std::string_view token(int field) const { return tokens_[field]; }

    bool is_there(int field, Fault &fault) const {
        if (!has(field)) missing(field, fault);
        return has(field);
    }

  private:
    /// The names with the quotes behind them, and which bytes of a vector they are.
    struct Words {
        alignas(16) char bytes[count][16] = {};
        unsigned masks[count] = {};
        constexpr Words() {
            for (size_t field = 0; field < count; field++) {
                size_t length = 0;
                for (; Names::names[field][length] != 0; length++) bytes[field][length] = Names::names[field][length];
                bytes[field][length] = '"';
                masks[field] = (2u << length) - 1;
            }
        }
    };
    static constexpr Words words_{};

    unsigned seen_ = 0;
    std::string_view tokens_[count];
    /// The field of the key that stood at each place of the row before.
    int8_t order_[count] = {};

    bool is_value(int field) const {
        const std::string_view token = tokens_[field];
        return token == "[" || token == "{" || is_scalar(token);
    }

    static bool is(const char *name, size_t field) {
        const __m128i word = _mm_load_si128((const __m128i *)words_.bytes[field]);
        const __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)name), word);
        return ((unsigned)_mm_movemask_epi8(same) & words_.masks[field]) == words_.masks[field];
    }

    /// The field of a key, whose inside starts at `name`; negative where it is of no interest.
    int find(const char *name, size_t place) {
        if (__builtin_expect(place < count && is(name, (size_t)order_[place]), 1)) return order_[place];
        for (size_t field = 0; field < count; field++) {
            if (!is(name, field)) continue;
            if (place < count) order_[place] = (int8_t)field;
            return (int)field;
        }
        return -1;
    }
};

}  // namespace tapedeck
