// The tokens of a JSON text, found by simdjson's first stage, walked by hand.
//
// The first stage checks UTF-8 and strings and gives the start of every bracket, comma, colon and scalar; the walk
// checks all the rest of the grammar. Source: G. Langdale and D. Lemire, "Parsing Gigabytes of JSON per Second", 2019.
#pragma once
#include <stdint.h>

#include <memory>
#include <string_view>

#include "cells.hpp"
#include "key_order.hpp"
#include "scalars.hpp"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace tapedeck {

/// Steps over a value and checks all of it.
template <class Text>
bool skip_value(Text &tokens, int depth) {
    constexpr int deepest = 64;
    if (!tokens.has(1) || depth > deepest) return false;
    const char bracket = tokens.peek();
    if (bracket != '{' && bracket != '[') return is_value(tokens.take());
    const char end = bracket == '{' ? '}' : ']';
    tokens.open(bracket);
    bool more = !tokens.close_empty(end);
    const char *name;
    while (more) {
        if (bracket == '{' && !tokens.key(name)) return false;
        if (!skip_value(tokens, depth + 1) || !tokens.next(end, more)) return false;
    }
    return true;
}

/// Memory of the first stage, kept from frame to frame.
class Tokenizer {
  public:
    Tokenizer();
    ~Tokenizer();
    /// Finds the tokens; false where the text is not JSON. 64 bytes behind the text must be readable.
    bool scan(const char *text, size_t count, const uint32_t *&starts, size_t &tokens);

  private:
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1_;
    size_t capacity_ = 0;
};

/// A walk over the tokens of one text. Every step says whether the text still is JSON.
class Tokens {
  public:
    Tokens(const char *text, const uint32_t *starts, size_t count) : text_(text), starts_(starts), count_(count) {}

    /// Tokens left.
    bool has(size_t wanted) const { return next_ + wanted <= count_; }
    /// First byte of the next token. At least one token must be left.
    char peek() const { return text_[starts_[next_]]; }
    /// Where the next token starts; the end of the text where none is left.
    const char *here() const { return text_ + starts_[next_]; }

    /// The next token without the white space behind it. At least one token must be left.
    std::string_view take() {
        const char *begin = text_ + starts_[next_], *end = text_ + starts_[next_ + 1];
        while (is_space(end[-1])) end--;  // ends at the first byte at the latest: a token does not start with space
        next_++;
        return std::string_view(begin, (size_t)(end - begin));
    }

    /// Steps over the opening bracket of a list or object; false where the next token is another.
    bool open(char bracket) {
        if (!has(1) || peek() != bracket) return false;
        next_++;
        return true;
    }
    /// Steps over the closing bracket of an empty list or object.
    bool close_empty(char bracket) { return open(bracket); }

    /// Steps over a key and its colon. Behind them a value and one more token are left.
    bool key(const char *&name) {
        if (!has(4)) return false;
        name = text_ + starts_[next_];
        if (*name++ != '"' || text_[starts_[next_ + 1]] != ':') return false;
        next_ += 2;
        return true;
    }

    /// Steps over a key and its colon where it is known that they are there.
    void step_over_key(size_t) { next_ += 2; }

    /// Reads a member whose key is known, and the mark behind it, into its cell of a row, which must be empty. False, and
    /// nothing is done, where it has another key, or is no plain value.
    __attribute__((always_inline)) bool plain_member(const KnownMember &known, td_cell *row, bool &more) {
        if (!has(4) || !known.matches(here())) return false;
        td_cell skipped;
        skipped.is_given = false;
        td_cell &cell = known.cell == 0 ? skipped : row[known.cell];
        if (cell.is_given) return false;
        Tokens behind = *this;
        behind.next_ += 2;
        const std::string_view token = behind.take();
        const char mark = behind.peek();
        if ((mark != ',' && mark != '}') || !fill_plain(cell, token, known.is_number)) return false;
        behind.next_++;
        more = mark == ',';
        *this = behind;
        return true;
    }
    /// To be called behind the last of such members.
    void settle() {}

    /// What stands behind a value: `more` after a comma, not after `bracket`. False for anything else.
    bool next(char bracket, bool &more) {
        if (!has(1)) return false;
        const char mark = peek();
        next_++;
        more = mark == ',';
        return more || mark == bracket;
    }

    /// The end of the bracket or colon that was just stepped over.
    const char *behind() const { return text_ + starts_[next_ - 1] + 1; }

    /// Steps over a value and checks all of it.
    bool skip(int depth = 0) { return skip_value(*this, depth); }

  private:
    static bool is_space(char byte) {
        return (unsigned char)byte <= ' ' && (byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t');
    }

    const char *text_;
    const uint32_t *starts_;
    size_t count_;
    size_t next_ = 0;
};

}  // namespace tapedeck
