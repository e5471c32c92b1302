// Rows of any JSON text, by paths: for vendors whose shape is known from configuration only.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// What a node of the tree of paths matches inside the value of its parent.
enum {
    /// The member of an object with this name.
    TD_PATH_KEY = 0,
    /// The element of a list at this place.
    TD_PATH_INDEX = 1,
    /// Every member of an object or element of a list: each is a row.
    TD_PATH_EACH = 2,
    /// The name under which the row stands in its object.
    TD_PATH_ROW_NAME = 3,
    /// The row itself, where it is no object and no list.
    TD_PATH_ROW_VALUE = 4
};

/// A node of the tree of paths; node 0 is the root. Children follow their siblings.
typedef struct {
    int32_t kind;
    /// Name of the member, as it stands in the text between its quotes.
    const char *key;
    size_t key_count;
    /// Place of the element.
    int32_t index;
    /// First child and next sibling; -1 where there is none.
    int32_t child;
    int32_t sibling;
    /// The column that gets the value here; -1 where none does. The column of a value outside of rows gets its elements
    /// where the value is a list, one row each.
    int32_t column;
    /// Of TD_PATH_EACH: the group whose rows these are.
    int32_t group;
} td_path_node;

/// A value in the text: of a string, its inside. `text` is NULL where the value is null or missing.
typedef struct {
    const char *text;
    uint32_t count;
    bool is_string;
} td_cell;

/// Reads texts by one tree of paths. One thread at a time.
typedef struct td_table td_table;
/// Copies the nodes. `groups[c]` is the group of column `c`.
td_table *td_table_create(
    const td_path_node *nodes, size_t node_count, const int32_t *groups, size_t column_count, size_t group_count);
void td_table_destroy(td_table *table);

/// Reads a text; false where it is not JSON. 64 bytes behind it must be readable, and it must stay while cells are used.
bool td_table_read(td_table *table, const char *bytes, size_t count);
/// Rows of a group: of its longest column.
size_t td_table_rows(const td_table *table, int32_t group);
/// Cells of a column; as many as given in `count`, perhaps fewer than the group has rows.
const td_cell *td_table_column(const td_table *table, int32_t column, size_t *count);
/// The text of a row of TD_PATH_EACH, without its name; empty for rows of lists side by side.
td_cell td_table_row(const td_table *table, int32_t group, size_t row);

#ifdef __cplusplus
}
#endif
