// kcmp(2): whether two tasks share something.

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/ptrace_access.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <functional>
#include <linux/kcmp.h>

namespace ringside::syscalls {

namespace {

/// 0: the same; 1 and 2: an order that holds while both are there.
long compare(const void* first, const void* second)
{
    return first == second ? 0 : std::less<>()(first, second) ? 1 : 2;
}

Result<long> kcmp(Task& task, kernel::Pid pid1, kernel::Pid pid2, int type, std::uint64_t index1, std::uint64_t index2)
{
    kernel::Task* first = task.kernel().processes().task(pid1);
    kernel::Task* second = task.kernel().processes().task(pid2);
    if (!first || !second)
        return Errno(ESRCH);
    if (!kernel::may_ptrace(task, *first, kernel::PtraceCreds::real) || !kernel::may_ptrace(task, *second, kernel::PtraceCreds::real))
        return Errno(EPERM);
    if (!first->has_memory() || !second->has_memory()) // has ended: it shares nothing any more
        return type == KCMP_FILE ? Result<long>(Errno(EBADF)) : compare(first->has_memory() ? first : nullptr, second->has_memory() ? second : nullptr);
    switch (type) {
    case KCMP_FILE: {
        auto one = first->files().get(static_cast<int>(index1)), other = second->files().get(static_cast<int>(index2));
        if (!one.ok() || !other.ok())
            return Errno(EBADF);
        return compare(one.value().get(), other.value().get());
    }
    case KCMP_VM:
        return compare(&first->mm(), &second->mm());
    case KCMP_FILES:
        return compare(&first->files(), &second->files());
    case KCMP_FS:
        return compare(&first->fs_context(), &second->fs_context());
    case KCMP_SIGHAND:
    case KCMP_IO:
    case KCMP_SYSVSEM:
    case KCMP_EPOLL_TFD:
        task.recorder().unsupported();
        return Errno(EINVAL);
    default:
        return Errno(EINVAL);
    }
}

const Register<SYS_kcmp, kcmp> r_kcmp("KCMP_SIGHAND, KCMP_IO, KCMP_SYSVSEM, KCMP_EPOLL_TFD");

}

}
