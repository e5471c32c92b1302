// Values of texts as cells of rows, in the order of the rows.
#pragma once
#include <string.h>

#include <string_view>
#include <vector>

#include "include/CDecodeTable.h"
#include "scalars.hpp"

namespace tapedeck {

/// What the number of a cell is whose text is no plain decimal.
void read_unusual_number(td_cell &cell);

/// Cells side by side, and before each row one with the text of the row.
class CellRows {
  public:
    /// Forgets the rows and sets how many columns there are.
    void reset(size_t columns) {
        width_ = columns + 1;
        count_ = 0;
    }

    size_t count() const { return count_; }

    /// A new row of missing cells; its column `c` is `row[c + 1]`. Valid until the next one is added.
    td_cell *add() {
        if ((count_ + 1) * width_ > cells_.size()) cells_.resize(2 * cells_.size() + 64 * width_);
        td_cell *row = cells_.data() + count_++ * width_;
        memset((void *)row, 0, width_ * sizeof(td_cell));
        return row;
    }
    /// Takes back the row just added.
    void remove_last() { count_--; }

    td_column_cells column(size_t column) const {
        return td_column_cells{count_ == 0 ? nullptr : cells_.data() + column + 1, count_, width_};
    }

    td_cell text(size_t row) const { return row < count_ ? cells_[row * width_] : td_cell{}; }

  private:
    /// As many as ever were needed; those behind the last row mean nothing.
    std::vector<td_cell> cells_;
    size_t width_ = 1;
    size_t count_ = 0;
};

/// Fills a cell with text that may be empty. Sixteen bytes from its start must be readable.
inline void fill(td_cell &cell, const char *text, size_t count, bool is_string, bool is_number) {
    cell.text = text;
    cell.count = (uint32_t)count;
    cell.is_string = is_string;
    cell.is_given = true;
    if (!is_number) return;
    cell.number_is = TD_NUMBER_READ;
    if (__builtin_expect(!read_plain_decimal(text, count, cell.number), 0)) read_unusual_number(cell);
}

/// Fills a missing cell with a plain JSON value: a number, in quotes or not; or in columns of texts a short one without
/// escapes. False for anything else; the cell is then as it was. 64 bytes behind the text must be readable.
__attribute__((always_inline)) inline bool fill_plain(td_cell &cell, std::string_view token, bool is_number) {
    double number;
    const bool is_string = token.front() == '"';
    if (is_string && !is_plain_string(token)) return false;
    if (is_string) token = token.substr(1, token.size() - 2);
    const bool is_read = (is_number || !is_string) && read_decimal(token, number);
    if (!is_read && (is_number || !is_string)) return false;
    const uint8_t number_is = is_number ? TD_NUMBER_READ : TD_NUMBER_MISSING;
    cell = td_cell{token.data(), is_number ? number : 0, (uint32_t)token.size(), is_string, true, number_is};
    return true;
}

/// Fills a cell with a JSON token; false where it is none. 64 bytes behind the text must be readable.
inline bool fill(td_cell &cell, std::string_view token, bool is_number) {
    if (is_number && __builtin_expect(read_plain_decimal(token.data(), token.size(), cell.number), 1)) {
        cell.text = token.data();
        cell.count = (uint32_t)token.size();
        cell.is_given = true;
        cell.number_is = TD_NUMBER_READ;
        return true;
    }
    if (!is_value(token)) return false;
    std::string_view inside;
    if (unquoted(token, inside)) {
        fill(cell, inside.data(), inside.size(), true, is_number);
    } else if (token.front() == 'n') {
        cell = td_cell{};
        cell.is_given = true;
    } else {
        fill(cell, token.data(), token.size(), false, is_number);
    }
    return true;
}

}  // namespace tapedeck
