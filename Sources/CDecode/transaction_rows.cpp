// Rows of client operations, with the names of the table's columns:
// {"operation_id":"3f1c2c0e-5d1f-4d2a-9a51-2f0c7f6f2b11","person_name":"Ana Souza","symbol":"PIC.WS",
//  "timestamp":"2026-01-30T14:30:00.123456Z","exchange":"NYSE","currency":"USD","price":12.5,"operation":"purchase"}.
// All fields are needed. The price is exact, as a number or as text; the UUID is stored in lower case. Without `timestamp` the time
// is `event_time_ns`, or `event_time`: so the table's own rows can be read again.
#include "currencies.hpp"
#include "decimals.hpp"
#include "plain_text.hpp"
#include "records.hpp"
#include "row_fields.hpp"
#include "row_walk.hpp"
#include "times.hpp"
#include "uuid.hpp"

namespace tapedeck {
namespace {

constexpr int32_t price_scale = 8;
/// Names that are remembered as valid; others are looked at every time.
constexpr size_t known_names_most = 65'536;

enum : int {
    cell_operation_id,
    cell_person_name,
    cell_symbol,
    cell_exchange,
    cell_event_time,
    cell_ingest_time,
    cell_currency,
    cell_price,
    cell_operation,
    cell_journal_offset,
    cell_frame_index
};
constexpr td_record_field record_fields[] = {
    {"operation_id", TD_CELL_TEXT, 0},    {"person_name", TD_CELL_TEXT, 0},
    {"symbol", TD_CELL_CATEGORY, 0},      {"exchange", TD_CELL_CATEGORY, 0},
    {"event_time_ns", TD_CELL_INT64, 0},  {"ingest_time_ns", TD_CELL_INT64, 0},
    {"currency", TD_CELL_CATEGORY, 0},    {"price", TD_CELL_INT64, price_scale},
    {"operation", TD_CELL_CATEGORY, 0},   {"journal_offset", TD_CELL_INT64, 0},
    {"frame_index", TD_CELL_INT32, 0},
};

struct TransactionNames {
    static constexpr const char *names[] = {"operation_id", "person_name", "symbol", "timestamp",
                                            "exchange",     "currency",    "price",  "operation",
                                            "event_time_ns", "event_time"};
};
enum : int {
    row_operation_id,
    row_person_name,
    row_symbol,
    row_timestamp,
    row_exchange,
    row_currency,
    row_price,
    row_operation,
    row_event_time_ns,
    row_event_time
};

class TransactionRows {
  public:
    explicit TransactionRows(FrameWriter &writer)
        : writer_(writer), records_(writer.output.records, most_rows(writer.frame)) {}

    int32_t rows = 0;

    /// Rows as our own generator writes them: no white space, keys in the order above, microseconds of UTC, one row per
    /// line; symbols, exchanges and operations known before; names plain or known before.
    size_t fixed_rows() {
        const char *at = writer_.frame.bytes, *const end = at + writer_.frame.count;
        while (at < end && fixed_row(at, end)) {}
        return (size_t)(at - writer_.frame.bytes);
    }

    bool row(Tokens &tokens, Fault &fault, int32_t index) {
        if (!fields_.read(tokens)) return false;
        const std::string_view id = fields_.text(row_operation_id, fault);
        if (!fault.any() && (id.size() != uuid_bytes || !copy_uuid(id.data(), records_.text(cell_operation_id, uuid_bytes))))
            fault.set(TD_VALUE_INVALID, "`operation_id` is not a UUID");
        const std::string_view name = fields_.text(row_person_name, fault);
        const std::string_view symbol = fields_.text(row_symbol, fault);
        const int64_t time_ns = event_time(fault);
        const std::string_view exchange = fields_.text(row_exchange, fault);
        const std::string_view currency = fields_.text(row_currency, fault);
        if (!fault.any() && (currency.size() != 3 || !currencies.holds(currency.data())))
            fault.set(TD_VALUE_INVALID, "`currency` is not a code of ISO 4217");
        const int64_t price = this->price(fault);
        const std::string_view operation = fields_.text(row_operation, fault);
        if (!fault.any() && operation != "purchase" && operation != "sale")
            fault.set(TD_VALUE_INVALID, "`operation` is neither purchase nor sale");
        // Of times that are stated more than once some were not looked at.
        const bool has_other_time = fields_.has(row_event_time_ns) || fields_.has(row_event_time);
        if ((fault.any() || has_other_time) && !fields_.are_values()) return false;
        if (fault.any()) return true;
        set_name(name);
        finish(writer_.text(symbol), writer_.text(exchange), time_ns, writer_.text(currency), price,
               writer_.text(operation), index);
        return true;
    }

  private:
    FrameWriter &writer_;
    RecordWriter records_;
    RowFields<TransactionNames> fields_;

    void finish(
        uint32_t symbol, uint32_t exchange, int64_t time_ns, uint32_t currency, int64_t price, uint32_t operation,
        int32_t index) {
        records_.set(cell_symbol, symbol);
        records_.set(cell_exchange, exchange);
        records_.set(cell_event_time, time_ns);
        records_.set(cell_ingest_time, writer_.frame.ingest_time_ns);
        records_.set(cell_currency, currency);
        records_.set(cell_price, price);
        records_.set(cell_operation, operation);
        records_.set(cell_journal_offset, writer_.frame.journal_offset);
        records_.set(cell_frame_index, index);
        records_.end();
    }

    /// The inside of a string that is valid; remembered where it could not be told without the walk over tokens.
    void set_name(std::string_view inside) {
        if (memchr(inside.data(), '\\', inside.size()) != nullptr) {
            std::string &text = writer_.decoder.scratch;
            text.clear();
            unescape(inside, text);
            records_.set(cell_person_name, text.data(), text.size());
            return;
        }
        records_.set(cell_person_name, inside.data(), inside.size());
        Interner &known = writer_.decoder.known_texts;
        if (inside.size() < short_text && known.short_count() < known_names_most &&
            known.find_short(inside.data(), inside.size()) == nullptr)
            known.insert(inside, 0);
    }

    int64_t event_time(Fault &fault) const {
        int64_t value = 0;
        if (!fields_.has(row_timestamp) && fields_.has(row_event_time_ns)) {
            value = fields_.integer(row_event_time_ns, fault);
            if (!fault.any() && (value < 0 || !is_time_ms(value / ns_per_ms))) fault.set(TD_TIME_OUT_OF_RANGE, "event_time_ns");
            return value;
        }
        const bool is_other = !fields_.has(row_timestamp) && fields_.has(row_event_time);
        const std::string_view text = fields_.text(is_other ? row_event_time : row_timestamp, fault);
        if (fault.any()) return 0;
        if (!read_rfc3339(text, value))
            fault.set(TD_VALUE_INVALID, is_other ? "`event_time` is not an RFC 3339 time with a zone"
                                                 : "`timestamp` is not an RFC 3339 time with a zone");
        else if (!is_time_ms(value / ns_per_ms))
            fault.set(TD_TIME_OUT_OF_RANGE, is_other ? "event_time" : "timestamp");
        return value;
    }

    int64_t price(Fault &fault) const {
        int64_t units = 0;
        if (!fields_.is_there(row_price, fault)) return 0;
        std::string_view text = fields_.token(row_price);
        const bool is_text = unquoted(fields_.token(row_price), text);
        double number;
        if (!is_text && !is_number(text)) {
            fields_.wrong(row_price, fault);
        } else if (!read_units(text, price_scale, units)) {
            // A number that does not fit, or no number.
            if (!text.empty() && is_number(text) && read_decimal(text, number))
                fault.set(TD_VALUE_INVALID, "`price` has more than 18 digits, or more than 8 of them behind the point");
            else
                fields_.wrong(row_price, fault);
        } else if (units <= 0) {
            fault.set(TD_PRICE_NOT_POSITIVE, "price");
        }
        return units;
    }

    /// Reads one row and steps over it and its line end; false where it has another form or a fault. No read begins
    /// behind the end of the frame, and none goes on for more than 64 bytes.
    bool fixed_row(const char *&next, const char *end) {
        const char *at = next;
        if (end - at < 64 || !step_over(at, "{\"operation_id\":\"")) return false;
        if (!copy_uuid(at, records_.text(cell_operation_id, uuid_bytes))) return false;
        at += uuid_bytes;
        if (at >= end || !step_over(at, "\",\"person_name\":\"") || at >= end) return false;
        size_t length = plain_text(at);
        if (length == 32) {
            length = distance(at, '"');
            if (length == 32 || writer_.decoder.known_texts.find_short(at, length) == nullptr) return false;
        }
        if (length == 0) return false;
        records_.set(cell_person_name, at, length);
        at += length;
        if (at >= end || !step_over(at, "\",\"symbol\":\"") || at >= end) return false;
        const uint32_t *symbol = known(at);
        if (symbol == nullptr || at >= end || !step_over(at, "\",\"timestamp\":\"") || at >= end) return false;
        int64_t time_ns, price;
        if (!read_utc_micros(at, time_ns) || !is_time_ms(time_ns / ns_per_ms)) return false;
        at += 27;
        if (at >= end || !step_over(at, "\",\"exchange\":\"") || at >= end) return false;
        const uint32_t *exchange = known(at);
        if (exchange == nullptr || at >= end || !step_over(at, "\",\"currency\":\"") || at >= end) return false;
        const char *const code = at;
        const uint32_t *currency = known(at);
        if (currency == nullptr || at != code + 3 || !currencies.holds(code) || at >= end) return false;
        if (!step_over(at, "\",\"price\":") || at >= end) return false;
        length = distance(at, ',');
        if (length >= 16 || !read_plain_units(at, length, price_scale, price) || price <= 0) return false;
        at += length;
        if (at >= end || !step_over(at, ",\"operation\":\"") || at >= end) return false;
        const bool is_purchase = memcmp(at, "purchase\"", 9) == 0;
        if (!is_purchase && memcmp(at, "sale\"", 5) != 0) return false;
        const uint32_t *operation = known(at);
        if (operation == nullptr || at >= end || !step_over(at, "\"}")) return false;
        if (at > end || (at != end && *at != '\n')) return false;
        finish(*symbol, *exchange, time_ns, *currency, price, *operation, rows++);
        next = at == end ? at : at + 1;
        return true;
    }

    /// The number of the text at `at`, which is stepped over; null where it is not known or has 32 bytes or more.
    const uint32_t *known(const char *&at) const {
        const size_t length = distance(at, '"');
        if (length == 0 || length == 32) return nullptr;
        const uint32_t *number = writer_.decoder.texts.find_short(at, length);
        at += length;
        return number;
    }
};

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_transaction_rows(
    td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode_rows<tapedeck::TransactionRows>>(*decoder, frames, count, *output);
}

extern "C" const td_record_field *td_transaction_fields(size_t *count) {
    *count = sizeof tapedeck::record_fields / sizeof tapedeck::record_fields[0];
    return tapedeck::record_fields;
}
