// Hashing a process' own pages.

#include "engine/record/memory_digest.h"

#include <xxhash.h>

namespace ringside::record {

namespace {

constexpr std::uint64_t digested_at_most = std::uint64_t {1} << 30;

}

std::uint64_t hash_memory(std::span<const std::byte> bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::vector<RangeDigest> digest_memory(const mm::AddressSpace& space, bool inherited)
{
    std::vector<RangeDigest> digests;
    std::uint64_t total = 0;
    space.for_each_private(inherited, [&](GuestAddr start, std::span<const std::byte> bytes) {
        if (total >= digested_at_most)
            return;
        total += bytes.size();
        digests.push_back({start.value(), bytes.size(), hash_memory(bytes)});
    });
    return digests;
}

}
