// The register hash: XXH3 over the registers in a fixed order. Part of the trace's format.

#include "engine/record/register_hash.h"

#include <array>
#include <xxhash.h>

namespace ringside::record {

std::uint64_t register_hash(const platform::Registers& r)
{
    const std::array<std::uint64_t, 18> values {r.rax, r.rbx, r.rdx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10,
        r.r12, r.r13, r.r14, r.r15, r.rip, r.eflags & 0xcd5, r.fs_base, r.gs_base};
    return XXH3_64bits(values.data(), sizeof(values));
}

}
