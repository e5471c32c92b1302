#include "cells.hpp"

#include <limits>

#include "include/CDecode.h"

namespace tapedeck {

void read_unusual_number(td_cell &cell) {
    cell.number_is = TD_NUMBER_MISSING;
    cell.number = 0;
    if (cell.count == 0) return;
    double value;
    if (td_read_decimal(cell.text, cell.count, &value)) {
        cell.number = value;
        cell.number_is = TD_NUMBER_READ;
        return;
    }
    const std::string_view text(cell.text, cell.count);
    std::string unescaped;
    const bool is_escaped = cell.is_string && text.find('\\') != text.npos && unescape(text, unescaped);
    // What stands for nothing in files and answers of many vendors.
    for (const std::string_view word : {"None", "null", "NaN", "N/A", "-"})
        if ((is_escaped ? std::string_view(unescaped) : text) == word) return;
    cell.number_is = TD_NUMBER_WRONG;
    cell.number = std::numeric_limits<double>::quiet_NaN();
}

}  // namespace tapedeck
