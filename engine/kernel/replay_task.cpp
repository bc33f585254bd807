// Tasks of the player.

#include "engine/kernel/replay_task.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/fiber.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/preemption.h"
#include "engine/kernel/task_loop.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"
#include "engine/replay/log.h"

#include <cstring>
#include <sys/resource.h>

namespace ringside::kernel {

Result<Ref<Task>> ReplayTask::create(Kernel& kernel, Pid tid, Ref<mm::AddressSpace> space, std::function<void()> body)
{
    Ref<Task> task(new Task(kernel, tid));
    task->mm_ = std::move(space);
    task->credentials_ = Credentials::make(0, 0, {});
    task->share_group_ = make_ref<ShareGroup>(false);
    task->group_ = make_ref<ThreadGroup>(kernel, tid);
    task->thread_ = TRY(task->mm_->host().create_thread());
    task->thread_->set_owner(task.get());
    task->fiber_ = TRY(Fiber::create(kernel.stacks(), [body = std::move(body)](Fiber& fiber) {
        body();
        fiber.finish();
    }));
    return task;
}

void ReplayTask::start(Task& task)
{
    task.kernel().scheduler().make_ready(task);
}

platform::Event ReplayTask::run_guest(Task& task)
{
    task.state_ = Task::State::in_guest;
    task.thread_->resume();
    task.kernel().scheduler().leave_to_guest(task);
    return task.event_;
}

bool ReplayTask::in_guest(const Task& task)
{
    return task.state_ == Task::State::in_guest;
}

Result<void> ReplayTask::replace_memory(Task& task, Ref<mm::AddressSpace> space)
{
    auto thread = TRY(space->host().create_thread());
    thread->set_owner(&task);
    task.thread_.reset(); // before the address space that it ran in
    task.thread_ = std::move(thread);
    task.mm_ = std::move(space);
    return {};
}

std::uint64_t ReplayTask::trapped_instruction_length(Task& task)
{
    return kernel::trapped_instruction_length(task);
}

void ReplayTask::set_stack_limit(Task& task, std::span<const replay::LogData> data)
{
    for (const replay::LogData& piece : data) {
        rlimit limit {};
        if (piece.direction != trace::Direction::in || piece.bytes.size() != sizeof(limit))
            continue;
        std::memcpy(&limit, piece.bytes.data(), sizeof(limit));
        static_cast<void>(task.limits().set(RLIMIT_STACK, {limit.rlim_cur, limit.rlim_max}, true).ok()); // was valid when recorded
    }
}

void ReplayTask::end(Task& task)
{
    task.thread_.reset();
    task.mm_ = {};
}

void ReplayTask::abandon(Task& task)
{
    task.state_ = Task::State::dead;
    task.thread_.reset();
    task.mm_ = {};
}

void ReplayTask::run_until(Kernel& kernel, const std::function<bool()>& done)
{
    kernel.replay_done_ = done;
    while (!done())
        kernel.turn();
    kernel.replay_done_ = {};
}

}
