// Calls that wait with another signal mask: ppoll, pselect6, epoll_pwait.
#pragma once

#include "engine/kernel/task.h"

namespace ringside::syscalls {

/// Sets the mask until the call returns; nothing where `mask` is null. EINVAL for another size than 8, EFAULT.
Result<void> set_temporary_mask(kernel::Task& task, GuestPtr<std::uint64_t> mask, std::uint64_t size);
/// Puts the old mask back unless a signal ended the call (its delivery does it then). ERESTARTSYS becomes `interrupted`.
Result<long> finish_with_mask(kernel::Task& task, Result<long> result, int interrupted);

}
