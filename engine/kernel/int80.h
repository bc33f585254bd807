// int $0x80 from 64-bit code: i386 numbers and 32-bit arguments. Only calls whose arguments mean the same in both worlds are
// answered, others give ENOSYS: 32-bit structures are not read.
#pragma once

#include "engine/platform/platform.h"

namespace ringside::kernel {

/// The same call as `syscall` would ask for it: rax the native number (-1: not answered), arguments in their native registers.
platform::Registers native_call(const platform::Registers& at_int80);

}
