// The order in which objects have their members, so that those of a list of rows need not be looked up.
#pragma once
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include <vector>

namespace tapedeck {

/// A member that an object had, and what it stands for.
struct KnownMember {
    /// The key from its opening quote to its colon, and bits of the bytes that count. No key begins with a byte of zero.
    char key[32] = {};
    uint32_t mask = 1;
    /// Bytes of the key that count.
    uint32_t count = 0;
    /// The node that it matched; -1 where it is not asked for.
    int32_t child = -1;
    /// Whether what it stands for is a plain value that goes into cell `cell` of the row, into none where that is 0.
    bool is_plain = false;
    bool is_number = false;
    uint32_t cell = 0;

    /// True where the key at `text` is the same. 32 bytes from `text` must be readable.
    bool matches(const char *text) const {
        const __m256i known = _mm256_loadu_si256((const __m256i *)key);
        const __m256i found = _mm256_loadu_si256((const __m256i *)text);
        return (~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(known, found)) & mask) == 0;
    }
};

/// The members of the last object of one kind: objects of one list have theirs in one order.
class KeyOrder {
  public:
    const KnownMember *begin() const { return members_.data(); }
    const KnownMember *end() const { return members_.data() + members_.size(); }

    /// The member that the last object had at this place, where it has the key at `text`; otherwise none.
    const KnownMember *find(size_t place, const char *text) const {
        return place < members_.size() && members_[place].matches(text) ? &members_[place] : nullptr;
    }

    /// Remembers a member whose key goes from its opening quote at `key` to `end`, behind its colon.
    void remember(size_t place, const char *key, const char *end, KnownMember member) {
        const size_t count = (size_t)(end - key);
        if (place > members_.size() || place >= most_members) return;
        if (place == members_.size()) members_.emplace_back();
        // One byte less, so that what stands behind a key beyond the end of a text is still readable.
        if (count >= sizeof member.key) {
            members_[place] = KnownMember{};
            return;
        }
        memcpy(member.key, key, count);
        member.count = (uint32_t)count;
        member.mask = (uint32_t)(~0ull >> (64 - count));
        members_[place] = member;
    }

  private:
    static constexpr size_t most_members = 64;
    std::vector<KnownMember> members_;
};

}  // namespace tapedeck
