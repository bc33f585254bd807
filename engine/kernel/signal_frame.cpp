// Frame layout and conversions.

#include "engine/kernel/signal_frame.h"

#include "engine/platform/xstate.h"

#include <algorithm>
#include <cstring>

namespace ringside::kernel {

namespace {

constexpr std::uint32_t magic1 = 0x4650'5853; // FP_XSTATE_MAGIC1
constexpr std::uint32_t magic2 = 0x4650'5845; // FP_XSTATE_MAGIC2
constexpr std::size_t magic2_size = 4;
constexpr std::size_t legacy_size = 512;
constexpr std::size_t header_size = 64;
constexpr std::size_t software_offset = 464;

/// struct _fpx_sw_bytes
struct SoftwareBytes {
    std::uint32_t magic1;
    std::uint32_t extended_size; ///< with the closing magic word
    std::uint64_t xfeatures;
    std::uint32_t xstate_size;
    std::uint32_t padding[7];
};
static_assert(sizeof(SoftwareBytes) == 48);

/// Bytes of the standard-format XSAVE area for the features that the guest has.
std::size_t guest_xstate_size()
{
    return platform::xstate_layout().size;
}

}

std::size_t frame_xstate_size()
{
    return guest_xstate_size() + magic2_size;
}

FramePlace place_frame(std::uint64_t top, std::size_t xstate_size)
{
    std::uint64_t xstate = (top - xstate_size) & ~std::uint64_t {63};
    std::uint64_t frame = ((xstate - sizeof(SignalFrame)) & ~std::uint64_t {15}) - 8;
    return {frame, xstate};
}

std::vector<std::byte> frame_xstate(std::span<const std::byte> state)
{
    std::size_t size = guest_xstate_size();
    std::vector<std::byte> result(size + magic2_size);
    if (state.size() >= legacy_size + header_size) {
        std::copy_n(state.begin(), std::min(size, state.size()), result.begin());
    } else {
        constexpr std::uint16_t initial_fcw = 0x37f;
        constexpr std::uint32_t initial_mxcsr = 0x1f80;
        std::memcpy(result.data(), &initial_fcw, sizeof initial_fcw);
        std::memcpy(result.data() + 24, &initial_mxcsr, sizeof initial_mxcsr);
    }
    SoftwareBytes software {};
    software.magic1 = magic1;
    software.extended_size = static_cast<std::uint32_t>(size + magic2_size);
    software.xfeatures = platform::xstate_layout().features;
    software.xstate_size = static_cast<std::uint32_t>(size);
    std::memcpy(result.data() + software_offset, &software, sizeof software);
    std::memcpy(result.data() + size, &magic2, sizeof magic2);
    return result;
}

std::size_t frame_xstate_claim(std::span<const std::byte> legacy)
{
    SoftwareBytes software;
    std::memcpy(&software, legacy.subspan(software_offset, sizeof software).data(), sizeof software);
    bool sane = software.magic1 == magic1 && software.xstate_size >= legacy_size + header_size && software.xstate_size <= guest_xstate_size()
        && software.xstate_size <= software.extended_size;
    return sane ? software.xstate_size : legacy_size;
}

bool has_closing_magic(std::span<const std::byte> word)
{
    return word.size() == magic2_size && std::memcmp(word.data(), &magic2, magic2_size) == 0;
}

SigContext to_context(const platform::Registers& r)
{
    SigContext c {};
    c.r8 = r.r8, c.r9 = r.r9, c.r10 = r.r10, c.r11 = r.r11, c.r12 = r.r12, c.r13 = r.r13, c.r14 = r.r14, c.r15 = r.r15;
    c.rdi = r.rdi, c.rsi = r.rsi, c.rbp = r.rbp, c.rbx = r.rbx, c.rdx = r.rdx, c.rax = r.rax, c.rcx = r.rcx;
    c.rsp = r.rsp, c.rip = r.rip, c.eflags = r.eflags;
    c.cs = 0x33, c.ss = 0x2b;
    return c;
}

void from_context(const SigContext& c, platform::Registers& r)
{
    r.r8 = c.r8, r.r9 = c.r9, r.r10 = c.r10, r.r11 = c.r11, r.r12 = c.r12, r.r13 = c.r13, r.r14 = c.r14, r.r15 = c.r15;
    r.rdi = c.rdi, r.rsi = c.rsi, r.rbp = c.rbp, r.rbx = c.rbx, r.rdx = c.rdx, r.rax = c.rax, r.rcx = c.rcx;
    r.rsp = c.rsp, r.rip = c.rip;
    r.eflags = (r.eflags & ~eflags_changeable) | (c.eflags & eflags_changeable);
}

}
