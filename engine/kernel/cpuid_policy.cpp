// Features hidden from the guest at level A (replay.md): their instructions give another result each time and cannot be trapped, or
// need state that we do not give.

#include "engine/kernel/cpuid_policy.h"

#include "engine/boundary/host_call.h"
#include "engine/platform/xstate.h"

#include <algorithm>
#include <array>
#include <asm/prctl.h>
#include <cpuid.h>
#include <map>

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

CpuidAnswer native_cpuid(std::uint32_t leaf, std::uint32_t subleaf)
{
    CpuidAnswer answer {};
    __cpuid_count(leaf, subleaf, answer.eax, answer.ebx, answer.ecx, answer.edx);
    return answer;
}

std::string cpu_vendor(const CpuidAnswer& leaf_0)
{
    std::array<std::uint32_t, 3> words {leaf_0.ebx, leaf_0.edx, leaf_0.ecx};
    return {reinterpret_cast<const char*>(words.data()), sizeof words};
}

namespace {

/// Every answer of this processor. In a virtual machine each cpuid is an exit to the hypervisor (10 to 40 microseconds), so that what is
/// known to be empty is not asked for: 60 questions, where asking for every subleaf takes 300.
class CpuidTable {
public:
    CpuidTable()
    {
        for (std::uint32_t base : {0u, 0x4000'0000u, 0x8000'0000u}) {
            std::uint32_t highest = native_cpuid(base, 0).eax;
            if (highest < base || highest - base > 0x100)
                continue; // no such range
            for (std::uint32_t leaf = base; leaf <= highest; ++leaf)
                read(leaf);
            if (base == 0)
                beyond_ = native_cpuid(highest + 1, 0); // Intel: the highest leaf's answer; AMD: zeros
        }
    }

    CpuidAnswer get(std::uint32_t leaf, std::uint32_t subleaf) const
    {
        auto found = answers_.find({leaf, 0});
        if (found == answers_.end())
            return beyond_;
        if (last_subleaf(leaf) == 0)
            return found->second;
        if (auto exact = answers_.find({leaf, subleaf}); exact != answers_.end())
            return exact->second;
        CpuidAnswer answer {};
        if (is_topology(leaf)) { // an invalid level echoes its number, and says the processor's id all the same
            answer.ecx = subleaf & 0xff;
            answer.edx = found->second.edx;
        }
        return answer;
    }

private:
    /// Leaves whose answer depends on ecx, and the last of their subleaves that may say something; 0 elsewhere.
    static std::uint32_t last_subleaf(std::uint32_t leaf)
    {
        switch (leaf) {
        case 0xd:
            return 63;
        case 4: case 7: case 0xb: case 0xf: case 0x10: case 0x12: case 0x14: case 0x17: case 0x18: case 0x1d: case 0x1e: case 0x1f:
        case 0x20: case 0x23: case 0x24: case 0x8000'001d: case 0x8000'0020: case 0x8000'0026:
            return 15;
        default:
            return 0;
        }
    }

    static bool is_topology(std::uint32_t leaf) { return leaf == 0xb || leaf == 0x1f; }

    void read(std::uint32_t leaf)
    {
        CpuidAnswer first = answers_[{leaf, 0}] = native_cpuid(leaf, 0);
        std::uint32_t last = last_subleaf(leaf);
        std::uint64_t components = 0; // of the extended state
        if (leaf == 7)
            last = std::min(last, first.eax);
        if (leaf == 0xd)
            components = first.eax | static_cast<std::uint64_t>(first.edx) << 32;
        for (std::uint32_t subleaf = 1; subleaf <= last; ++subleaf) {
            if (leaf == 0xd && subleaf > 1 && (components >> subleaf & 1) == 0)
                continue;
            CpuidAnswer answer = answers_[{leaf, subleaf}] = native_cpuid(leaf, subleaf);
            if (leaf == 0xd && subleaf == 1)
                components |= answer.ecx | static_cast<std::uint64_t>(answer.edx) << 32;
            bool ends_list = (leaf == 4 || leaf == 0x8000'001d) && (answer.eax & 0x1f) == 0;
            bool no_level = is_topology(leaf) && (answer.ecx >> 8 & 0xff) == 0;
            // A feature that is not there has neither a first nor a second subleaf.
            bool absent = leaf != 0xd && subleaf == 1 && (first.eax | first.ebx | first.ecx | first.edx | answer.eax | answer.ebx | answer.ecx | answer.edx) == 0;
            if (ends_list || no_level || absent)
                break;
        }
    }

    std::map<std::pair<std::uint32_t, std::uint32_t>, CpuidAnswer> answers_;
    CpuidAnswer beyond_ {};
};

/// Read once, before the worker gives cpuid up; never changed.
const CpuidTable& cpuid_table()
{
    static const CpuidTable table;
    return table;
}

}

Result<void> give_up_cpuid()
{
    // All that asks the processor once and remembers must have asked.
    static_cast<void>(cpuid_table());
    static_cast<void>(platform::xstate_layout());
    TRY(host::call(SYS_arch_prctl, ARCH_SET_CPUID, 0));
    return {};
}

CpuidAnswer host_cpuid(std::uint32_t leaf, std::uint32_t subleaf)
{
    return cpuid_table().get(leaf, subleaf);
}

CpuidAnswer guest_cpuid(std::uint32_t leaf, std::uint32_t subleaf)
{
    return mask_cpuid(leaf, subleaf, cpuid_table().get(leaf, subleaf));
}

}
