// What the guest is told of the processor where CPUID traps: the host's answer without what cannot be replayed.
#pragma once

#include <cstdint>

namespace ringside::kernel {

struct CpuidAnswer {
    std::uint32_t eax, ebx, ecx, edx;
};

/// The host's leaf, with the policy's masks.
CpuidAnswer guest_cpuid(std::uint32_t leaf, std::uint32_t subleaf);
/// The masks alone, on an answer of the host.
CpuidAnswer mask_cpuid(std::uint32_t leaf, std::uint32_t subleaf, CpuidAnswer answer);

}
