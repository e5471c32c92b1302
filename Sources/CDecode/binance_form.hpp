// Trades and book tickers as Binance writes them: keys of one letter in any order, no white space, decimals as text.
#pragma once
#include "plain_text.hpp"

namespace tapedeck {

class BinanceForm {
  public:
    /// Reads a frame of this form, with an outer object or without, or does nothing.
    ///
    /// The last byte of a frame is a curly bracket, which no form and no number has, so that only a text can go on
    /// behind it.
    static bool read(td_decoder &decoder, const td_frame &frame, td_output &output) {
        if (frame.count < 32 || frame.bytes[frame.count - 1] != '}') return false;
        BinanceForm form;
        const char *at = frame.bytes, *end = frame.bytes + frame.count - 1;
        bool is_quote_stream = true;  // where no stream says otherwise
        if (step_over(at, "{\"stream\":\"")) {
            const size_t length = plain_text(at);
            constexpr std::string_view ending = "@bookTicker";
            if (length == 32 || at + length >= end || *--end != '}') return false;
            is_quote_stream =
                length > ending.size() && memcmp(at + length - ending.size(), ending.data(), ending.size()) == 0;
            at += length;
            if (!step_over(at, "\",\"data\":{")) return false;
        } else {
            at = frame.bytes + 1;
            if (frame.bytes[0] != '{') return false;
        }
        if (!form.event(decoder, at, end) || at != end) return false;
        if (form.kind_ == 0 && is_quote_stream) form.kind_ = 'b';
        return form.kind_ == 'b' ? form.quote(frame, output) : form.kind_ != 0 && form.trade(frame, output);
    }

  private:
    /// Letters seen.
    uint64_t seen_ = 0;
    /// 't' trade, 'a' aggregate trade, 'b' book ticker, 0 where the event does not say.
    char kind_ = 0;
    bool buyer_made_ = false;
    uint32_t instrument_ = 0;
    int64_t time_ms_ = 0, trade_id_ = 0, update_id_ = 0;
    /// Negative where `a` was no number.
    int64_t aggregate_id_ = -1;
    double price_ = 0, size_ = 0, bid_ = 0, bid_size_ = 0, ask_ = 0, ask_size_ = 0;

    static constexpr uint64_t bit(char letter) { return 1ull << (letter - 'A'); }
    template <class... Letters>
    bool has(Letters... letters) const {
        const uint64_t wanted = (bit(letters) | ...);
        return (seen_ & wanted) == wanted;
    }

    /// Reads the fields up to the closing bracket at `end`.
    bool event(td_decoder &decoder, const char *&at, const char *end) {
        do {
            if (at >= end || at[0] != '"') return false;
            if (at[2] != '"') {  // the pair of a future: known, of no interest
                if (!step_over(at, "\"ps\":") || !text(at, end)) return false;
                continue;
            }
            const char letter = at[1];
            if (at[3] != ':' || letter < 'A' || letter > 'z' || (seen_ & bit(letter))) return false;
            seen_ |= bit(letter);
            at += 4;
            if (!field(decoder, letter, at, end)) return false;
        } while (*at++ == ',');
        at--;
        return true;
    }

    __attribute__((always_inline)) inline bool field(
        td_decoder &decoder, char letter, const char *&at, const char *end) {
        int64_t unused;
        switch (letter) {
            case 'e': return kind(at);
            case 's': return symbol(decoder, at, end);
            case 'p': return decimal(at, price_);
            case 'q': return decimal(at, size_);
            case 'B': return decimal(at, bid_size_);
            case 'A': return decimal(at, ask_size_);
            case 'b': return *at == '"' ? decimal(at, bid_) : count(at, unused);
            case 'a': return *at == '"' ? decimal(at, ask_) : count(at, aggregate_id_);
            case 'T': return count(at, time_ms_);
            case 't': return count(at, trade_id_);
            case 'u': return count(at, update_id_);
            case 'E':
            case 'f':
            case 'l': return count(at, unused);
            case 'm': return truth(at, buyer_made_);
            case 'M': {
                bool ignored;
                return truth(at, ignored);
            }
            case 'X': return text(at, end);
            default: return false;
        }
    }

    bool kind(const char *&at) {
        const char *begin = at;
        if (step_over(at, "\"trade\"")) {
            kind_ = 't';
            return true;
        }
        at = begin;
        if (step_over(at, "\"aggTrade\"")) {
            kind_ = 'a';
            return true;
        }
        at = begin;
        kind_ = 'b';
        return step_over(at, "\"bookTicker\"");
    }

    bool symbol(td_decoder &decoder, const char *&at, const char *end) {
        if (*at++ != '"') return false;
        const size_t length = distance(at, '"');
        if (length == 32) return false;
        const uint32_t *known = decoder.instruments.find_short(at, length);
        at += length + 1;
        if (known == nullptr || at > end) return false;
        instrument_ = *known;
        return true;
    }

    static bool text(const char *&at, const char *end) {
        if (*at++ != '"') return false;
        const size_t length = plain_text(at);
        at += length + 1;
        return length != 32 && at <= end;
    }

    static bool decimal(const char *&at, double &value) { return *at++ == '"' && read_fixed_decimal(at, '"', value); }

    static bool count(const char *&at, int64_t &value) {
        const __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8('0'));
        const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
        const size_t count = (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8(is_digit));
        if (count - 1 >= 15 || (at[0] == '0' && count != 1)) return false;
        value = (int64_t)digits_value(right_aligned(digits, count));
        at += count;
        return true;
    }

    static bool truth(const char *&at, bool &value) {
        value = memcmp(at, "true", 4) == 0;
        if (!value && memcmp(at, "false", 5) != 0) return false;
        at += value ? 4 : 5;
        return true;
    }

    bool trade(const td_frame &frame, td_output &output) const {
        if (!has('s', 'p', 'q', 'T', 'm', kind_ == 'a' ? 'a' : 't')) return false;
        if (!is_price(price_) || !is_size(size_) || !is_time_ms(time_ms_)) return false;
        if (kind_ == 'a' && aggregate_id_ < 0) return false;
        TradeWriter trades(output.trades, frame, 1);
        trades.write(
            instrument_, time_ms_ * ns_per_ms, price_, size_, buyer_made_ ? side_sell : side_buy,
            kind_ == 'a' ? aggregate_id_ : trade_id_, TD_MISSING_INDEX, 0);
        trades.finish();
        return true;
    }

    bool quote(const td_frame &frame, td_output &output) const {
        if (!has('s', 'u', 'b', 'B', 'a', 'A')) return false;
        if (!is_price(bid_) || !is_size(bid_size_) || !is_price(ask_) || !is_size(ask_size_)) return false;
        const bool has_time = has('T');
        if (has_time && !is_time_ms(time_ms_)) return false;
        QuoteWriter quotes(output.quotes, frame, 1);
        quotes.write(
            instrument_, has_time ? time_ms_ * ns_per_ms : frame.ingest_time_ns, bid_, ask_, bid_size_, ask_size_,
            update_id_, has_time ? 0 : quote_time_of_receipt, 0);
        quotes.finish();
        return true;
    }
};

}  // namespace tapedeck
