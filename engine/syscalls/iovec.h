// The guest memory that a call reads or writes: one range, or a struct iovec array.
#pragma once

#include "engine/kernel/io_buffer.h"

#include <vector>

namespace ringside::fs {
class File;
}

namespace ringside::syscalls {

/// Whether the p-forms of the calls may name a position in it (FMODE_PREAD, FMODE_PWRITE): files that a path led to, but no pipes and terminals.
bool has_positions(kernel::Task& task, fs::File& file);


constexpr std::uint64_t max_count = 0x7ffff000; ///< MAX_RW_COUNT: what one call moves at most

/// At most max_count bytes at `start`. EFAULT where the range leaves the address space (access_ok).
Result<kernel::IoBuffer> buffer_at(kernel::Task& task, GuestAddr start, std::uint64_t length);
/// EINVAL: too many or too long; EFAULT. Together at most max_count bytes.
Result<std::vector<kernel::IoBuffer::Range>> copy_in_iovec(kernel::Task& task, GuestAddr vector, int count);

}
