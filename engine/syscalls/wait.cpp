// wait4(2) and waitid(2).

#include "engine/kernel/wait.h"

#include "engine/kernel/kernel.h"
#include "engine/kernel/pidfd.h"
#include "engine/syscalls/handler.h"

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

Result<long> waitid(Task& task, int type, Pid id, GuestPtr<siginfo_t> info, int options, GuestPtr<rusage> usage)
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
    if (waited.pid != 0 && !usage.is_null())
        TRY(task.copy_out(usage, waited.usage.to_rusage()));
    if (!info.is_null()) {
        siginfo_t result {}; // all zero where nothing was there
        if (waited.pid != 0) {
            result.si_signo = SIGCHLD;
            result.si_code = waited.code;
            result.si_pid = waited.pid;
            result.si_uid = waited.uid;
            result.si_status = waited.code_status;
        }
        TRY(task.copy_out(info, result));
    }
    return 0;
}

const Register<SYS_wait4, wait4> r_wait4;
const Register<SYS_waitid, waitid> r_waitid;

}

}
