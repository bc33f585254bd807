// Waiting for children.

#include "engine/kernel/wait.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/exit.h"
#include "engine/kernel/kernel.h"

#include <sys/wait.h>

namespace ringside::kernel {

struct Wait {
    static bool eligible(const ThreadGroup& child, const WaitRequest& request)
    {
        switch (request.which) {
        case WaitRequest::Which::any:
            break;
        case WaitRequest::Which::pid:
            if (child.tgid() != request.id)
                return false;
            break;
        case WaitRequest::Which::process_group:
            if (child.process_group().pgid != request.id)
                return false;
            break;
        }
        // "Clone" children, those that end with another signal than SIGCHLD, are asked for apart (eligible_child).
        bool clone = child.exit_signal != SIGCHLD;
        return (request.options & __WALL) || clone == ((request.options & __WCLONE) != 0);
    }

    static Waited describe(const ThreadGroup& child, int code, int code_status, int status)
    {
        Waited waited;
        waited.pid = child.tgid();
        const Task* task = child.any_task() ? child.any_task() : child.leader();
        waited.uid = task ? task->credentials().uid : 0;
        waited.code = code;
        waited.code_status = code_status;
        waited.status = status;
        waited.usage = child.total_usage();
        waited.usage.add(child.children_usage);
        return waited;
    }

    /// What the child has to say, if anything. Taken unless WNOWAIT.
    static std::optional<Waited> look(ThreadGroup& child, const WaitRequest& request)
    {
        bool take = !(request.options & WNOWAIT);
        if (child.zombie_) {
            if (!(request.options & WEXITED))
                return {};
            int status = child.wait_status_;
            bool exited = (status & 0x7f) == 0;
            int code = exited ? CLD_EXITED : (status & 0x80) ? CLD_DUMPED : CLD_KILLED;
            Waited waited = describe(child, code, exited ? status >> 8 & 0xff : status & 0x7f, status);
            if (take)
                reap(child);
            return waited;
        }
        if (child.stopped_ && !child.stop_reported_ && (request.options & WUNTRACED)) {
            Waited waited = describe(child, CLD_STOPPED, child.stop_signal_, child.stop_signal_ << 8 | 0x7f);
            if (take)
                child.stop_reported_ = true;
            return waited;
        }
        if (child.continue_pending_ && (request.options & WCONTINUED)) {
            Waited waited = describe(child, CLD_CONTINUED, SIGCONT, 0xffff);
            if (take)
                child.continue_pending_ = false;
            return waited;
        }
        return {};
    }

    static Result<Waited> wait(Task& task, const WaitRequest& request)
    {
        ThreadGroup& group = task.group();
        while (true) {
            bool any = false;
            for (std::size_t i = 0; i < group.children.size(); ++i) {
                Ref<ThreadGroup> child = group.children[i];
                if (!eligible(*child, request))
                    continue;
                any = true;
                if (auto waited = look(*child, request))
                    return *waited;
            }
            if (!any)
                return Errno(ECHILD);
            if (request.options & WNOHANG)
                return Waited {};
            TRY(group.child_queue.wait(task));
        }
    }
};

Result<Waited> wait_for_child(Task& task, const WaitRequest& request)
{
    return Wait::wait(task, request);
}

}
