// Data rows that are no argument's bytes, beside those of record.h: what replay needs of memory as a whole. (A data_arg_xstate of one
// byte is the initial state.)
#pragma once

#include "trace/record.h"

namespace ringside::trace {

/// What the process' own memory held at its end or its exec: RangeDigests (engine/record/memory_digest.h). Replay compares them.
constexpr std::uint8_t data_arg_digest = 250;
/// On a mmap with MAP_SHARED: the mapping's object, in `address`. Mappings of one file have the same, in all processes.
constexpr std::uint8_t data_arg_shared = 249;
/// The siginfo of a signal that no handler was given it of: in no memory of the guest, so replay leaves it alone.
constexpr std::uint8_t data_arg_siginfo = 248;
/// From here on `arg` is none of a call's arguments.
constexpr std::uint8_t data_arg_special = data_arg_siginfo;

}
