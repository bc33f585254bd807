// Making tasks.

#include "engine/kernel/fork.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/exit.h"
#include "engine/kernel/fiber.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pidfd.h"
#include "engine/kernel/task_loop.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"

#include <algorithm>
#include <linux/capability.h>
#include <sched.h>

namespace ringside::kernel {

namespace {

constexpr std::uint64_t namespaces
    = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 0x80 /* CLONE_NEWTIME */;

}

struct Fork {
    static Result<void> check(Task& parent, const CloneRequest& request)
    {
        std::uint64_t flags = request.flags;
        auto needs = [&](std::uint64_t one, std::uint64_t other) { return !(flags & one) || (flags & other); };
        if (!needs(CLONE_THREAD, CLONE_SIGHAND) || !needs(CLONE_SIGHAND, CLONE_VM))
            return Errno(EINVAL);
        if ((flags & CLONE_NEWNS) && (flags & CLONE_FS))
            return Errno(EINVAL);
        if ((flags & CLONE_THREAD) && (flags & (CLONE_NEWUSER | CLONE_NEWPID)))
            return Errno(EINVAL);
        if ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED)))
            return Errno(EINVAL);
        if (flags & namespaces) {
            if (parent.credentials().capable(CAP_SYS_ADMIN) || (flags & CLONE_NEWUSER))
                parent.recorder().unsupported();
            return Errno(EPERM);
        }
        return {};
    }

    static Result<long> clone(Task& parent, const CloneRequest& request)
    {
        TRY(check(parent, request));
        Kernel& kernel = parent.kernel();
        if (parent.group_->tasks().size() > 0 && over_process_limit(parent))
            return Errno(EAGAIN);
        if (parent.signal_pending() && !(request.flags & CLONE_THREAD))
            return Errno(ERESTARTNOINTR); // a signal must not be lost between the two (copy_process)
        Pid tid = TRY(kernel.processes().allocate());

        Ref<Task> child(new Task(kernel, tid));
        TRY(share_or_copy(parent, *child, request));
        TRY(make_thread(parent, *child, request));
        TRY(give_fiber(*child));
        if (request.flags & CLONE_PIDFD)
            TRY(give_pidfd(parent, *child, request));
        enlist(parent, *child, request);
        return finish(parent, child, request);
    }

    static bool over_process_limit(Task& parent)
    {
        const Credentials& credentials = parent.credentials();
        if (credentials.uid == 0 || credentials.capable(CAP_SYS_RESOURCE) || credentials.capable(CAP_SYS_ADMIN))
            return false;
        std::uint64_t limit = parent.limits().soft(RLIMIT_NPROC);
        if (limit == Limits::infinity || parent.kernel().processes().tasks().size() < limit)
            return false;
        auto mine = std::count_if(parent.kernel().processes().tasks().begin(), parent.kernel().processes().tasks().end(),
            [&](const auto& entry) { return entry.second->credentials().uid == credentials.uid; });
        return static_cast<std::uint64_t>(mine) >= limit;
    }

    static Result<void> share_or_copy(Task& parent, Task& child, const CloneRequest& request)
    {
        std::uint64_t flags = request.flags;
        child.credentials_ = parent.credentials_;
        child.comm_ = parent.comm_;
        child.personality = parent.personality;
        child.timer_slack = parent.timer_slack;
        child.nice = parent.resets_on_fork ? std::max(parent.nice, 0) : parent.nice;
        child.policy = parent.policy; // a real-time one alone would become SCHED_OTHER (sched_fork)
        child.affinity = parent.affinity;
        child.io_priority = parent.io_priority;
        child.fault_ = parent.fault_;
        child.mm_ = flags & CLONE_VM ? parent.mm_ : TRY(parent.mm_->fork(parent));
        child.files_ = flags & CLONE_FILES ? parent.files_ : parent.files_->copy();
        child.fs_context_ = flags & CLONE_FS ? parent.fs_context_ : parent.fs_context_->copy();
        child.signals_->set_blocked(parent.signals_->blocked());
        if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
            child.signals_->alt_stack = parent.signals_->alt_stack;
            child.signals_->alt_size = parent.signals_->alt_size;
            child.signals_->alt_flags = parent.signals_->alt_flags;
        }
        if (flags & CLONE_CHILD_CLEARTID)
            child.clear_child_tid = request.child_tid;
        if (flags & CLONE_VFORK)
            child.vfork_done_ = make_ref<Completion>();
        // One process, one share group, unless the two can see each other's writes.
        bool shares = (flags & CLONE_VM) || parent.mm_->shares_with_children();
        child.share_group_ = shares ? parent.share_group_ : make_ref<ShareGroup>(parent.kernel().recording());
        return {};
    }

    static Result<void> make_thread(Task& parent, Task& child, const CloneRequest& request)
    {
        child.thread_ = TRY(child.mm_->host().create_thread());
        child.thread_->set_owner(&child);
        TRY(child.thread_->set_xstate(parent.thread_->xstate()));
        platform::Registers& r = child.thread_->registers();
        r = parent.thread_->registers();
        r.rax = 0;
        if (request.stack)
            r.rsp = request.stack;
        if (request.flags & CLONE_SETTLS)
            r.fs_base = request.tls;
        return {};
    }

    static Result<void> give_fiber(Task& child)
    {
        Task* task = &child;
        child.fiber_ = TRY(Fiber::create(child.kernel_.stacks(), [task](Fiber& fiber) {
            run_task(*task);
            fiber.finish();
        }));
        return {};
    }

    static Result<void> give_pidfd(Task& parent, Task& child, const CloneRequest& request)
    {
        auto reserved = TRY(parent.files().reserve<1>(parent));
        TRY(parent.copy_out(GuestPtr<int>(request.pidfd), reserved.numbers()[0]));
        child.group_ = make_group(parent, child, request);
        reserved.commit({make_pidfd(child.group_)}, true);
        return {};
    }

    static Ref<ThreadGroup> make_group(Task& parent, Task& child, const CloneRequest& request)
    {
        ThreadGroup& old = *parent.group_;
        auto group = make_ref<ThreadGroup>(parent.kernel(), child.tid());
        group->handlers = request.flags & CLONE_SIGHAND ? old.handlers : old.handlers->copy();
        if (request.flags & 0x1'0000'0000ULL) // CLONE_CLEAR_SIGHAND
            group->handlers->reset_for_exec();
        group->limits = old.limits;
        group->dumpable = old.dumpable;
        group->exit_signal = request.flags & CLONE_PARENT ? old.exit_signal : request.exit_signal;
        return group;
    }

    /// Puts it where others can find it. Nothing fails from here on.
    static void enlist(Task& parent, Task& child, const CloneRequest& request)
    {
        Kernel& kernel = parent.kernel();
        child.self_ = Ref(&child);
        if (request.flags & CLONE_THREAD) {
            child.group_ = parent.group_;
        } else {
            if (!child.group_)
                child.group_ = make_group(parent, child, request);
            ThreadGroup& group = *child.group_;
            group.leader_ = &child;
            group.parent = request.flags & CLONE_PARENT ? parent.group_->parent : parent.group_.get();
            (group.parent ? group.parent->children : kernel.orphans_).push_back(child.group_);
            kernel.processes().join(group, parent.group_->process_group_);
        }
        child.group_->tasks_.push_back(&child);
        kernel.processes().add(child);
        ++kernel.forks;
    }

    /// In the child's own memory, by the child itself (schedule_tail).
    static void set_child_tid(Task& child, GuestAddr at, std::uint32_t tid)
    {
        std::array<std::uint64_t, 1> args {at.value()};
        child.recorder().note_begin(child, trace::EventKind::marker, 0, args, "set_child_tid");
        (void)child.copy_out(GuestPtr<std::uint32_t>(at), tid);
        child.recorder().note_end(child, 0);
    }

    static Result<long> finish(Task& parent, const Ref<Task>& child, const CloneRequest& request)
    {
        if (!(request.flags & CLONE_THREAD))
            child->recorder().process_begin(*child, &parent);
        child->recorder().thread_begin(*child, &parent);
        // As schedule_tail and copy_process: failures of these writes are not reported.
        auto tid = static_cast<std::uint32_t>(child->tid());
        if (request.flags & CLONE_PARENT_SETTID)
            (void)parent.copy_out(GuestPtr<std::uint32_t>(request.parent_tid), tid);
        if (request.flags & CLONE_CHILD_SETTID)
            child->first_ = [at = request.child_tid, tid](Task& self) { set_child_tid(self, at, tid); };
        Ref<Completion> done = child->vfork_done_;
        parent.kernel().scheduler().make_ready(*child);
        while (done && !done->done) {
            if (!done->queue.wait(parent, {}, Interruptible::by_fatal_signals).ok())
                break;
        }
        return child->tid();
    }
};

Result<long> clone_task(Task& parent, const CloneRequest& request)
{
    return Fork::clone(parent, request);
}

}
