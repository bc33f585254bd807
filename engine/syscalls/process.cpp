// Processes: fork(2), vfork(2), clone(2), clone3(2), exit(2), exit_group(2), set_tid_address(2), getpid(2) and its family,
// setpgid(2), setsid(2), pidfd_open(2), unshare(2), ptrace(2).

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/fork.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pidfd.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <fcntl.h>
#include <sched.h>

namespace ringside::syscalls {

using kernel::CloneRequest;
using kernel::Pid;
using kernel::ThreadGroup;

namespace {

Result<long> fork(Task& task)
{
    CloneRequest request;
    request.exit_signal = SIGCHLD;
    return kernel::clone_task(task, request);
}

Result<long> vfork(Task& task)
{
    CloneRequest request;
    request.flags = CLONE_VFORK | CLONE_VM;
    request.exit_signal = SIGCHLD;
    return kernel::clone_task(task, request);
}

Result<long> clone(Task& task, std::uint64_t flags, GuestAddr stack, GuestPtr<int> parent_tid, GuestPtr<int> child_tid, std::uint64_t tls)
{
    CloneRequest request;
    flags &= 0xffff'ffff; // lower_32_bits
    request.flags = flags & ~std::uint64_t {CSIGNAL};
    request.exit_signal = static_cast<int>(flags & CSIGNAL);
    request.stack = stack.value();
    request.tls = tls;
    request.parent_tid = parent_tid.addr();
    request.pidfd = parent_tid.addr(); // the one argument serves both
    request.child_tid = child_tid.addr();
    if ((request.flags & CLONE_PIDFD) && (request.flags & CLONE_PARENT_SETTID))
        return Errno(EINVAL);
    return kernel::clone_task(task, request);
}

/// struct clone_args of linux/sched.h.
struct CloneArgs {
    std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

Result<long> clone3(Task& task, GuestPtr<CloneArgs> at, std::size_t size)
{
    constexpr std::size_t first_version = 64;
    constexpr std::uint64_t clear_sighand = 0x1'0000'0000, into_cgroup = 0x2'0000'0000;
    if (size > page_size)
        return Errno(E2BIG);
    if (size < first_version)
        return Errno(EINVAL);
    CloneArgs args {};
    TRY(task.copy_in(at.addr(), std::as_writable_bytes(std::span(&args, 1)).first(std::min(size, sizeof args))));
    if (size > sizeof args) { // a newer program: what we do not know must be zero
        auto rest = TRY(task.copy_in_array(GuestPtr<std::uint8_t>(at.addr() + sizeof args), size - sizeof args));
        if (std::any_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte != 0; }))
            return Errno(E2BIG);
    }
    if (args.flags & (CLONE_DETACHED | (CSIGNAL & ~std::uint64_t {0x80})) || args.flags & ~(std::uint64_t {0xffff'ffff} | clear_sighand | into_cgroup))
        return Errno(EINVAL);
    if ((args.flags & CLONE_SIGHAND) && (args.flags & clear_sighand))
        return Errno(EINVAL);
    if (args.exit_signal & ~std::uint64_t {CSIGNAL} || args.exit_signal > 64)
        return Errno(EINVAL);
    if ((args.flags & (CLONE_THREAD | CLONE_PARENT)) && args.exit_signal)
        return Errno(EINVAL);
    if ((args.stack == 0) != (args.stack_size == 0))
        return Errno(EINVAL);
    if (args.set_tid_size > 0 || (args.flags & into_cgroup)) {
        task.recorder().unsupported();
        return Errno(args.set_tid_size > 0 ? EPERM : EINVAL);
    }
    CloneRequest request;
    request.flags = args.flags;
    request.exit_signal = static_cast<int>(args.exit_signal);
    request.stack = args.stack + args.stack_size;
    request.tls = args.tls;
    request.pidfd = GuestAddr(args.pidfd);
    request.child_tid = GuestAddr(args.child_tid);
    request.parent_tid = GuestAddr(args.parent_tid);
    return kernel::clone_task(task, request);
}

Result<long> unshare(Task& task, std::uint64_t flags)
{
    constexpr std::uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 0x80;
    TRY(check_flags(flags, namespaces | CLONE_FILES | CLONE_FS | CLONE_VM | CLONE_THREAD | CLONE_SIGHAND | CLONE_SYSVSEM));
    if (flags & namespaces) {
        task.recorder().unsupported();
        return Errno(EPERM);
    }
    if ((flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && task.group().tasks().size() > 1)
        return Errno(EINVAL);
    if (flags & CLONE_FS)
        task.set_fs_context(task.fs_context().copy());
    if (flags & CLONE_FILES)
        task.set_files(task.files().copy());
    return 0;
}

Result<long> exit(Task& task, int status)
{
    task.exit((status & 0xff) << 8);
    return 0;
}

Result<long> exit_group(Task& task, int status)
{
    task.group().begin_exit((status & 0xff) << 8);
    task.exit((status & 0xff) << 8);
    return 0;
}

Result<long> set_tid_address(Task& task, GuestPtr<int> address)
{
    task.clear_child_tid = address.addr();
    return task.tid();
}

Result<long> getpid(Task& task)
{
    return task.group().tgid();
}

Result<long> gettid(Task& task)
{
    return task.tid();
}

Result<long> getppid(Task& task)
{
    return task.group().parent_pid();
}

/// 0 is the caller. ESRCH.
Result<ThreadGroup*> find(Task& task, Pid pid)
{
    if (pid == 0)
        return &task.group();
    if (kernel::Task* other = task.kernel().processes().task(pid))
        return &other->group();
    return Errno(ESRCH);
}

Result<long> getpgid(Task& task, Pid pid)
{
    return TRY(find(task, pid))->process_group().pgid;
}

Result<long> getpgrp(Task& task)
{
    return task.group().process_group().pgid;
}

Result<long> getsid(Task& task, Pid pid)
{
    return TRY(find(task, pid))->session().sid;
}

Result<long> setpgid(Task& task, Pid pid, Pid pgid)
{
    auto& processes = task.kernel().processes();
    ThreadGroup& self = task.group();
    if (pid == 0)
        pid = self.tgid();
    if (pgid == 0)
        pgid = pid;
    if (pgid < 0)
        return Errno(EINVAL);
    ThreadGroup* target = processes.group(pid);
    if (!target) // a thread that is no leader gives EINVAL
        return Errno(processes.task(pid) ? EINVAL : ESRCH);
    if (target->parent == &self) {
        if (&target->session() != &self.session())
            return Errno(EPERM);
        if (target->has_executed)
            return Errno(EACCES);
    } else if (target != &self) {
        return Errno(ESRCH);
    }
    if (target->is_session_leader())
        return Errno(EPERM);
    kernel::ProcessGroup* group = processes.process_group(pgid);
    if (pgid != pid && (!group || &*group->session != &self.session()))
        return Errno(EPERM);
    if (group != &target->process_group())
        processes.join(*target, group ? Ref(group) : processes.make_process_group(Ref(&target->session()), pgid));
    return 0;
}

Result<long> setsid(Task& task)
{
    auto& processes = task.kernel().processes();
    ThreadGroup& self = task.group();
    if (self.is_session_leader() || processes.process_group(self.tgid()))
        return Errno(EPERM);
    auto session = processes.make_session(task.kernel(), self.tgid());
    session->leader = &self;
    processes.join(self, processes.make_process_group(session, self.tgid()));
    return self.tgid();
}

Result<long> pidfd_open(Task& task, Pid pid, unsigned flags)
{
    TRY(check_flags(flags, O_NONBLOCK));
    if (pid <= 0)
        return Errno(EINVAL);
    ThreadGroup* group = task.kernel().processes().group(pid);
    if (!group)
        return Errno(task.kernel().processes().task(pid) ? EINVAL : ESRCH);
    return TRY(task.files().install(task, kernel::make_pidfd(Ref(group), static_cast<int>(flags)), true));
}

/// Nobody may trace here yet: what a program sees where a security module forbids it.
Result<long> ptrace(Task& task, long, Pid, GuestAddr, GuestAddr)
{
    task.recorder().unsupported();
    return Errno(EPERM);
}

const Register<SYS_fork, fork> r_fork;
const Register<SYS_vfork, vfork> r_vfork;
const Register<SYS_clone, clone> r_clone("namespaces");
const Register<SYS_clone3, clone3> r_clone3("namespaces, set_tid, CLONE_INTO_CGROUP");
const Register<SYS_unshare, unshare> r_unshare("namespaces");
const Register<SYS_exit, exit> r_exit;
const Register<SYS_exit_group, exit_group> r_exit_group;
const Register<SYS_set_tid_address, set_tid_address> r_set_tid_address;
const Register<SYS_getpid, getpid> r_getpid;
const Register<SYS_gettid, gettid> r_gettid;
const Register<SYS_getppid, getppid> r_getppid;
const Register<SYS_getpgid, getpgid> r_getpgid;
const Register<SYS_getpgrp, getpgrp> r_getpgrp;
const Register<SYS_getsid, getsid> r_getsid;
const Register<SYS_setpgid, setpgid> r_setpgid;
const Register<SYS_setsid, setsid> r_setsid;
const Register<SYS_pidfd_open, pidfd_open> r_pidfd_open;
const Register<SYS_ptrace, ptrace> r_ptrace("all of it: EPERM, as where a security module forbids it");

}

}
