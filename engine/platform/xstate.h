// Extended processor state in the layout of a signal frame: 512 legacy bytes (the last 48 describe the rest), the XSAVE header, components.
#pragma once

#include "engine/base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside::platform {

/// What this processor and host save for a guest thread.
struct XstateLayout {
    std::uint64_t features;  ///< XCR0 without what the guest does not get (AMX)
    std::uint32_t size;      ///< bytes up to the end of the last component
    std::uint32_t mxcsr_mask;
};
const XstateLayout& xstate_layout();

constexpr std::size_t xstate_minimum = 576; ///< legacy area and header
constexpr std::size_t xstate_maximum = 0x4000;
/// Bytes behind the state in a frame: FP_XSTATE_MAGIC2.
constexpr std::size_t xstate_trailer = 4;

/// EINVAL where the processor would refuse to load it.
Result<void> check_xstate(std::span<const std::byte> state);
/// Writes the description (struct _fpx_sw_bytes) into the legacy area.
void describe_xstate(std::span<std::byte> state);
/// Makes what the xsave instruction wrote the state that a signal frame would hold: x87 and SSE always said to be there (as the host's
/// save_xstate_epilog does), nothing in the reserved words.
void mark_saved(std::span<std::byte> state);
/// The size that the description of a state at `legacy` claims; 0 when it has none. Not to be trusted.
std::uint32_t described_size(std::span<const std::byte> legacy);
/// Appends the magic number that a frame ends with.
void end_xstate(std::span<std::byte> trailer);

}
