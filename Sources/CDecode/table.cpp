#include <string.h>

#include <string>
#include <vector>

#include "cells.hpp"
#include "key_order.hpp"
#include "plain_tokens.hpp"
#include "tokens.hpp"

namespace tapedeck {
namespace {

struct Node : td_path_node {
    std::string name;
    /// The rows below it, and of rows the children that get their names and plain values; -1 where there are none.
    int32_t each = -1, row_name = -1, row_value = -1;
    /// Its members in the order in which the last object had them, and the children that they matched.
    KeyOrder order;
};

constexpr int deepest_path = 64;
constexpr size_t most_bytes = UINT32_MAX / 2;

}  // namespace
}  // namespace tapedeck

using namespace tapedeck;

struct td_table {
    std::vector<Node> nodes;
    std::vector<td_table_column_kind> columns;
    /// By column: which it is among those of its rows.
    std::vector<size_t> places;
    /// Values outside of rows, by column.
    std::vector<std::vector<td_cell>> lists;
    std::vector<CellRows> rows;
    /// Columns of each.
    std::vector<size_t> widths;
    Tokenizer tokenizer;

    void clear() {
        for (auto &list : lists) list.clear();
        for (size_t i = 0; i < rows.size(); i++) rows[i].reset(widths[i]);
    }

    /// Reads a text; on the short way where it is plain.
    bool read(const char *bytes, size_t count) {
        return count <= most_bytes && (walk(PlainTokens(bytes, count)) || read_any_form(bytes, count));
    }

    bool read_any_form(const char *bytes, size_t count) {
        const uint32_t *starts;
        size_t token_count;
        clear();
        return count <= most_bytes && tokenizer.scan(bytes, count, starts, token_count) &&
               walk(Tokens(bytes, starts, token_count));
    }

  private:
    template <class Text>
    bool walk(Text tokens) {
        clear();
        if (tokens.has(1) && value(tokens, 0, nullptr, 0) && !tokens.has(1)) return true;
        clear();
        return false;
    }

    /// Reads the value that a node matched: inside of `row` where there is one.
    template <class Text>
    bool value(Text &tokens, int32_t at, td_cell *row, int depth) {
        if (!tokens.has(1) || depth > deepest_path) return false;
        switch (tokens.peek()) {
            case '{': return object(tokens, at, row, depth);
            case '[': return list(tokens, at, row, depth);
            default: return set(nodes[at].column, tokens.take(), row);
        }
    }

    template <class Text>
    bool object(Text &tokens, int32_t at, td_cell *row, int depth) {
        tokens.open('{');
        bool more = !tokens.close_empty('}');
        Node &node = nodes[at];
        for (size_t place = 0; more; place++) {
            if (row != nullptr && !plain_members(tokens, node.order, place, row)) return true;
            const char *key = tokens.here();
            int32_t child;
            const KnownMember *known = tokens.has(4) ? node.order.find(place, key) : nullptr;
            if (known != nullptr) {
                key++;
                child = known->child;
                tokens.step_over_key(known->count);
            } else {
                const char *begin = key;
                if (!tokens.key(key)) return false;
                child = member(node, key);
                node.order.remember(place, begin, tokens.behind(), meaning(node, child));
            }
            if (child < 0 && node.each >= 0) {
                // A member that is asked for by its name is no row.
                if (!add_row(tokens, nodes[node.each], key, depth)) return false;
            } else if (child < 0) {
                if (!skip_value(tokens, depth)) return false;
            } else if (!value(tokens, child, row, depth + 1)) {
                return false;
            }
            if (!tokens.next('}', more)) return false;
        }
        return true;
    }

    /// Reads members of a row that come in the order of the last one, as long as they are plain values: numbers,
    /// short texts without escapes. Stops before the first that is something else, or not JSON. True where there
    /// are members left.
    template <class Text>
    static bool plain_members(Text &tokens, const KeyOrder &order, size_t &place, td_cell *row) {
        // A copy of which no address is kept stays in registers.
        Text at = tokens;
        bool more = true;
        const KnownMember *known = order.begin() + place;
        while (more && known < order.end() && known->is_plain && at.plain_member(*known, row, more)) known++;
        at.settle();
        place = (size_t)(known - order.begin());
        tokens = at;
        return more;
    }

    /// What a member stands for.
    KnownMember meaning(const Node &node, int32_t child) const {
        KnownMember known;
        known.child = child;
        if (child < 0) {
            known.is_plain = node.each < 0;
        } else if (const Node &found = nodes[child]; found.child < 0 && found.column >= 0) {
            known.is_plain = true;
            known.is_number = columns[found.column].is_number;
            known.cell = (uint32_t)places[found.column];
        }
        return known;
    }

    template <class Text>
    bool list(Text &tokens, int32_t at, td_cell *row, int depth) {
        tokens.open('[');
        bool more = !tokens.close_empty(']');
        const Node &node = nodes[at];
        const int32_t column = row != nullptr ? -1 : node.column;
        for (int32_t index = 0; more; index++) {
            if (node.each >= 0) {
                if (!add_row(tokens, nodes[node.each], nullptr, depth)) return false;
            } else if (column >= 0 && tokens.has(1) && (tokens.peek() & ~0x20) != '[') {
                lists[column].emplace_back();
                if (!fill(lists[column].back(), tokens.take(), columns[column].is_number)) return false;
            } else {
                const int32_t child = element(node, index);
                if (!(child >= 0 ? value(tokens, child, row, depth + 1) : skip_value(tokens, depth))) return false;
            }
            if (!tokens.next(']', more)) return false;
        }
        return true;
    }

    /// Reads a row, with its name where it has one.
    template <class Text>
    bool add_row(Text &tokens, const Node &each, const char *name, int depth) {
        if (!tokens.has(1)) return false;
        td_cell *row = rows[each.rows].add();
        const char *begin = tokens.here();
        const bool is_bracket = (*begin & ~0x20) == '[';
        if (is_bracket) {
            if (!value(tokens, (int32_t)(&each - nodes.data()), row, depth + 1)) return false;
        } else if (!set(each.row_value < 0 ? -1 : nodes[each.row_value].column, tokens.take(), row)) {
            return false;
        }
        // A value is followed by a comma or a bracket: the text between ends where white space may begin.
        row[0].text = begin;
        row[0].count = (uint32_t)(tokens.here() - begin);
        if (each.row_name >= 0 && name != nullptr) {
            const char *end = name;
            while (*end != '"' || is_escaped(name, end)) end++;
            const int32_t column = nodes[each.row_name].column;
            fill(row[places[column]], name, (size_t)(end - name), true, columns[column].is_number);
        }
        return true;
    }

    static bool is_escaped(const char *begin, const char *quote) {
        size_t slashes = 0;
        while (quote > begin && *--quote == '\\') slashes++;
        return slashes % 2 == 1;
    }

    /// Takes a plain value for a column, unless the row or the text had one for it before; false where it is none.
    bool set(int32_t column, std::string_view token, td_cell *row) {
        if (column < 0) return is_value(token);
        if (row == nullptr) {
            if (!lists[column].empty()) return is_value(token);
            lists[column].emplace_back();
        }
        td_cell &cell = row == nullptr ? lists[column].back() : row[places[column]];
        return cell.is_given ? is_value(token) : fill(cell, token, columns[column].is_number);
    }

    bool is_named(const Node &node, const char *key) const {
        return node.kind == TD_PATH_KEY && memcmp(key, node.name.data(), node.name.size()) == 0 &&
               key[node.name.size()] == '"';
    }

    int32_t member(const Node &node, const char *key) const {
        for (int32_t child = node.child; child >= 0; child = nodes[child].sibling)
            if (is_named(nodes[child], key)) return child;
        return -1;
    }

    int32_t element(const Node &node, int32_t index) const {
        for (int32_t child = node.child; child >= 0; child = nodes[child].sibling)
            if (nodes[child].kind == TD_PATH_INDEX && nodes[child].index == index) return child;
        return -1;
    }
};

extern "C" td_table *td_table_create(
    const td_path_node *nodes, size_t node_count, const td_table_column_kind *columns, size_t column_count,
    size_t rows) {
    td_table *table = new td_table;
    for (size_t i = 0; i < node_count; i++) {
        Node node;
        static_cast<td_path_node &>(node) = nodes[i];
        if (nodes[i].key != nullptr) node.name.assign(nodes[i].key, nodes[i].key_count);
        for (int32_t child = node.child; child >= 0; child = nodes[child].sibling) {
            if (nodes[child].kind == TD_PATH_EACH) node.each = child;
            if (nodes[child].kind == TD_PATH_ROW_NAME) node.row_name = child;
            if (nodes[child].kind == TD_PATH_ROW_VALUE) node.row_value = child;
        }
        table->nodes.push_back(std::move(node));
    }
    table->columns.assign(columns, columns + column_count);
    table->lists.resize(column_count);
    table->rows.resize(rows);
    table->widths.resize(rows);
    for (size_t column = 0; column < column_count; column++)
        // The cell before the columns is the row's text.
        table->places.push_back(columns[column].rows < 0 ? 0 : ++table->widths[(size_t)columns[column].rows]);
    table->clear();
    return table;
}

extern "C" void td_table_destroy(td_table *table) { delete table; }

extern "C" bool td_table_read(td_table *table, const char *bytes, size_t count) { return table->read(bytes, count); }

extern "C" bool td_table_read_any_form(td_table *table, const char *bytes, size_t count) {
    return table->read_any_form(bytes, count);
}

extern "C" size_t td_table_rows(const td_table *table, int32_t rows) { return table->rows[(size_t)rows].count(); }

extern "C" td_column_cells td_table_column(const td_table *table, int32_t column) {
    const int32_t rows = table->columns[(size_t)column].rows;
    if (rows >= 0) return table->rows[(size_t)rows].column(table->places[(size_t)column] - 1);
    const auto &list = table->lists[(size_t)column];
    return td_column_cells{list.data(), list.size(), 1};
}

extern "C" td_cell td_table_row(const td_table *table, int32_t rows, size_t row) {
    return table->rows[(size_t)rows].text(row);
}

extern "C" bool td_contains(const void *text, size_t count, const void *wanted, size_t wanted_count) {
    return memmem(text, count, wanted, wanted_count) != nullptr;
}
