// CSV texts, cut at the marks that 64 bytes at a time are searched for.
//
// Source: G. Langdale, D. Lemire, "Parsing Gigabytes of JSON per Second", 2019 (marks of a block as bits).
#include "cells.hpp"

namespace tapedeck {
namespace {

/// The commas and line breaks of a text, one after the other.
class Marks {
  public:
    Marks(const char *text, size_t count) : text_(text), count_(count) { look(0); }

    /// Steps over the next mark and says where it is; the end of the text where there is none.
    size_t take() {
        while (bits_ == 0) {
            if (block_ + 64 >= count_) return count_;
            look(block_ + 64);
        }
        const size_t at = block_ + (size_t)__builtin_ctzll(bits_);
        bits_ &= bits_ - 1;
        return at;
    }

    /// Goes on with the first mark that does not stand before `at`.
    void seek(size_t at) {
        look(at & ~(size_t)63);
        bits_ &= ~0ull << (at % 64);
    }

  private:
    void look(size_t block) {
        block_ = block;
        bits_ = block < count_ ? marks(block) : 0;
    }

    uint64_t marks(size_t block) const {
        const uint64_t found = half(text_ + block) | (uint64_t)half(text_ + block + 32) << 32;
        const size_t left = count_ - block;
        return left < 64 ? found & ~(~0ull << left) : found;
    }

    static uint32_t half(const char *text) {
        const __m256i bytes = _mm256_loadu_si256((const __m256i *)text);
        const __m256i commas = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(','));
        const __m256i breaks = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\n'));
        return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(commas, breaks));
    }

    const char *text_;
    size_t count_;
    /// Where the block begins that `bits_` are marks of: those that were not taken yet.
    size_t block_ = 0;
    uint64_t bits_ = 0;
};

/// The end of a line whose break is at `mark`, without the carriage return that may stand there.
size_t line_end(const char *text, size_t begin, size_t mark) {
    return mark > begin && text[mark - 1] == '\r' ? mark - 1 : mark;
}

}  // namespace
}  // namespace tapedeck

using namespace tapedeck;

struct td_csv {
    CellRows rows;

    void choose(const td_csv_column_kind *kinds, size_t count) {
        fields.clear();
        copies.clear();
        for (size_t column = 0; column < count; column++) {
            const auto [place, is_number] = kinds[column];
            if (place < 0) continue;
            if ((size_t)place >= fields.size()) fields.resize((size_t)place + 1);
            Field &field = fields[(size_t)place];
            if (field.cell == 0) field = Field{column + 1, is_number};
            else copies.push_back(Copy{field.cell, Field{column + 1, is_number}});
        }
        rows.reset(count);
    }

    void read(const char *text, size_t count) {
        Marks marks(text, count);
        for (size_t start = 0; start < count;) start = line(marks, text, start, count) + 1;
    }

  private:
    /// Where the value of a field goes in a row; to no cell where that is 0, the place of the row's text.
    struct Field {
        size_t cell = 0;
        bool is_number = false;
    };
    /// A further cell for what is in another.
    struct Copy {
        size_t from;
        Field to;
    };
    /// By place in the line.
    std::vector<Field> fields;
    std::vector<Copy> copies;

    /// Reads the line that begins at `begin`. Returns where its break is.
    size_t line(Marks &marks, const char *text, size_t begin, size_t count) {
        td_cell *row = rows.add();
        size_t mark = begin, start = begin;
        bool is_last = false;
        for (size_t place = 0; !is_last; place++, start = mark + 1) {
            const Field field = place < fields.size() ? fields[place] : Field{};
            if (place < fields.size() && start < count && text[start] == '"') {
                mark = quoted(text, begin, start, count, row, field);
                marks.seek(mark + 1);
                is_last = mark == count || text[mark] == '\n';
                continue;
            }
            mark = marks.take();
            is_last = mark == count || text[mark] == '\n';
            if (field.cell == 0) continue;
            const size_t end = is_last ? line_end(text, begin, mark) : mark;
            fill(row[field.cell], text + start, end - start, false, field.is_number);
        }
        for (const auto &[from, to] : copies)
            if (row[from].is_given) fill(row[to.cell], row[from].text, row[from].count, false, to.is_number);
        row[0].text = text + begin;
        row[0].count = (uint32_t)(line_end(text, begin, mark) - begin);
        if (row[0].count == 0) rows.remove_last();
        return mark;
    }

    /// Reads a field that begins with a quote. Quotes inside stand twice, and are kept so. What stands between the
    /// closing quote and the next comma does not count. Returns where the field's comma or the line's break is.
    static size_t quoted(
        const char *text, size_t begin, size_t start, size_t count, td_cell *row, Field field) {
        const void *found = memchr(text + start, '\n', count - start);
        const size_t line_break = found == nullptr ? count : (size_t)((const char *)found - text);
        const size_t end = line_end(text, begin, line_break);
        size_t at = start + 1;
        while (at < end && (text[at] != '"' || (at + 1 < end && text[at + 1] == '"'))) at += text[at] == '"' ? 2 : 1;
        at = at < end ? at : end;
        const size_t inside = at > start + 1 ? at - start - 1 : 0;
        if (field.cell != 0) fill(row[field.cell], text + start + 1, inside, false, field.is_number);
        while (at < end && text[at] != ',') at++;
        return at < end ? at : line_break;
    }
};

extern "C" td_csv *td_csv_create(void) { return new td_csv; }

extern "C" void td_csv_destroy(td_csv *csv) { delete csv; }

extern "C" void td_csv_read(
    td_csv *csv, const char *bytes, size_t count, const td_csv_column_kind *columns, size_t column_count) {
    csv->choose(columns, column_count);
    csv->read(bytes, count);
}

extern "C" size_t td_csv_rows(const td_csv *csv) { return csv->rows.count(); }

extern "C" td_column_cells td_csv_column(const td_csv *csv, size_t column) { return csv->rows.column(column); }

extern "C" td_cell td_csv_row(const td_csv *csv, size_t row) { return csv->rows.text(row); }
