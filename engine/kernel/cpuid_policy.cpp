// Features hidden from the guest at level A (replay.md): their instructions give another result each time and cannot be trapped, or
// need state that we do not give.

#include "engine/kernel/cpuid_policy.h"

#include <cpuid.h>

namespace ringside::kernel {

namespace {

constexpr std::uint32_t bit(unsigned n) { return std::uint32_t {1} << n; }

}

CpuidAnswer mask_cpuid(std::uint32_t leaf, std::uint32_t subleaf, CpuidAnswer answer)
{
    if (leaf == 1) {
        answer.ecx &= ~(bit(30) | bit(3)); // RDRAND, MONITOR
        answer.ebx &= 0x0000'ffff;         // initial APIC id, logical processors: one
        answer.ebx |= bit(16);
    } else if (leaf == 7 && subleaf == 0) {
        answer.ebx &= ~(bit(4) | bit(11) | bit(18));              // HLE, RTM, RDSEED
        answer.ecx &= ~(bit(3) | bit(4) | bit(5) | bit(7) | bit(22)); // PKU, OSPKE, WAITPKG, CET_SS, RDPID
        answer.edx &= ~(bit(20) | bit(22) | bit(24) | bit(25));   // CET_IBT, AMX_BF16, AMX_TILE, AMX_INT8
    } else if (leaf == 0xb || leaf == 0x1f) {
        answer.edx = 0; // x2APIC id
    } else if (leaf == 0xd && subleaf == 1) {
        answer.eax &= ~(bit(0) | bit(1) | bit(2) | bit(3)); // XSAVEOPT, XSAVEC, XGETBV1, XSAVES
    } else if (leaf == 0x8000'0008) {
        answer.ebx &= ~bit(4); // RDPRU
    } else if (leaf == 0x8000'001e) {
        answer.eax = 0; // extended APIC id
    }
    return answer;
}

CpuidAnswer guest_cpuid(std::uint32_t leaf, std::uint32_t subleaf)
{
    CpuidAnswer answer {};
    __cpuid_count(leaf, subleaf, answer.eax, answer.ebx, answer.ecx, answer.edx);
    return mask_cpuid(leaf, subleaf, answer);
}

}
