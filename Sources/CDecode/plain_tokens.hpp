// The tokens of a JSON text, found while it is walked: for texts whose strings are plain.
//
// Answers of vendors seldom hold an escape or a letter beyond ASCII. Such a text need not be gone through before it is
// read: every step looks at the bytes that it takes. What is not plain stops the walk, as what is no JSON does.
#pragma once
#include <immintrin.h>
#include <stddef.h>

#include <string_view>

#include "cells.hpp"
#include "key_order.hpp"
#include "plain_text.hpp"
#include "scalars.hpp"

namespace tapedeck {

/// A walk over a text, step by step like `Tokens`. False means that the text is not JSON, or not plain.
class PlainTokens {
  public:
    /// 64 bytes behind the text must be readable.
    PlainTokens(const char *text, size_t count) : at_(text), end_(text + count) { skip_space(); }

    /// Whether a token is left: the others show when they are taken.
    bool has(size_t) const { return at_ < end_; }
    char peek() const { return *at_; }
    const char *here() const { return at_; }
    /// The end of the colon that `key` stepped over.
    const char *behind() const { return behind_; }

    /// The next token without the white space behind it; one that is no value where it is not plain.
    __attribute__((always_inline)) std::string_view take() {
        const char *begin = at_, *stop = begin;
        if (*begin == '"') {
            if (!find_quote(stop)) return none();
            stop++;
        } else {
            stop += decimal_bytes(begin);
            while (!is_end(stop)) stop++;
        }
        if (stop > end_) return none();
        at_ = stop;
        skip_space();
        return std::string_view(begin, (size_t)(stop - begin));
    }

    bool open(char bracket) {
        if (!has(1) || *at_ != bracket) return false;
        step();
        return true;
    }
    bool close_empty(char bracket) { return open(bracket); }

    bool key(const char *&name) {
        const char *stop = at_;
        if (!has(1) || *at_ != '"' || !find_quote(stop) || stop >= end_) return false;
        name = at_ + 1;
        at_ = stop;
        step();
        if (!has(1) || *at_ != ':') return false;
        behind_ = at_ + 1;
        step();
        return has(1);
    }

    /// Steps over a key of a known length, its colon included.
    void step_over_key(size_t count) {
        at_ += count;
        skip_space();
    }

    /// Reads a member whose key is known, and the mark behind it, into its cell of a row, which must be empty. False, and
    /// nothing is done, where it has another key, or is no plain value.
    __attribute__((always_inline)) bool plain_member(const KnownMember &known, td_cell *row, bool &more) {
        if (!known.matches(at_)) {
            skip_space();
            if (!known.matches(at_)) return false;
        }
        const char *value = at_ + known.count;
        const char *stop;
        if (__builtin_expect(known.is_number, 1)) {
            td_cell &cell = row[known.cell];
            double number;
            const bool is_string = *value == '"';
            value += is_string;
            size_t count = decimal_bytes(value);
            if (__builtin_expect(!read_plain_decimal(value, count, number), 0)) {
                const OtherNumber other = other_number(value, end_, is_string);
                count = other.count;
                number = other.value;
            }
            if (count == 0 || cell.is_given) return false;
            if (is_string && value[count] != '"') return false;
            stop = value + count + is_string;
            if (!is_mark(stop, end_)) return false;
            cell = td_cell{value, number, (uint32_t)count, is_string, true, TD_NUMBER_READ};
        } else {
            stop = other_value(value, end_, known.cell == 0 ? nullptr : row + known.cell);
            if (stop == nullptr) return false;
        }
        more = *stop == ',';
        at_ = stop + 1;
        return true;
    }
    /// To be called behind the last of such members.
    void settle() { skip_space(); }

    bool next(char bracket, bool &more) {
        if (!has(1)) return false;
        const char mark = *at_;
        step();
        more = mark == ',';
        return more || mark == bracket;
    }

  private:
    /// A token that is no value, with readable bytes behind it as behind any other.
    static std::string_view none() {
        static constexpr char text[64] = "!";
        return std::string_view(text, 1);
    }

    /// Whether a member ends at a byte without white space before it.
    static bool is_mark(const char *at, const char *end) { return at < end && (*at == ',' || *at == '}'); }

    /// A number and its bytes, 0 where it is none: given back in registers, so that its value never needs an address.
    struct OtherNumber {
        double value;
        size_t count;
    };

    /// Reads a number with more digits, a sign or an exponent.
    __attribute__((noinline)) static OtherNumber other_number(const char *value, const char *end, bool is_string) {
        const char *stop = value;
        while (stop < end && !find_number_end(stop)) stop += 32;
        if (stop > end) stop = end;
        const std::string_view token(value, (size_t)(stop - value));
        // Longer texts are read by the rules for what stands in texts.
        if (token.empty() || (is_string && token.size() > 30)) return {0, 0};
        double number = 0;
        const bool is_read = read_decimal_slowly(token, number);
        return {number, is_read ? token.size() : 0};
    }

    /// Moves to the first of the next 32 bytes that is in no number: a mark, a quote, white space; false where there is none.
    static bool find_number_end(const char *&at) {
        const __m256i bytes = _mm256_loadu_si256((const __m256i *)at);
        // Compared with sign: bytes beyond ASCII end it as well.
        const __m256i are_ends = _mm256_or_si256(
            _mm256_or_si256(
                _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(',')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('}'))),
            _mm256_or_si256(
                _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')), _mm256_cmpgt_epi8(_mm256_set1_epi8('!'), bytes)));
        const unsigned ends = (unsigned)_mm256_movemask_epi8(are_ends);
        if (ends == 0) return false;
        at += _tzcnt_u32(ends);
        return true;
    }

    /// Reads a short text, or a number that nobody asked for, and a mark behind it, into an empty cell where there is one.
    ///
    /// - Returns: the mark; nullptr, and nothing is done, where it is something else.
    __attribute__((noinline)) static const char *other_value(const char *value, const char *end, td_cell *cell) {
        if (cell != nullptr && cell->is_given) return nullptr;
        const bool is_string = *value == '"';
        double number;
        value += is_string;
        const size_t count = is_string ? plain_text(value) : decimal_bytes(value);
        if (is_string ? count == 32 : !read_plain_decimal(value, count, number)) return nullptr;
        const char *mark = value + count + is_string;
        if (!is_mark(mark, end)) return nullptr;
        if (cell != nullptr) *cell = td_cell{value, 0, (uint32_t)count, is_string, true, TD_NUMBER_MISSING};
        return mark;
    }

    /// Bytes from `text` on that may be those of a decimal, at most sixteen. As many must be readable.
    static size_t decimal_bytes(const char *text) {
        const __m128i bytes = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)text), _mm_set1_epi8('.'));
        const __m128i are_within = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8('9' - '.')), bytes);
        return _tzcnt_u32(~(unsigned)_mm_movemask_epi8(are_within));
    }

    /// Whether a number or word ends before a byte; the end of the text is looked at apart.
    bool is_end(const char *at) const {
        return *at == ',' || *at == '}' || *at == ']' || (unsigned char)*at <= ' ' || at >= end_;
    }

    void step() {
        at_++;
        skip_space();
    }

    void skip_space() { at_ = behind_space(at_); }

    const char *behind_space(const char *at) const {
        while (at < end_ && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
        return at;
    }

    /// Moves from an opening quote to the closing one; false where the text between is not plain.
    bool find_quote(const char *&at) const {
        for (at++; at < end_; at += 32) {
            const __m256i bytes = _mm256_loadu_si256((const __m256i *)at);
            const __m256i are_quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
            const __m256i are_escapes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
            // Compared with sign: bytes beyond ASCII count as below the space.
            const __m256i are_low = _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), bytes);
            const unsigned ends = (unsigned)_mm256_movemask_epi8(
                _mm256_or_si256(are_quotes, _mm256_or_si256(are_escapes, are_low)));
            if (ends == 0) continue;
            at += _tzcnt_u32(ends);
            return *at == '"';
        }
        return false;
    }

    const char *at_, *end_;
    const char *behind_ = nullptr;
};

}  // namespace tapedeck
