// What the guest is told of the processor where CPUID traps: the host's answer without what cannot be replayed.
#pragma once

#include "engine/base/result.h"

#include <cstdint>
#include <string>

namespace ringside::kernel {

struct CpuidAnswer {
    std::uint32_t eax, ebx, ecx, edx;
};

/// Asks the processor, which it must still answer: before give_up_cpuid.
CpuidAnswer native_cpuid(std::uint32_t leaf, std::uint32_t subleaf);
/// "GenuineIntel", from leaf 0.
std::string cpu_vendor(const CpuidAnswer& leaf_0);
/// The host's leaf as it is. Also where the worker can no longer ask the processor.
CpuidAnswer host_cpuid(std::uint32_t leaf, std::uint32_t subleaf);
/// The host's leaf, with the policy's masks.
CpuidAnswer guest_cpuid(std::uint32_t leaf, std::uint32_t subleaf);
/// The masks alone, on an answer of the host.
CpuidAnswer mask_cpuid(std::uint32_t leaf, std::uint32_t subleaf, CpuidAnswer answer);

/// Makes cpuid trap in the calling thread too, after its answers have been read. A switch between two threads of which one traps writes a
/// model-specific register, which costs a virtual machine 15 µs and more: so the worker is as its guests are. ENODEV where the
/// processor cannot do it.
Result<void> give_up_cpuid();

}
