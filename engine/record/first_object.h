// The object behind a call's first descriptor argument, for the column event.object.
#pragma once

#include "trace/syscall_table.h"

#include <array>
#include <cstdint>

namespace ringside::kernel {
class Task;
}

namespace ringside::record {

/// The trace's id of the open file description, 0 where the call has no descriptor or it is not open.
std::uint64_t first_object(kernel::Task& task, const trace::SyscallInfo& info, const std::array<std::uint64_t, 6>& args);

}
