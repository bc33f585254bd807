// Temporary signal masks (kernel/signal.c, set_user_sigmask, restore_saved_sigmask_unless).
#include "engine/syscalls/signal_mask.h"

#include "engine/kernel/signals.h"

namespace ringside::syscalls {

Result<void> set_temporary_mask(kernel::Task& task, GuestPtr<std::uint64_t> mask, std::uint64_t size)
{
    if (mask.is_null())
        return {};
    if (size != sizeof(std::uint64_t))
        return Errno(EINVAL);
    task.signals().set_temporary(kernel::SignalSet(TRY(task.copy_in(mask))));
    return {};
}

Result<long> finish_with_mask(kernel::Task& task, Result<long> result, int interrupted)
{
    bool by_signal = !result.ok() && result.error() == ERESTARTSYS;
    if (!by_signal && task.signals().has_saved())
        task.signals().restore_saved();
    if (by_signal)
        return Errno(interrupted);
    return result;
}

}
