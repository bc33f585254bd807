// The limits that every new mapping is held to.
#pragma once

#include "engine/base/result.h"
#include "engine/kernel/task.h"

#include <cstdint>

namespace ringside::syscalls {

/// RLIMIT_AS, RLIMIT_DATA and RLIMIT_MEMLOCK for `length` more bytes, page aligned, mapped with mmap's `prot` and `flags`. ENOMEM, EPERM,
/// EAGAIN. (may_expand_vm, mlock_future_check)
Result<void> check_mapping_limits(kernel::Task& task, std::uint64_t length, int prot, int flags);

}
