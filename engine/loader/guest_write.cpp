// A copy-out into an address space under construction.

#include "engine/loader/guest_write.h"

#include "engine/kernel/task.h"
#include "engine/record/task_recorder.h"

namespace ringside::loader {

Result<void> write_guest(kernel::Task& task, mm::AddressSpace& space, GuestAddr to, std::span<const std::byte> bytes)
{
    TRY(space.copy_out(task, to, bytes));
    task.recorder().copied(task, trace::Direction::out, to, bytes);
    return {};
}

}
