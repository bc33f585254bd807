// Where the stub region stands in every guest's address space. By itself, since the freestanding stub includes it too.
#pragma once

#include <cstdint>

namespace ringside {

/// The stub region, never the guest's: glibc, Go, Java and the sanitizers leave it free.
constexpr std::uint64_t stub_region_start = 0x6ff0'0000'0000;
constexpr std::uint64_t stub_region_end = 0x6ff0'4000'0000;

}
