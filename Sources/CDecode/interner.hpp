// Numbers for byte strings: an open-addressing hash that never forgets.
#pragma once
#include <stdint.h>
#include <string.h>

#include <memory>
#include <string_view>
#include <vector>

namespace tapedeck {

class Interner {
  public:
    Interner() : slots_(256) {}

    /// The number of `text`, or null where it is not known. Valid until the next `insert`.
    inline const uint32_t *find(std::string_view text) const {
        const uint64_t hash = hash_of(text.data(), text.size());
        size_t place = hash & (slots_.size() - 1);
        while (slots_[place].used) {
            const Slot &slot = slots_[place];
            if (slot.hash == hash && slot.length == text.size() && are_equal(slot.text.get(), text.data(), text.size()))
                return &slot.number;
            place = (place + 1) & (slots_.size() - 1);
        }
        return nullptr;
    }

    /// Remembers a text that is not known.
    void insert(std::string_view text, uint32_t number) {
        if (2 * ++count_ > slots_.size()) grow();
        const uint64_t hash = hash_of(text.data(), text.size());
        size_t place = hash & (slots_.size() - 1);
        while (slots_[place].used) place = (place + 1) & (slots_.size() - 1);
        std::unique_ptr<char[]> copy(new char[text.size() + 1]);
        memcpy(copy.get(), text.data(), text.size());
        slots_[place] = Slot{hash, std::move(copy), (uint32_t)text.size(), number, true};
    }

  private:
    struct Slot {
        uint64_t hash = 0;
        std::unique_ptr<char[]> text;
        uint32_t length = 0;
        uint32_t number = 0;
        bool used = false;
    };
    std::vector<Slot> slots_;
    size_t count_ = 0;

    static inline uint64_t word(const char *bytes) {
        uint64_t value;
        memcpy(&value, bytes, 8);
        return value;
    }
    static inline bool are_equal(const char *left, const char *right, size_t count) {
        if (count < 8) return memcmp(left, right, count) == 0;
        uint64_t difference = word(left + count - 8) ^ word(right + count - 8);
        for (size_t i = 0; i + 8 < count; i += 8) difference |= word(left + i) ^ word(right + i);
        return difference == 0;
    }
    static inline uint64_t mix(uint64_t left, uint64_t right) {
        const unsigned __int128 product = (unsigned __int128)left * right;
        return (uint64_t)product ^ (uint64_t)(product >> 64);
    }
    /// Multiply and fold, eight bytes at a time; the last word overlaps the one before. Never reads past the end.
    static inline uint64_t hash_of(const char *bytes, size_t count) {
        uint64_t state = 0x9e3779b97f4a7c15ull ^ count;
        if (count >= 8) {
            for (size_t i = 0; i + 8 < count; i += 8) state = mix(state ^ word(bytes + i), 0xbf58476d1ce4e5b9ull);
            return mix(state ^ word(bytes + count - 8), 0x94d049bb133111ebull);
        }
        uint64_t tail = 0;
        if (count >= 4) {
            uint32_t low, high;
            memcpy(&low, bytes, 4);
            memcpy(&high, bytes + count - 4, 4);
            tail = (uint64_t)high << 32 | low;
        } else if (count > 0) {
            tail = (uint64_t)(uint8_t)bytes[0] << 16 | (uint64_t)(uint8_t)bytes[count / 2] << 8 |
                   (uint8_t)bytes[count - 1];
        }
        return mix(state ^ tail, 0x94d049bb133111ebull);
    }

    void grow() {
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (Slot &slot : old) {
            if (!slot.used) continue;
            size_t place = slot.hash & (slots_.size() - 1);
            while (slots_[place].used) place = (place + 1) & (slots_.size() - 1);
            slots_[place] = std::move(slot);
        }
    }
};

}  // namespace tapedeck
