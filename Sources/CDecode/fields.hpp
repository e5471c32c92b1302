// The scalars of an object or list whose fields a venue names: collected as tokens, read when it is known what they are.
#pragma once
#include "decoder.hpp"
#include "times.hpp"

namespace tapedeck {

/// Nanoseconds since 1970 before 2200.
inline bool is_time_ns(int64_t value) { return value >= 0 && is_time_ms(value / ns_per_ms); }

/// True where the key whose inside starts at `name` is `word`.
template <size_t Size>
inline bool is_key(const char *name, const char (&word)[Size]) {
    return memcmp(name, word, Size - 1) == 0 && name[Size - 1] == '"';
}

/// Tokens of an event's fields by place. `Names` has `static constexpr const char *names[]`, by place.
template <class Names>
class Fields {
  public:
    static constexpr size_t count = sizeof Names::names / sizeof Names::names[0];

    void clear() { seen_ = 0; }
    bool has(int place) const { return seen_ >> place & 1; }
    std::string_view operator[](int place) const { return has(place) ? tokens_[place] : std::string_view(); }
    void set(int place, std::string_view token) {
        seen_ |= 1u << place;
        tokens_[place] = token;
    }

    /// The place of the key whose inside starts at `name`; negative where it is of no interest.
    static int place(const char *name) {
        for (size_t i = 0; i < count; i++) {
            const char *word = Names::names[i];
            if (*word != *name) continue;
            const size_t length = strlen(word);
            if (memcmp(name, word, length) == 0 && name[length] == '"') return (int)i;
        }
        return -1;
    }

    /// Reads an object whose opening bracket is behind us. Lists and objects in it are skipped. False where it is
    /// malformed.
    bool collect(Tokens &tokens) {
        bool more = !tokens.close_empty('}');
        const char *name;
        while (more) {
            if (!tokens.key(name) || !take(tokens, place(name)) || !tokens.next('}', more)) return false;
        }
        return true;
    }

    /// Reads the next value. False where it is malformed.
    bool take(Tokens &tokens, int place) {
        if (is_bracket(tokens)) {
            if (place >= 0) set(place, std::string_view(tokens.here(), 1));  // the bracket: of the wrong type
            return tokens.skip();
        }
        const std::string_view token = tokens.take();
        if (place >= 0) set(place, token);
        return is_scalar(token);
    }

    /// A decimal, as text or as a number.
    double decimal(int place, Fault &fault) const {
        double value = 0;
        if (!needs(place, fault)) return value;
        std::string_view text = tokens_[place];
        if (!text.empty() && text.front() == '"') unquoted(tokens_[place], text);
        if (text.empty() || !read_decimal(text, value)) wrong(place, fault);
        return value;
    }

    int64_t integer(int place, Fault &fault) const {
        int64_t value = 0;
        if (needs(place, fault) && !read_integer(tokens_[place], value)) wrong(place, fault);
        return value;
    }

    /// The inside of a text that names an instrument.
    std::string_view name(int place, Fault &fault) const {
        std::string_view inside;
        if (!needs(place, fault)) return inside;
        if (!unquoted(tokens_[place], inside) || inside.size() > longest_text) wrong(place, fault);
        if (inside.empty()) fault.set(TD_MISSING_FIELD, Names::names[place]);
        return inside;
    }

    /// Text by `read`, a function of times.hpp, or a number where `takes_numbers`.
    template <bool (*read)(std::string_view, int64_t &)>
    int64_t time_ns(int place, Fault &fault, bool takes_numbers = false) const {
        int64_t value = 0;
        if (!needs(place, fault)) return value;
        std::string_view text = tokens_[place];
        const bool is_text = unquoted(tokens_[place], text);
        if (!(is_text || takes_numbers) || !read(text, value)) wrong(place, fault);
        if (!is_time_ns(value)) fault.set(TD_TIME_OUT_OF_RANGE, Names::names[place]);
        return value;
    }

    double price(int place, Fault &fault) const {
        const double value = decimal(place, fault);
        if (!is_price(value)) fault.set(TD_PRICE_NOT_POSITIVE, Names::names[place]);
        return value;
    }

    double size(int place, Fault &fault) const {
        const double value = decimal(place, fault);
        if (!is_size(value)) fault.set(TD_SIZE_INVALID, Names::names[place]);
        return value;
    }

    /// Price and size of one side of the book. An empty side is sent as zeros and becomes NaN; so does a size that a
    /// venue does not send, where `size_is_optional`.
    void side(int price_place, int size_place, double &price, double &size, Fault &fault,
              bool size_is_optional = false) const {
        constexpr double missing = std::numeric_limits<double>::quiet_NaN();
        const bool has_size = !size_is_optional || has(size_place);
        price = decimal(price_place, fault);
        size = has_size ? decimal(size_place, fault) : missing;
        if (price == 0 && !(size > 0 || size < 0)) {
            price = size = missing;
            return;
        }
        if (!is_price(price)) fault.set(TD_PRICE_NOT_POSITIVE, Names::names[price_place]);
        if (has_size && !is_size(size)) fault.set(TD_SIZE_INVALID, Names::names[size_place]);
    }

    void wrong(int place, Fault &fault) const { fault.set(TD_WRONG_TYPE, Names::names[place]); }

  private:
    unsigned seen_ = 0;
    std::string_view tokens_[count];

    bool needs(int place, Fault &fault) const {
        if (!has(place)) fault.set(TD_MISSING_FIELD, Names::names[place]);
        return has(place);
    }
};

/// Walks a list whose opening bracket is next: every element that starts with `bracket` is read by
/// `event(tokens, fault, index)`, whose bracket is behind it then, others are rejected as `what` of the wrong type.
/// Returns false where the list is malformed.
template <class Event>
bool read_rows(Tokens &tokens, FrameWriter &writer, char bracket, const char *what, Event &&event) {
    if (!tokens.open('[')) return false;
    if (tokens.close_empty(']')) return true;
    bool more = true;
    for (int32_t index = 0; more; index++) {
        const char *begin = tokens.here();
        Fault fault;
        if (tokens.open(bracket)) {
            if (!event(tokens, fault, index)) return false;
        } else {
            fault.set(TD_WRONG_TYPE, what);
            if (!tokens.skip()) return false;
        }
        if (__builtin_expect(fault.any(), 0)) writer.reject(index, fault, begin, tokens.here());
        if (!tokens.next(']', more)) return false;
    }
    return true;
}

}  // namespace tapedeck
