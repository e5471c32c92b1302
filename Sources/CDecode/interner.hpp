// Numbers for byte strings: an open-addressing hash that never forgets.
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tapedeck {

/// Texts up to this length are compared as one vector.
constexpr size_t short_text = 32;

/// Numbers by text. Texts come from frames, so that 32 bytes from their start can be read whatever their length.
class Interner {
  public:
    Interner() : slots_(256) {}

    /// The number of `text`, or null. Valid until the next `insert`.
    const uint32_t *find(std::string_view text) const {
        if (__builtin_expect(text.size() <= short_text, 1)) return find_short(text.data(), text.size());
        const auto known = long_texts_.find(std::string(text));
        return known == long_texts_.end() ? nullptr : &known->second;
    }

    /// The same for a text of at most 32 bytes; the empty text is never known.
    __attribute__((always_inline)) inline const uint32_t *find_short(const char *text, size_t length) const {
        const __m256i key = masked(text, length);
        size_t place = hash(key, length) & (slots_.size() - 1);
        while (slots_[place].length != 0) {
            const Slot &slot = slots_[place];
            const __m256i same = _mm256_cmpeq_epi8(key, _mm256_loadu_si256((const __m256i *)slot.text));
            if (slot.length == length && _mm256_movemask_epi8(same) == -1) return &slot.number;
            place = (place + 1) & (slots_.size() - 1);
        }
        return nullptr;
    }

    /// Remembers a text that is not known and not empty.
    void insert(std::string_view text, uint32_t number) {
        if (text.size() > short_text) {
            long_texts_.emplace(text, number);
            return;
        }
        if (2 * ++count_ > slots_.size()) grow();
        Slot slot;
        memcpy(slot.text, text.data(), text.size());
        slot.length = (uint32_t)text.size();
        slot.number = number;
        place(slot);
    }

    /// Texts of at most 32 bytes that are known.
    size_t short_count() const { return count_; }

  private:
    struct Slot {
        /// The text and zeros.
        char text[short_text] = {};
        /// 0 in a free slot.
        uint32_t length = 0;
        uint32_t number = 0;
    };
    std::vector<Slot> slots_;
    size_t count_ = 0;
    std::unordered_map<std::string, uint32_t> long_texts_;

    /// The text followed by zeros.
    static __m256i masked(const char *text, size_t length) {
        const __m256i places = _mm256_setr_epi8(
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
            29, 30, 31);
        const __m256i inside = _mm256_cmpgt_epi8(_mm256_set1_epi8((char)length), places);
        return _mm256_and_si256(_mm256_loadu_si256((const __m256i *)text), inside);
    }

    static size_t hash(__m256i key, size_t length) {
        const __m128i folded = _mm_xor_si128(_mm256_castsi256_si128(key), _mm256_extracti128_si256(key, 1));
        const uint64_t first = _mm_crc32_u64(length, (uint64_t)_mm_cvtsi128_si64(folded));
        return _mm_crc32_u64(first, (uint64_t)_mm_extract_epi64(folded, 1));
    }

    void place(const Slot &slot) {
        size_t place = hash(masked(slot.text, slot.length), slot.length) & (slots_.size() - 1);
        while (slots_[place].length != 0) place = (place + 1) & (slots_.size() - 1);
        slots_[place] = slot;
    }

    void grow() {
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (const Slot &slot : old)
            if (slot.length != 0) place(slot);
    }
};

}  // namespace tapedeck
