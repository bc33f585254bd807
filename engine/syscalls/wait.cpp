// wait4(2) and waitid(2).

#include "engine/kernel/wait.h"

#include "engine/kernel/kernel.h"
#include "engine/kernel/pidfd.h"
#include "engine/syscalls/handler.h"

#include <array>
#include <cstddef>
#include <sys/wait.h>

namespace ringside::syscalls {

namespace {

using kernel::Pid;
using kernel::WaitRequest;
using kernel::Waited;

Result<long> wait4(Task& task, Pid pid, GuestPtr<int> status, int options, GuestPtr<rusage> usage)
{
    TRY(check_flags(static_cast<unsigned>(options), WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL));
    WaitRequest request;
    request.options = static_cast<unsigned>(options) | WEXITED;
    if (pid == INT_MIN)
        return Errno(ESRCH);
    if (pid > 0) {
        request.which = WaitRequest::Which::pid;
        request.id = pid;
    } else if (pid != -1) {
        request.which = WaitRequest::Which::process_group;
        request.id = pid == 0 ? task.group().process_group().pgid : -pid;
    }
    Waited waited = TRY(kernel::wait_for_child(task, request));
    if (waited.pid == 0)
        return 0;
    if (!status.is_null())
        TRY(task.copy_out(status, waited.status));
    if (!usage.is_null())
        TRY(task.copy_out(usage, waited.usage.to_rusage()));
    return waited.pid;
}

/// The wait of waitid; a pid of 0 where WNOHANG found nobody.
Result<Waited> wait_by_id(Task& task, int type, Pid id, int options)
{
    TRY(check_flags(static_cast<unsigned>(options), WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL));
    if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
        return Errno(EINVAL);
    WaitRequest request;
    request.options = static_cast<unsigned>(options);
    bool nonblocking = false;
    switch (type) {
    case P_ALL:
        break;
    case P_PID:
        if (id <= 0)
            return Errno(EINVAL);
        request.which = WaitRequest::Which::pid;
        request.id = id;
        break;
    case P_PGID:
        if (id < 0)
            return Errno(EINVAL);
        request.which = WaitRequest::Which::process_group;
        request.id = id == 0 ? task.group().process_group().pgid : id;
        break;
    case P_PIDFD: {
        if (id < 0)
            return Errno(EINVAL);
        auto pidfd = TRY(kernel::find_pidfd(task, id));
        request.which = WaitRequest::Which::pid;
        request.id = pidfd->group().tgid();
        nonblocking = pidfd->nonblocking();
        break;
    }
    default:
        return Errno(EINVAL);
    }
    if (nonblocking)
        request.options |= WNOHANG;
    Waited waited = TRY(kernel::wait_for_child(task, request));
    if (waited.pid == 0 && nonblocking && !(options & WNOHANG))
        return Errno(EAGAIN);
    return waited;
}

Result<long> waitid(Task& task, int type, Pid id, GuestPtr<siginfo_t> info, int options, GuestPtr<rusage> usage)
{
    auto waited = wait_by_id(task, type, id, options);
    bool found = waited.ok() && waited.value().pid != 0;
    if (found && !usage.is_null())
        TRY(task.copy_out(usage, waited.value().usage.to_rusage()));
    if (!info.is_null()) { // also after an error: it is all zero then (kernel/exit.c)
        // Field by field, so that the rest of the guest's structure stays as it is.
        std::array<int, 3> head {}; // si_signo, si_errno, si_code
        std::array<int, 3> child {}; // si_pid, si_uid, si_status
        if (found) {
            head = {SIGCHLD, 0, waited.value().code};
            child = {waited.value().pid, static_cast<int>(waited.value().uid), waited.value().code_status};
        }
        TRY(task.copy_out(GuestPtr<std::array<int, 3>>(info.addr()), head));
        TRY(task.copy_out(GuestPtr<std::array<int, 3>>(info.addr() + offsetof(siginfo_t, si_pid)), child));
    }
    if (!waited.ok())
        return waited.error();
    return 0;
}

const Register<SYS_wait4, wait4> r_wait4;
const Register<SYS_waitid, waitid> r_waitid;

}

}
