// A decoder with columns of exactly the size that its contract asks for.
#pragma once
#include <memory>

#include "outcome.hpp"
#include "reference_json.hpp"

namespace fuzzing {

/// Owns the columns of one call.
class Columns {
  public:
    Columns(size_t capacity, const td_record_field *fields, size_t field_count, size_t text_bytes)
        : capacity_(capacity) {
        td_trades &trades = output.trades;
        trades = {make<uint32_t>(), make<int64_t>(), make<int64_t>(), make<double>(), make<double>(), make<uint8_t>(),
                  make<int64_t>(), make<uint32_t>(), make<int64_t>(), make<int32_t>(), 0, capacity};
        td_quotes &quotes = output.quotes;
        quotes = {make<uint32_t>(), make<int64_t>(), make<int64_t>(), make<double>(),  make<double>(),
                  make<double>(),   make<double>(),  make<int64_t>(), make<int32_t>(), make<double>(),
                  make<double>(),   make<int64_t>(), make<int32_t>(), 0,               capacity};
        for (size_t i = 0; i < field_count; i++) {
            td_record_column column = {nullptr, nullptr};
            switch (fields[i].kind) {
                case TD_CELL_INT64: column.values = make<int64_t>(); break;
                case TD_CELL_INT32: column.values = make<int32_t>(); break;
                case TD_CELL_FLOAT64: column.values = make<double>(); break;
                case TD_CELL_BOOLEAN: column.values = make<uint8_t>(); break;
                case TD_CELL_TEXT:
                    capacity_++;
                    column.values = make<int64_t>();
                    capacity_--;
                    *(int64_t *)column.values = 0;
                    memory_.emplace_back(new char[text_bytes]);
                    column.bytes = memory_.back().get();
                    break;
                default: column.values = make<uint32_t>();
            }
            records_.push_back(column);
        }
        output.records = {records_.data(), 0, field_count > 0 ? capacity : 0};
        capacity_ = TD_REJECTS_LISTED;
        output.rejects = make<td_reject>();
    }

    td_output output = {};

  private:
    size_t capacity_;
    std::vector<std::unique_ptr<char[]>> memory_;
    std::vector<td_record_column> records_;

    template <class Value>
    Value *make() {
        memory_.emplace_back(new char[capacity_ * sizeof(Value)]);
        return (Value *)memory_.back().get();
    }
};

/// One decoder and the names it has met.
class Bench {
  public:
    Bench(td_decode *decode, bool knows_fixed_form) : decode_(decode) {
        decoder_ = td_decoder_create(Names::intern, &names, knows_fixed_form);
        td_decode *volatile decoder = decode;
        if (decoder == td_decode_transaction_rows) fields_ = td_transaction_fields(&field_count_);
    }
    ~Bench() { td_decoder_destroy(decoder_); }

    Names names;

    /// Decodes frames, at most `most` with each call.
    std::vector<Outcome> decode(const std::vector<td_frame> &frames, size_t most) {
        std::vector<Outcome> outcomes(frames.size());
        for (size_t next = 0; next < frames.size();) {
            const size_t count = frames.size() - next < most ? frames.size() - next : most;
            size_t rows = 0, bytes = 0;
            for (size_t i = next; i < next + count; i++) {
                rows += frames[i].count / TD_BYTES_PER_EVENT + 1;
                bytes += frames[i].count;
            }
            Columns columns(rows, fields_, field_count_, bytes);
            td_output &output = columns.output;
            const size_t read = decode_(decoder_, frames.data() + next, count, &output);
            CHECK(read > 0 && read <= count);
            CHECK(output.reject_count > 0 || read == count);
            CHECK(output.rejects_listed ==
                  (output.reject_count < TD_REJECTS_LISTED ? output.reject_count : TD_REJECTS_LISTED));
            CHECK(output.ignored <= read);
            take_rows(output, next, read, outcomes);
            take_records(output, next, read, outcomes);
            ignored += output.ignored;
            Outcome &last = outcomes[next + read - 1];
            last.reject_count = output.reject_count;
            last.rejects.assign(output.rejects, output.rejects + output.rejects_listed);
            if (most == 1) last.ignored = output.ignored;
            next += read;
        }
        return outcomes;
    }

    /// Messages of no interest so far.
    size_t ignored = 0;

  private:
    td_decode *decode_;
    td_decoder *decoder_;
    const td_record_field *fields_ = nullptr;
    size_t field_count_ = 0;

    const std::string &name(int kind, uint32_t number) {
        CHECK(number < names.texts[kind].size());
        return names.texts[kind][number];
    }

    void take_rows(const td_output &output, size_t first, size_t count,
                   std::vector<Outcome> &outcomes) {
        const td_trades &trades = output.trades;
        CHECK(trades.count <= trades.capacity);
        for (size_t i = 0; i < trades.count; i++) {
            const int64_t frame = trades.journal_offset[i];
            CHECK(frame >= (int64_t)first && frame < (int64_t)(first + count));
            const std::string conditions =
                trades.conditions[i] == TD_MISSING_INDEX ? "" : name(TD_CONDITIONS, trades.conditions[i]);
            outcomes[(size_t)frame].rows.push_back(
                {false, name(TD_INSTRUMENT, trades.instrument[i]), conditions, trades.event_time_ns[i],
                 trades.ingest_time_ns[i], frame, trades.trade_id[i], {trades.price[i], trades.size[i], 0, 0, 0, 0},
                 trades.side[i], trades.frame_index[i]});
        }
        const td_quotes &quotes = output.quotes;
        CHECK(quotes.count <= quotes.capacity);
        for (size_t i = 0; i < quotes.count; i++) {
            const int64_t frame = quotes.journal_offset[i];
            CHECK(frame >= (int64_t)first && frame < (int64_t)(first + count));
            outcomes[(size_t)frame].rows.push_back(
                {true, name(TD_INSTRUMENT, quotes.instrument[i]), "", quotes.event_time_ns[i],
                 quotes.ingest_time_ns[i], frame, quotes.update_id[i],
                 {quotes.bid[i], quotes.ask[i], quotes.bid_size[i], quotes.ask_size[i], quotes.last[i],
                  quotes.last_size[i]},
                 quotes.flags[i], quotes.frame_index[i]});
        }
    }

    template <class Value>
    static void add(std::string &cells, const td_record_column &column, size_t row) {
        cells.append((const char *)((const Value *)column.values + row), sizeof(Value));
    }

    void take_records(const td_output &output, size_t first, size_t count, std::vector<Outcome> &outcomes) {
        const td_records &records = output.records;
        CHECK(records.count <= records.capacity);
        for (size_t row = 0; row < records.count; row++) {
            int64_t frame = -1;
            Record record;
            for (size_t i = 0; i < field_count_; i++) {
                const td_record_column &column = records.columns[i];
                switch (fields_[i].kind) {
                    case TD_CELL_INT64: add<int64_t>(record.cells, column, row); break;
                    case TD_CELL_INT32: add<int32_t>(record.cells, column, row); break;
                    case TD_CELL_FLOAT64: add<double>(record.cells, column, row); break;
                    case TD_CELL_BOOLEAN: add<uint8_t>(record.cells, column, row); break;
                    case TD_CELL_CATEGORY: record.cells += name(TD_TEXT, ((uint32_t *)column.values)[row]) + '\n'; break;
                    case TD_CELL_INSTRUMENT:
                        record.cells += name(TD_INSTRUMENT, ((uint32_t *)column.values)[row]) + '\n';
                        break;
                    case TD_CELL_TEXT: {
                        const int64_t *offsets = (const int64_t *)column.values + row;
                        CHECK(offsets[0] >= 0 && offsets[0] <= offsets[1]);
                        const std::string text(column.bytes + offsets[0], (size_t)(offsets[1] - offsets[0]));
                        CHECK(is_utf8(text));
                        record.cells += text + '\n';
                    }
                }
                if (strcmp(fields_[i].name, "journal_offset") == 0) frame = ((int64_t *)column.values)[row];
                if (strcmp(fields_[i].name, "frame_index") == 0) record.frame_index = ((int32_t *)column.values)[row];
            }
            CHECK(frame >= (int64_t)first && frame < (int64_t)(first + count));
            outcomes[(size_t)frame].records.push_back(record);
        }
    }
};

}  // namespace fuzzing
