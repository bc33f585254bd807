// Extended processor state in the layout of a signal frame.

#include "engine/platform/xstate.h"

#include <algorithm>
#include <asm/sigcontext.h>
#include <cpuid.h>
#include <cstring>

namespace ringside::platform {

namespace {

constexpr std::size_t header = 512;
constexpr std::size_t mxcsr_offset = 24;
constexpr std::size_t mxcsr_mask_offset = 28;
constexpr std::size_t description_offset = 464;

std::uint64_t enabled_features()
{
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return static_cast<std::uint64_t>(high) << 32 | low;
}

std::uint32_t processor_mxcsr_mask()
{
    alignas(16) std::byte area[512] {};
    asm volatile("fxsave64 %0" : "=m"(area));
    std::uint32_t mask;
    std::memcpy(&mask, area + mxcsr_mask_offset, sizeof mask);
    return mask != 0 ? mask : 0xffbf; // Intel SDM, 11.6.6
}

XstateLayout measure()
{
    constexpr std::uint64_t amx = 3ULL << 17;
    XstateLayout layout {enabled_features() & ~amx, xstate_minimum, processor_mxcsr_mask()};
    for (unsigned i = 2; i < 63; ++i) {
        if ((layout.features >> i & 1) == 0)
            continue;
        std::uint32_t size = 0;
        std::uint32_t offset = 0;
        std::uint32_t flags = 0;
        std::uint32_t unused = 0;
        __cpuid_count(0xd, i, size, offset, flags, unused);
        layout.size = std::max(layout.size, offset + size);
    }
    return layout;
}

template<typename T>
T read(std::span<const std::byte> from, std::size_t offset)
{
    T value;
    std::memcpy(&value, from.subspan(offset, sizeof value).data(), sizeof value);
    return value;
}

}

const XstateLayout& xstate_layout()
{
    static const XstateLayout layout = measure();
    return layout;
}

Result<void> check_xstate(std::span<const std::byte> state)
{
    const XstateLayout& layout = xstate_layout();
    if (state.size() < xstate_minimum || state.size() > layout.size)
        return Errno(EINVAL);
    if ((read<std::uint32_t>(state, mxcsr_offset) & ~layout.mxcsr_mask) != 0)
        return Errno(EINVAL);
    std::uint64_t present = read<std::uint64_t>(state, header);
    if ((present & ~layout.features) != 0)
        return Errno(EINVAL);
    // XCOMP_BV and what is reserved behind it.
    for (std::size_t offset = header + 8; offset < header + 64; offset += 8) {
        if (read<std::uint64_t>(state, offset) != 0)
            return Errno(EINVAL);
    }
    return {};
}

void describe_xstate(std::span<std::byte> state)
{
    _fpx_sw_bytes description {};
    description.magic1 = FP_XSTATE_MAGIC1;
    description.extended_size = static_cast<std::uint32_t>(state.size() + xstate_trailer);
    description.xfeatures = xstate_layout().features;
    description.xstate_size = static_cast<std::uint32_t>(state.size());
    std::memcpy(state.subspan(description_offset, sizeof description).data(), &description, sizeof description);
}

void mark_saved(std::span<std::byte> state)
{
    constexpr std::uint64_t always = 3;
    std::uint64_t present = (read<std::uint64_t>(state, header) & xstate_layout().features) | always;
    std::fill(state.begin() + header, state.begin() + xstate_minimum, std::byte {0});
    std::memcpy(state.subspan(header, sizeof present).data(), &present, sizeof present);
}

std::uint32_t described_size(std::span<const std::byte> legacy)
{
    auto description = read<_fpx_sw_bytes>(legacy, description_offset);
    return description.magic1 == FP_XSTATE_MAGIC1 ? description.xstate_size : 0;
}

void end_xstate(std::span<std::byte> trailer)
{
    const std::uint32_t magic = FP_XSTATE_MAGIC2;
    std::memcpy(trailer.first(sizeof magic).data(), &magic, sizeof magic);
}

}
