#include "include/CDecodeTable.h"

#include <string.h>

#include <string>
#include <vector>

#include "tokens.hpp"

namespace tapedeck {
namespace {

struct Node : td_path_node {
    std::string name;
    /// The child that matched the last key: objects of one list have their keys in one order.
    int32_t hint = -1;
};

constexpr int deepest_path = 64;

}  // namespace
}  // namespace tapedeck

using namespace tapedeck;

struct td_table {
    std::vector<Node> nodes;
    std::vector<std::vector<td_cell>> columns;
    std::vector<int32_t> group_of_column;
    std::vector<std::vector<int32_t>> columns_of_group;
    /// Text of each row, of groups of TD_PATH_EACH.
    std::vector<std::vector<td_cell>> rows;
    Tokenizer tokenizer;

    void clear() {
        for (auto &column : columns) column.clear();
        for (auto &group : rows) group.clear();
    }

    bool read(const char *bytes, size_t count) {
        clear();
        const uint32_t *starts;
        size_t token_count;
        if (count > UINT32_MAX / 2 || !tokenizer.scan(bytes, count, starts, token_count)) return false;
        Tokens tokens(bytes, starts, token_count);
        if (value(tokens, 0, false, 0) && !tokens.has(1)) return true;
        clear();
        return false;
    }

  private:
    /// Reads the value that a node matched. Where `in_row`, a column gets at most one cell for the row under way.
    bool value(Tokens &tokens, int32_t at, bool in_row, int depth) {
        const Node &node = nodes[at];
        if (!tokens.has(1) || depth > deepest_path) return false;
        const int32_t each = each_child(at);
        switch (tokens.peek()) {
            case '{': return object(tokens, at, each, in_row, depth);
            case '[': return list(tokens, at, each, in_row, depth);
            default: {
                const std::string_view token = tokens.take();
                if (!is_scalar(token)) return false;
                set(node.column, token, in_row);
                return true;
            }
        }
    }

    bool object(Tokens &tokens, int32_t at, int32_t each, bool in_row, int depth) {
        tokens.open('{');
        bool more = !tokens.close_empty('}');
        const char *key;
        while (more) {
            if (!tokens.key(key)) return false;
            // A member that is asked for by its name is no row.
            const int32_t child = member(at, key);
            if (child < 0 && each >= 0) {
                if (!row(tokens, each, key, depth)) return false;
            } else {
                if (!(child >= 0 ? value(tokens, child, in_row, depth + 1) : tokens.skip(depth))) return false;
            }
            if (!tokens.next('}', more)) return false;
        }
        return true;
    }

    bool list(Tokens &tokens, int32_t at, int32_t each, bool in_row, int depth) {
        tokens.open('[');
        bool more = !tokens.close_empty(']');
        const int32_t column = in_row ? -1 : nodes[at].column;
        for (int32_t index = 0; more; index++) {
            if (each >= 0) {
                if (!row(tokens, each, nullptr, depth)) return false;
            } else if (column >= 0 && tokens.has(1) && (tokens.peek() & ~0x20) != '[') {
                const std::string_view token = tokens.take();
                if (!is_scalar(token)) return false;
                columns[column].push_back(cell(token));
            } else {
                const int32_t child = element(at, index);
                if (!(child >= 0 ? value(tokens, child, in_row, depth + 1) : tokens.skip(depth))) return false;
            }
            if (!tokens.next(']', more)) return false;
        }
        return true;
    }

    /// Reads a row, with its name where it has one.
    bool row(Tokens &tokens, int32_t each, const char *name, int depth) {
        const int32_t group = nodes[each].group;
        if (!tokens.has(1)) return false;
        const char *begin = tokens.here();
        const bool is_bracket = (*begin & ~0x20) == '[';
        const size_t number = rows[group].size();
        if (is_bracket) {
            if (!value(tokens, each, true, depth + 1)) return false;
        } else {
            const std::string_view token = tokens.take();
            if (!is_scalar(token)) return false;
            const int32_t child = special(each, TD_PATH_ROW_VALUE);
            if (child >= 0) set(nodes[child].column, token, true);
        }
        // A value is followed by a comma or a bracket: the text between ends where white space may begin.
        rows[group].push_back(td_cell{begin, (uint32_t)(tokens.here() - begin), false});
        const int32_t child = special(each, TD_PATH_ROW_NAME);
        if (child >= 0 && name != nullptr) {
            const char *end = name;
            while (*end != '"' || is_escaped(name, end)) end++;
            columns[nodes[child].column].push_back(td_cell{name, (uint32_t)(end - name), true});
        }
        for (const int32_t column : columns_of_group[group])
            if (columns[column].size() == number) columns[column].push_back(td_cell{nullptr, 0, false});
        return true;
    }

    static bool is_escaped(const char *begin, const char *quote) {
        size_t slashes = 0;
        while (quote > begin && *--quote == '\\') slashes++;
        return slashes % 2 == 1;
    }

    void set(int32_t column, std::string_view token, bool in_row) {
        if (column < 0) return;
        std::vector<td_cell> &cells = columns[column];
        const size_t filled = in_row ? rows[group_of_column[column]].size() : 0;
        if (cells.size() == filled) cells.push_back(cell(token));
    }

    static td_cell cell(std::string_view token) {
        std::string_view inside;
        if (unquoted(token, inside)) return td_cell{inside.data(), (uint32_t)inside.size(), true};
        if (token == "null") return td_cell{nullptr, 0, false};
        return td_cell{token.data(), (uint32_t)token.size(), false};
    }

    int32_t each_child(int32_t at) const {
        const int32_t child = nodes[at].child;
        return child >= 0 && nodes[child].kind == TD_PATH_EACH ? child : -1;
    }

    int32_t special(int32_t at, int32_t kind) const {
        for (int32_t child = nodes[at].child; child >= 0; child = nodes[child].sibling)
            if (nodes[child].kind == kind) return child;
        return -1;
    }

    bool is_named(int32_t at, const char *key) const {
        const Node &node = nodes[at];
        return node.kind == TD_PATH_KEY && memcmp(key, node.name.data(), node.name.size()) == 0 &&
               key[node.name.size()] == '"';
    }

    int32_t member(int32_t at, const char *key) {
        Node &node = nodes[at];
        if (node.child < 0) return -1;
        const int32_t expected = node.hint >= 0 ? nodes[node.hint].sibling : node.child;
        if (expected >= 0 && is_named(expected, key)) return node.hint = expected;
        for (int32_t child = node.child; child >= 0; child = nodes[child].sibling)
            if (is_named(child, key)) return node.hint = child;
        return -1;
    }

    int32_t element(int32_t at, int32_t index) const {
        for (int32_t child = nodes[at].child; child >= 0; child = nodes[child].sibling)
            if (nodes[child].kind == TD_PATH_INDEX && nodes[child].index == index) return child;
        return -1;
    }
};

extern "C" td_table *td_table_create(
    const td_path_node *nodes, size_t node_count, const int32_t *groups, size_t column_count, size_t group_count) {
    td_table *table = new td_table;
    for (size_t i = 0; i < node_count; i++) {
        Node node;
        static_cast<td_path_node &>(node) = nodes[i];
        if (nodes[i].key != nullptr) node.name.assign(nodes[i].key, nodes[i].key_count);
        table->nodes.push_back(std::move(node));
    }
    table->columns.resize(column_count);
    table->group_of_column.assign(groups, groups + column_count);
    table->rows.resize(group_count);
    table->columns_of_group.resize(group_count);
    for (size_t column = 0; column < column_count; column++)
        table->columns_of_group[groups[column]].push_back((int32_t)column);
    return table;
}

extern "C" void td_table_destroy(td_table *table) { delete table; }

extern "C" bool td_table_read(td_table *table, const char *bytes, size_t count) { return table->read(bytes, count); }

extern "C" size_t td_table_rows(const td_table *table, int32_t group) {
    size_t most = table->rows[group].size();
    for (const int32_t column : table->columns_of_group[group])
        if (table->columns[column].size() > most) most = table->columns[column].size();
    return most;
}

extern "C" const td_cell *td_table_column(const td_table *table, int32_t column, size_t *count) {
    *count = table->columns[column].size();
    return table->columns[column].data();
}

extern "C" td_cell td_table_row(const td_table *table, int32_t group, size_t row) {
    const auto &rows = table->rows[group];
    return row < rows.size() ? rows[row] : td_cell{nullptr, 0, false};
}
