// Numbers for byte strings: an open-addressing hash that never forgets.
#pragma once
#include <stdint.h>
#include <string.h>

#include <memory>
#include <string_view>
#include <vector>

namespace tapedeck {

/// What is remembered of a text: its number, and how many tokens it was.
struct Interned {
    uint32_t number = 0;
    uint32_t tokens = 0;
};

class Interner {
  public:
    Interner() : slots_(256) {}

    /// What is known of `text`, or null. Valid until the next `insert`.
    __attribute__((always_inline)) inline const Interned *find(std::string_view text) const {
        const Key key(text);
        size_t place = key.hash() & (slots_.size() - 1);
        while (slots_[place].used) {
            const Slot &slot = slots_[place];
            if (slot.key == key && (text.size() <= 16 || memcmp(slot.text.get(), text.data(), text.size()) == 0))
                return &slot.value;
            place = (place + 1) & (slots_.size() - 1);
        }
        return nullptr;
    }

    /// Remembers a text that is not known.
    void insert(std::string_view text, Interned value) {
        if (2 * ++count_ > slots_.size()) grow();
        Slot slot{Key(text), value, nullptr, true};
        if (text.size() > 16) {
            slot.text.reset(new char[text.size()]);
            memcpy(slot.text.get(), text.data(), text.size());
        }
        place(std::move(slot));
    }

  private:
    /// Length, first and last bytes of a text, which is all of it up to sixteen bytes; longer ones have all bytes folded
    /// into the first. Never reads past the end.
    struct Key {
        uint64_t head = 0;
        uint64_t tail = 0;
        uint64_t length = 0;

        Key() = default;
        explicit Key(std::string_view text) : length(text.size()) {
            const char *bytes = text.data();
            if (length >= 8) {
                memcpy(&head, bytes, 8);
                memcpy(&tail, bytes + length - 8, 8);
                for (size_t i = 8; i + 8 < length; i += 8) {
                    uint64_t word;
                    memcpy(&word, bytes + i, 8);
                    head = mix(head ^ word, 0xbf58476d1ce4e5b9ull);
                }
            } else if (length >= 4) {
                uint32_t first, last;
                memcpy(&first, bytes, 4);
                memcpy(&last, bytes + length - 4, 4);
                head = first;
                tail = last;
            } else if (length > 0) {
                head = (uint8_t)bytes[0];
                tail = (uint64_t)(uint8_t)bytes[length / 2] << 8 | (uint8_t)bytes[length - 1];
            }
        }
        bool operator==(const Key &other) const {
            return ((head ^ other.head) | (tail ^ other.tail) | (length ^ other.length)) == 0;
        }
        uint64_t hash() const {
            return mix(mix(head ^ length, 0x9e3779b97f4a7c15ull) ^ tail, 0x94d049bb133111ebull);
        }
        static uint64_t mix(uint64_t left, uint64_t right) {
            const unsigned __int128 product = (unsigned __int128)left * right;
            return (uint64_t)product ^ (uint64_t)(product >> 64);
        }
    };
    struct Slot {
        Key key;
        Interned value;
        /// The whole text where it is longer than sixteen bytes.
        std::unique_ptr<char[]> text;
        bool used = false;
    };
    std::vector<Slot> slots_;
    size_t count_ = 0;

    void place(Slot &&slot) {
        size_t place = slot.key.hash() & (slots_.size() - 1);
        while (slots_[place].used) place = (place + 1) & (slots_.size() - 1);
        slots_[place] = std::move(slot);
    }

    void grow() {
        std::vector<Slot> old(slots_.size() * 2);
        old.swap(slots_);
        for (Slot &slot : old)
            if (slot.used) place(std::move(slot));
    }
};

}  // namespace tapedeck
