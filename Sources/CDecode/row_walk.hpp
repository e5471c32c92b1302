// Frames of rows: JSON objects one per line, one behind the other, or in a list.
//
// Rows count from 0 in the order in which they stand; a line that holds nothing but white space is no row. A line that
// is not JSON is one reject, and the others are kept, whatever it does to brackets and quotes. In a list, whose rows
// have no lines, a fault of the grammar rejects the frame.
#pragma once
#include "fixed_form.hpp"

namespace tapedeck {

/// Reads the rows of one frame with `Format`, which has
/// - `Format(FrameWriter &)`;
/// - `bool row(Tokens &, Fault &, int32_t index)`: reads an object whose opening bracket is behind us and writes it unless
///   it has a fault; false where it is malformed;
/// - `size_t fixed_rows()`: reads rows in the form that our own writers give them from the start of the frame, as many as
///   there are; gives the bytes read and sets `rows`.
template <class Format>
class RowWalk {
  public:
    RowWalk(td_decoder &decoder, const td_frame &frame, td_output &output)
        : decoder_(decoder), writer_(decoder, frame, output), format_(writer_) {}

    void read() {
        const char *begin = writer_.frame.bytes, *const end = begin + writer_.frame.count;
        if (decoder_.knows_fixed_form) begin += format_.fixed_rows();
        index_ = format_.rows;
        begin = behind_space(begin, end);
        if (begin == end) return;
        Mark mark(writer_);
        const bool is_list = index_ == 0 && *begin == '[';
        if (read_at_once(begin, end, is_list)) return;
        mark.restore(writer_);
        if (is_list) return writer_.reject_frame(TD_MALFORMED, "not JSON");
        index_ = format_.rows;
        read_lines(begin, end);
    }

  private:
    /// How far the output was.
    struct Mark {
        size_t trades, quotes, records;
        explicit Mark(const FrameWriter &writer)
            : trades(writer.output.trades.count), quotes(writer.output.quotes.count),
              records(writer.output.records.count) {}
        void restore(FrameWriter &writer) const {
            writer.output.trades.count = trades;
            writer.output.quotes.count = quotes;
            writer.output.records.count = records;
            writer.output.rejects_listed = writer.output.reject_count = 0;
        }
    };

    td_decoder &decoder_;
    FrameWriter writer_;
    Format format_;
    int32_t index_ = 0;

    static const char *behind_space(const char *at, const char *end) {
        while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
        return at;
    }

    /// Reads all rows with one look for tokens; false where anything is malformed.
    bool read_at_once(const char *begin, const char *end, bool is_list) {
        const uint32_t *starts;
        size_t count;
        if (!decoder_.tokenizer.scan(begin, (size_t)(end - begin), starts, count)) return false;
        Tokens tokens(begin, starts, count);
        if (!is_list) {
            while (tokens.has(1))
                if (!read_row(tokens)) return false;
            return true;
        }
        tokens.open('[');
        bool more = !tokens.close_empty(']');
        while (more)
            if (!read_row(tokens) || !tokens.next(']', more)) return false;
        return !tokens.has(1);
    }

    /// Reads each line on its own.
    void read_lines(const char *begin, const char *end) {
        while (begin != end) {
            const char *line_end = (const char *)memchr(begin, '\n', (size_t)(end - begin));
            if (line_end == nullptr) line_end = end;
            const char *const start = behind_space(begin, line_end);
            if (start != line_end) read_line(start, line_end);
            begin = line_end == end ? end : line_end + 1;
        }
    }

    void read_line(const char *begin, const char *end) {
        const uint32_t *starts;
        size_t count;
        const int32_t index = index_;
        const size_t rejects = writer_.output.reject_count, listed = writer_.output.rejects_listed;
        const Mark mark(writer_);
        if (decoder_.tokenizer.scan(begin, (size_t)(end - begin), starts, count)) {
            Tokens tokens(begin, starts, count);
            if (read_row(tokens) && !tokens.has(1)) return;
        }
        mark.restore(writer_);
        writer_.output.reject_count = rejects;
        writer_.output.rejects_listed = listed;
        writer_.reject(index, Fault{TD_MALFORMED, "not JSON"}, begin, end);
        index_ = index + 1;
    }

    /// Reads the next value as a row; false where it is malformed.
    bool read_row(Tokens &tokens) {
        if (!tokens.has(1)) return false;
        const char *begin = tokens.here();
        Fault fault;
        if (tokens.open('{')) {
            if (!format_.row(tokens, fault, index_)) return false;
        } else {
            fault.set(TD_MALFORMED, "a row is a JSON object");
            if (!tokens.skip()) return false;
        }
        if (__builtin_expect(fault.any(), 0)) writer_.reject(index_, fault, begin, tokens.here());
        index_++;
        return true;
    }
};

template <class Format>
void decode_rows(td_decoder &decoder, const td_frame &frame, td_output &output) {
    RowWalk<Format>(decoder, frame, output).read();
}

}  // namespace tapedeck
