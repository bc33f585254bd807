// What the recorder remembers of what it has stored: strings and contents that need not be stored again, and the objects' ids.
#pragma once

#include "trace/event_view.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace ringside::trace {

using Hash128 = std::array<std::uint64_t, 2>; ///< XXH3_128bits: low, high

Hash128 hash128(std::span<const std::byte> bytes);
/// As table `blob` and xxhsum have it: the high half first.
std::array<std::byte, 16> stored_hash(const Hash128& hash);

struct Hash128Hasher {
    std::size_t operator()(const Hash128& hash) const { return hash[0]; }
};

/// Texts to ids. Bounded: past its limit it forgets all, and texts are stored a second time under a new id.
class StringInterner {
public:
    /// The id, and whether it is new (and has to be stored).
    std::pair<StringId, bool> intern(std::string_view text);

private:
    struct Hasher {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const;
    };
    static constexpr std::size_t limit = std::size_t{64} << 20;
    std::unordered_map<std::string, StringId, Hasher, std::equal_to<>> known_;
    std::size_t bytes_ = 0;
    StringId last_ = 0;
};

/// Contents that are in table `blob`.
class BlobIndex {
public:
    std::uint32_t find(const Hash128& hash) const
    {
        auto at = known_.find(hash);
        return at == known_.end() ? 0 : at->second;
    }
    std::uint32_t add(const Hash128& hash) { return known_[hash] = ++last_; }

private:
    std::unordered_map<Hash128, std::uint32_t, Hash128Hasher> known_;
    std::uint32_t last_ = 0;
};

/// The objects that were introduced. Ids mostly count up, so that a mark and a few exceptions do.
class ObjectSet {
public:
    bool contains(ObjectId id) const { return id != 0 && (id <= dense_ || others_.contains(id)); }
    void add(ObjectId id);

private:
    ObjectId dense_ = 0;
    std::unordered_set<ObjectId> others_;
};

}
