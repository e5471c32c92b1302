// Rows of quotes as clients write them, with the names of the table's columns:
// {"symbol":"NASDAQ:AAPL","event_time_ns":1700000000123456789,"bid":189.24,"ask":189.26,"bid_size":300,"ask_size":200}.
// A side whose price is missing or null is empty, but not both; sizes and `update_id` may be missing or null; decimals
// may be texts.
#include "market_rows.hpp"

namespace tapedeck {
namespace {

struct QuoteNames {
    static constexpr const char *names[] = {
        TD_MARKET_ROW_NAMES, "bid", "ask", "bid_size", "ask_size", "update_id"};
};
enum : int { row_bid = row_first_own, row_ask, row_bid_size, row_ask_size, row_update_id };

class QuoteRows {
  public:
    explicit QuoteRows(FrameWriter &writer) : writer_(writer) {}

    int32_t rows = 0;
    /// There is no form of our own.
    size_t fixed_rows() { return 0; }

    bool row(Tokens &tokens, Fault &fault, int32_t index) {
        if (!fields_.read(tokens)) return false;
        const std::string_view name = name_.read(fields_, fault);
        const int64_t time_ns = row_event_time(fields_, fault);
        double bid, ask, bid_size, ask_size;
        side(row_bid, row_bid_size, bid, bid_size, fault);
        side(row_ask, row_ask_size, ask, ask_size, fault);
        if (bid != bid && ask != ask) fields_.missing(row_bid, fault);
        const int64_t id = fields_.has(row_update_id) ? fields_.integer(row_update_id, fault) : TD_MISSING_INT64;
        if (__builtin_expect(fault.any() || has_spare_time(fields_), 0) && !fields_.are_values()) return false;
        if (!fault.any())
            writer_.quote(writer_.instrument(name), time_ns, bid, ask, bid_size, ask_size, id, 0, index);
        return true;
    }

  private:
    FrameWriter &writer_;
    RowFields<QuoteNames> fields_;
    InstrumentName name_;

    /// Price and size of one side; NaN is missing.
    void side(int price_field, int size_field, double &price, double &size, Fault &fault) const {
        price = fields_.decimal_or_nan(price_field, fault);
        size = fields_.decimal_or_nan(size_field, fault);
        if (price == price && !is_price(price)) fault.set(TD_PRICE_NOT_POSITIVE, QuoteNames::names[price_field]);
        if (size == size && !is_size(size)) fault.set(TD_SIZE_INVALID, QuoteNames::names[size_field]);
    }
};

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_quote_rows(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode_rows<tapedeck::QuoteRows>>(*decoder, frames, count, *output);
}
