// Reading a struct iovec array from the guest.
#pragma once

#include "engine/kernel/io_buffer.h"

#include <vector>

namespace ringside::syscalls {

/// EINVAL: too many or too long; EFAULT. Together at most MAX_RW_COUNT bytes.
Result<std::vector<kernel::IoBuffer::Range>> copy_in_iovec(kernel::Task& task, GuestAddr vector, int count);

}
