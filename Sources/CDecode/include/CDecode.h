// Frame bytes in, columns out: simdjson behind a C interface.
//
// A decoder reads frames one after the other and appends to columns that the caller has reserved. It keeps no state but
// its cache of names and conditions, so that the same frame always gives the same rows.
//
// Policy for bad input, the same for every venue:
// - A frame that is not JSON gives one reject and no event: rows written before the fault was met are taken back.
//   Checked are UTF-8, strings, all brackets, commas, colons and scalars; of keys the escapes are not looked at.
// - An event that is JSON but not valid (missing field, wrong type, price, size or time out of range) gives one
//   reject with its place in the frame; the other events of the frame are kept.
// - A message of a kind that is not asked for, or one without events, counts as ignored.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CDecodeTable.h"
#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that must be readable behind every frame handed to a decoder.
size_t td_padding_bytes(void);

/// What the caller is asked to number.
enum { TD_INSTRUMENT = 0, TD_CONDITIONS = 1, TD_TEXT = 2 };
/// Gives a text its number. Called once per text and decoder.
typedef uint32_t (*td_intern)(void *context, int32_t kind, const char *text, size_t count);

/// Why something was rejected; the same numbers as `RejectReason` in Market.
enum {
    TD_MALFORMED = 0,
    TD_MISSING_FIELD = 1,
    TD_WRONG_TYPE = 2,
    TD_PRICE_NOT_POSITIVE = 3,
    TD_SIZE_INVALID = 4,
    TD_TIME_OUT_OF_RANGE = 5,
    TD_TOO_LARGE = 6,
    TD_VENUE_ERROR = 7,
    TD_VALUE_INVALID = 10
};
/// The values of missing cells; the same as in `ArrowColumn`.
#define TD_MISSING_INT64 INT64_MIN
#define TD_MISSING_INDEX UINT32_MAX

/// Columns of trades. Rows `0..<count` are filled, `capacity` fit.
typedef struct {
    uint32_t *instrument;
    int64_t *event_time_ns;
    int64_t *ingest_time_ns;
    double *price;
    double *size;
    uint8_t *side;
    int64_t *trade_id;
    uint32_t *conditions;
    int64_t *journal_offset;
    int32_t *frame_index;
    size_t count;
    size_t capacity;
} td_trades;

/// Columns of quotes.
typedef struct {
    uint32_t *instrument;
    int64_t *event_time_ns;
    int64_t *ingest_time_ns;
    double *bid;
    double *ask;
    double *bid_size;
    double *ask_size;
    int64_t *update_id;
    int32_t *flags;
    double *last;
    double *last_size;
    int64_t *journal_offset;
    int32_t *frame_index;
    size_t count;
    size_t capacity;
} td_quotes;

/// What a column of a table of records holds, as C sees it.
enum {
    /// int64_t: integers and decimal numbers in their smallest unit.
    TD_CELL_INT64 = 0,
    TD_CELL_INT32 = 1,
    /// double; NaN is missing.
    TD_CELL_FLOAT64 = 2,
    /// uint8_t.
    TD_CELL_BOOLEAN = 3,
    /// uint32_t: the number of a text.
    TD_CELL_CATEGORY = 4,
    /// uint32_t: the number of an instrument.
    TD_CELL_INSTRUMENT = 5,
    /// int64_t, one more than rows: where each row's bytes start and at last where they end.
    TD_CELL_TEXT = 6
};

/// A column that a format fills: its name in the table, and what C takes it for.
typedef struct {
    const char *name;
    int32_t kind;
    /// Of a decimal number the digits behind the point, otherwise 0.
    int32_t scale;
} td_record_field;

/// A column of a table of records: its first value and, of texts, the first byte.
typedef struct {
    void *values;
    char *bytes;
} td_record_column;

/// Columns of a table of records in the order of the format's fields. Rows `0..<count` are filled, `capacity` fit; texts
/// have room for as many more bytes as the frames to be read have together.
typedef struct {
    const td_record_column *columns;
    size_t count;
    size_t capacity;
} td_records;

/// One rejected event or frame.
typedef struct {
    /// Place of the event in the frame; 0 for the frame as a whole.
    int32_t frame_index;
    /// One of the reasons above.
    int32_t reason;
    /// Unchanging text: the field that is wrong, or what is wrong with the frame; may be empty.
    const char *what;
    /// The bytes of the frame that were rejected.
    size_t begin;
    size_t end;
} td_reject;

/// Rejects that are listed one by one; more of the same frame are only counted.
#define TD_REJECTS_LISTED 256

/// Where a decoder writes.
typedef struct {
    td_trades trades;
    td_quotes quotes;
    /// Rows of the table that the format is for; nothing where it is for trades and quotes.
    td_records records;
    /// Rejects of the last frame read, at most TD_REJECTS_LISTED.
    td_reject *rejects;
    size_t rejects_listed;
    /// Rejects of the last frame read, listed or not; frames before it had none.
    size_t reject_count;
    /// Messages of all frames read that were valid but of no interest.
    size_t ignored;
} td_output;

/// A frame as received.
typedef struct {
    /// `count` bytes and behind them at least `td_padding_bytes()` that may be read.
    const char *bytes;
    size_t count;
    int64_t ingest_time_ns;
    int64_t journal_offset;
} td_frame;

/// Memory of one feed's decoder. One thread at a time.
typedef struct td_decoder td_decoder;
/// `knows_fixed_form` is true but for tests that compare: frames in the form that a venue always writes are then read
/// on a shorter way, with the same result.
td_decoder *td_decoder_create(td_intern intern, void *context, bool knows_fixed_form);
void td_decoder_destroy(td_decoder *decoder);

/// Decodes frames of the format in their order, up to the first that has rejects, included. Returns how many were read.
/// The columns must have room for `count / TD_BYTES_PER_EVENT + 1` more rows for every frame.
typedef size_t td_decode(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output);
/// The shortest event has more bytes than this.
#define TD_BYTES_PER_EVENT 20

td_decode td_decode_finnhub;
td_decode td_decode_binance;
td_decode td_decode_coinbase;
td_decode td_decode_kraken;
td_decode td_decode_mt5;
td_decode td_decode_simulator;

// Rows as clients write them: JSON objects, one per line or in a list, with the names of the table's columns.
td_decode td_decode_trade_rows;
td_decode td_decode_quote_rows;
td_decode td_decode_transaction_rows;
/// The columns that rows of transactions fill: all of the table.
const td_record_field *td_transaction_fields(size_t *count);

/// Finds the tokens of a frame with simdjson and does no more, for comparison. Returns how many; 0 where it is not JSON.
size_t td_count_tokens(td_decoder *decoder, td_frame frame);

/// A decimal number as units of 10^-scale, exact: digits, an optional sign, point and exponent. False where it is no
/// number, has more digits behind the point than the scale (other than zeros), or more than 18 digits in all. Sixteen
/// bytes from the start of the text must be readable.
bool td_read_units(const char *text, size_t count, int32_t scale, int64_t *units);

/// The double next to decimal text that need not be JSON (`.5`, `007` and `1.` are fine, hexadecimal is not). Sixteen
/// bytes from the start of the text must be readable. False where the text is no number.
bool td_read_decimal(const char *text, size_t count, double *value);

#ifdef __cplusplus
}
#endif
