// The lengths of x86-64 instructions, and which of them mean the same at another address. Not a disassembler: capstone is one, but its
// tables alone cost the Sentry more time at each start than the rest of its libraries.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace ringside::platform {

struct Instruction {
    std::uint8_t length = 0;
    enum class Kind : std::uint8_t {
        plain,         ///< the same anywhere
        rip_relative,  ///< but for its displacement
        jcc,           ///< a conditional jump
        bound,         ///< not to be moved: calls, jumps, returns, traps, and whatever is not known to be harmless
    } kind = Kind::bound;
    std::uint8_t displacement_at = 0; ///< of the 32 bits (rip_relative), or of a jump's 8 or 32
};

/// The instruction at the start of `code`; nothing where it is cut off, invalid, or of a newer encoding (VEX, EVEX).
std::optional<Instruction> decode(std::span<const std::uint8_t> code);

}
