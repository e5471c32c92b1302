// Rows of trades as clients write them, with the names of the table's columns:
// {"symbol":"NASDAQ:AAPL","event_time_ns":1700000000123456789,"price":189.25,"size":100,"side":"buy","trade_id":17}.
// `side`, `trade_id` and `conditions` may be missing or null; decimals may be texts.
#include "market_rows.hpp"

namespace tapedeck {
namespace {

struct TradeNames {
    static constexpr const char *names[] = {TD_MARKET_ROW_NAMES, "price", "size", "side", "trade_id", "conditions"};
};
enum : int { row_price = row_first_own, row_size, row_side, row_trade_id, row_conditions };

class TradeRows {
  public:
    explicit TradeRows(FrameWriter &writer) : writer_(writer) {}

    int32_t rows = 0;
    /// There is no form of our own.
    size_t fixed_rows() { return 0; }

    bool row(Tokens &tokens, Fault &fault, int32_t index) {
        if (!fields_.read(tokens)) return false;
        const std::string_view name = name_.read(fields_, fault);
        const int64_t time_ns = row_event_time(fields_, fault);
        const double price = fields_.price(row_price, fault), size = fields_.size(row_size, fault);
        const uint8_t side = fields_.has(row_side) ? this->side(fault) : (uint8_t)side_unknown;
        const int64_t id = fields_.has(row_trade_id) ? fields_.integer(row_trade_id, fault) : TD_MISSING_INT64;
        std::string_view conditions;
        if (fields_.has(row_conditions) && fields_.token(row_conditions) != "\"\"")
            conditions = fields_.text(row_conditions, fault);
        if (__builtin_expect(fault.any() || has_spare_time(fields_), 0) && !fields_.are_values()) return false;
        if (fault.any()) return true;
        const uint32_t number = conditions.empty() ? TD_MISSING_INDEX : this->conditions();
        writer_.trade(writer_.instrument(name), time_ns, price, size, side, id, number, index);
        return true;
    }

  private:
    FrameWriter &writer_;
    RowFields<TradeNames> fields_;
    InstrumentName name_;

    uint8_t side(Fault &fault) const {
        const std::string_view token = fields_.token(row_side);
        if (token == "\"buy\"") return side_buy;
        if (token == "\"sell\"") return side_sell;
        fault.set(TD_VALUE_INVALID, "`side` is neither buy nor sell");
        return side_unknown;
    }

    /// The number of the conditions, which are known by their token: it cannot be mistaken for a list.
    uint32_t conditions() {
        td_decoder &decoder = writer_.decoder;
        const std::string_view token = fields_.token(row_conditions);
        if (const uint32_t *known = decoder.conditions.find(token)) return *known;
        decoder.scratch.clear();
        unescape(token.substr(1, token.size() - 2), decoder.scratch);
        const uint32_t number =
            decoder.intern(decoder.context, TD_CONDITIONS, decoder.scratch.data(), decoder.scratch.size());
        decoder.conditions.insert(token, number);
        return number;
    }
};

}  // namespace
}  // namespace tapedeck

extern "C" size_t td_decode_trade_rows(td_decoder *decoder, const td_frame *frames, size_t count, td_output *output) {
    return tapedeck::decode_run<tapedeck::decode_rows<tapedeck::TradeRows>>(*decoder, frames, count, *output);
}
