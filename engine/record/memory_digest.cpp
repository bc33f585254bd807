// Hashing a process' own pages.

#include "engine/record/memory_digest.h"

#include <algorithm>
#include <xxhash.h>

namespace ringside::record {

namespace {

constexpr std::uint64_t digested_at_most = std::uint64_t {1} << 30;
constexpr std::uint64_t red_zone = 128; ///< below the stack pointer, in use (System V ABI)

}

std::uint64_t hash_memory(std::span<const std::byte> bytes)
{
    return XXH3_64bits(bytes.data(), bytes.size());
}

std::vector<RangeDigest> digest_memory(const mm::AddressSpace& space, bool inherited, const Stacks& stacks)
{
    std::vector<RangeDigest> digests;
    std::uint64_t total = 0;
    auto from = [&](std::uint64_t start, std::uint64_t end) {
        if (stacks.pointer >= start && stacks.pointer < end)
            return std::max(start, (stacks.pointer - red_zone) & ~std::uint64_t {15});
        auto other = stacks.of_others.lower_bound(start);
        return other != stacks.of_others.end() && *other < end ? end : start;
    };
    space.for_each_private(inherited, from, [&](GuestAddr start, std::span<const std::byte> bytes) {
        if (total >= digested_at_most)
            return;
        total += bytes.size();
        digests.push_back({start.value(), bytes.size(), hash_memory(bytes)});
    });
    return digests;
}

}
