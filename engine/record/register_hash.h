// One hash of the general registers at a system call: replay compares it. rcx and r11 are left out, since they repeat rip and flags.
#pragma once

#include "engine/platform/platform.h"

#include <cstdint>

namespace ringside::record {

std::uint64_t register_hash(const platform::Registers& registers);

}
