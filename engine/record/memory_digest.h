// Hashes of the memory that a process has written: taken when a recording's process ends or runs another program, and compared when it
// is replayed. The registers at each call show most differences; this shows those that no call ever depends on.
#pragma once

#include "engine/mm/address_space.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

namespace ringside::record {

/// Up to 64 KiB of consecutive pages and what they held. Lies in the trace as it is here.
struct RangeDigest {
    std::uint64_t start;  ///< in the guest
    std::uint64_t length; ///< bytes
    std::uint64_t hash;   ///< XXH3, 64 bits
};

/// The hash of one range's bytes.
std::uint64_t hash_memory(std::span<const std::byte> bytes);

/// The stacks of a process that ends. What lies below a stack pointer is nobody's any more, and it is not the same in each run: the dynamic
/// linker saves the vector state there, and whether the processor holds a part of it to be in use depends on interruptions.
struct Stacks {
    std::uint64_t pointer;              ///< of the thread that ends the process
    std::set<std::uint64_t> of_others;  ///< somewhere in the stacks of threads that have ended before: these do not count
};

/// The private memory of `space` by address: see AddressSpace::for_each_private. Of huge processes the first gibibyte, so that the
/// others do not have to wait.
std::vector<RangeDigest> digest_memory(const mm::AddressSpace& space, bool inherited, const Stacks& stacks);

}
