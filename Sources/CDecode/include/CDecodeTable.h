// Rows of JSON and CSV texts whose shape is known from configuration only.
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
    /// Of TD_PATH_EACH: the number of these rows.
    int32_t rows;
} td_path_node;

/// What is known of the number in a cell.
enum {
    /// There is no text, or a word that stands for nothing.
    TD_NUMBER_MISSING = 0,
    TD_NUMBER_READ = 1,
    /// The text is something else.
    TD_NUMBER_WRONG = 2
};

/// A value in the text: of a string, its inside. `text` is NULL where the value is null or missing.
typedef struct {
    const char *text;
    /// In columns of numbers: 0 where it is missing, NaN where the text is something else.
    double number;
    uint32_t count;
    bool is_string;
    /// Whether the row has something here, be it null.
    bool is_given;
    /// Of columns of numbers: one of the above.
    uint8_t number_is;
} td_cell;

/// Cells of a column: `count`, each `stride` cells behind the one before.
typedef struct {
    const td_cell *first;
    size_t count;
    size_t stride;
} td_column_cells;

/// Where a column of a JSON table belongs.
typedef struct {
    /// The number of the rows whose values it has; -1 for values outside of rows.
    int32_t rows;
    /// Whether its values are read as numbers.
    bool is_number;
} td_table_column_kind;

/// Reads JSON texts by one tree of paths. One thread at a time.
typedef struct td_table td_table;
/// Copies the nodes. `rows` says how many TD_PATH_EACH there are.
td_table *td_table_create(
    const td_path_node *nodes, size_t node_count, const td_table_column_kind *columns, size_t column_count,
    size_t rows);
void td_table_destroy(td_table *table);

/// Reads a text; false where it is not JSON. 64 bytes behind it must be readable, and it must stay while cells are used.
bool td_table_read(td_table *table, const char *bytes, size_t count);
/// The same on the way that takes every form of JSON.
bool td_table_read_any_form(td_table *table, const char *bytes, size_t count);
/// How many rows of a number there are.
size_t td_table_rows(const td_table *table, int32_t rows);
/// Valid until the next text is read.
td_column_cells td_table_column(const td_table *table, int32_t column);
/// The text of a row of TD_PATH_EACH, without its name; empty where there is no such row.
td_cell td_table_row(const td_table *table, int32_t rows, size_t row);

/// Whether bytes stand somewhere in others.
bool td_contains(const void *text, size_t count, const void *wanted, size_t wanted_count);

/// A column of a CSV text.
typedef struct {
    /// Place of the field in a line; -1 where the text does not have it.
    int32_t field;
    /// Whether its values are read as numbers.
    bool is_number;
} td_csv_column_kind;

/// Cuts CSV texts into cells. Fields are separated by commas and may stand in quotes with commas inside; a line break
/// ends a line even there. Lines without anything are left out. One thread at a time.
typedef struct td_csv td_csv;
td_csv *td_csv_create(void);
void td_csv_destroy(td_csv *csv);

/// Reads the lines of a text. 64 bytes behind it must be readable, and it must stay while cells are used.
void td_csv_read(
    td_csv *csv, const char *bytes, size_t count, const td_csv_column_kind *columns, size_t column_count);
size_t td_csv_rows(const td_csv *csv);
/// Valid until the next text is read.
td_column_cells td_csv_column(const td_csv *csv, size_t column);
/// The text of a line without its break; empty where there is no such line.
td_cell td_csv_row(const td_csv *csv, size_t row);

/// Reads a text that begins with a day written `2026-01-31`, of the years 1970 to 2199, as days since 1970. False for
/// anything else, which need not be wrong.
bool td_read_day(const char *text, size_t count, int64_t *day);
/// Reads such a day, alone or with `hh:mm` or `hh:mm:ss` behind a space or T and nothing else. A second may be the 60th.
/// False for anything else, which need not be wrong.
bool td_read_day_and_time(const char *text, size_t count, int64_t *day, int64_t *of_day_ns);

#ifdef __cplusplus
}
#endif
