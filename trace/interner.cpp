// See interner.h.
#include "trace/interner.h"

#include <xxhash.h>

namespace ringside::trace {

Hash128 hash128(std::span<const std::byte> bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    return {hash.low64, hash.high64};
}

std::array<std::byte, 16> stored_hash(const Hash128& hash)
{
    std::array<std::byte, 16> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(hash[1 - i / 8] >> (56 - i % 8 * 8));
    return bytes;
}

std::size_t StringInterner::Hasher::operator()(std::string_view text) const
{
    return XXH3_64bits(text.data(), text.size());
}

std::pair<StringId, bool> StringInterner::intern(std::string_view text)
{
    if (text.empty())
        return {0, false};
    if (auto at = known_.find(text); at != known_.end())
        return {at->second, false};
    if (bytes_ > limit) {
        known_.clear();
        bytes_ = 0;
    }
    bytes_ += text.size() + 96;
    known_.emplace(text, ++last_);
    return {last_, true};
}

void ObjectSet::add(ObjectId id)
{
    if (id != dense_ + 1) {
        others_.insert(id);
        return;
    }
    ++dense_;
    while (!others_.empty() && others_.erase(dense_ + 1) != 0)
        ++dense_;
}

}
