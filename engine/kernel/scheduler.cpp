// The ready queue and the baton.

#include "engine/kernel/scheduler.h"

#include "engine/kernel/kernel.h"
#include "engine/kernel/preemption.h"
#include "engine/record/task_recorder.h"

#include <algorithm>

namespace ringside::kernel {

bool ShareGroup::take(Task& task)
{
    if (!exclusive_ || holder_ == &task)
        return true;
    if (!holder_) {
        holder_ = &task;
        return true;
    }
    line_.push_back(Ref(&task));
    return false;
}

Ref<Task> ShareGroup::release(Task& task)
{
    if (!exclusive_ || holder_ != &task)
        return {};
    holder_ = nullptr;
    if (line_.empty())
        return {};
    Ref<Task> next = std::move(line_.front());
    line_.pop_front();
    holder_ = next.get();
    return next;
}

void ShareGroup::forget(Task& task)
{
    std::erase_if(line_, [&](const Ref<Task>& other) { return other.get() == &task; });
}

void ShareGroup::line_up_in(ShareGroup& other)
{
    other.line_.insert(other.line_.end(), line_.begin(), line_.end());
    line_.clear();
}

void Scheduler::make_ready(Task& task)
{
    if (task.state_ == Task::State::ready || task.state_ == Task::State::running || task.state_ == Task::State::dead)
        return;
    task.state_ = Task::State::ready;
    queue(task);
}

void Scheduler::queue(Task& task)
{
    if (task.share_group_->take(task))
        ready_.push_back(Ref(&task));
    else if (Task* holder = task.share_group_->holder(); holder && holder->state_ == Task::State::in_guest)
        preempt_later(*holder);
}

void Scheduler::give_baton(Task& self)
{
    if (Ref<Task> next = self.share_group_->release(self))
        ready_.push_back(std::move(next));
}

void Scheduler::leave(Task& self)
{
    self.fiber_->leave();
}

void Scheduler::block(Task& self)
{
    self.state_ = Task::State::asleep;
    give_baton(self);
    leave(self);
}

void Scheduler::yield(Task& self)
{
    self.state_ = Task::State::ready;
    give_baton(self);
    queue(self);
    leave(self);
}

void Scheduler::leave_to_guest(Task& self)
{
    if (self.share_group_->contended())
        preempt_later(self);
    leave(self);
}

void Scheduler::change_share_group(Task& self, Ref<ShareGroup> group)
{
    give_baton(self);
    self.share_group_ = std::move(group);
    (void)self.share_group_->take(self); // nobody else is in it
}

void Scheduler::join_share_group(Task& self, Ref<ShareGroup> other)
{
    Ref<ShareGroup> own = self.share_group_;
    if (own == other)
        return;
    for (const auto& [tid, task] : self.kernel().processes().tasks()) {
        if (task->share_group_ == own)
            task->share_group_ = other;
    }
    bool taken = other->take(self);
    own->line_up_in(*other);
    if (taken)
        return;
    self.recorder().blocks(self);
    self.state_ = Task::State::ready;
    if (Task* holder = other->holder(); holder && holder->state_ == Task::State::in_guest)
        preempt_later(*holder);
    leave(self);
}

bool Scheduler::run_one()
{
    if (ready_.empty())
        return false;
    Ref<Task> task = std::move(ready_.front());
    ready_.pop_front();
    task->state_ = Task::State::running;
    current_ = task.get();
    host::Account* before = host::current_account();
    host::set_current_account(before ? &task->account_ : nullptr);
    if (time_ == 0)
        time_ = monotonic_now();
    leaving_ = 0;
    task->fiber_->enter();
    host::set_current_account(before);
    current_ = nullptr;
    Nanoseconds end = leaving_ != 0 ? leaving_ : monotonic_now();
    task->usage_->system += end - time_;
    task->last_switch_ = time_ = end;
    if (task->state_ == Task::State::asleep && task->thread_)
        task->thread_->answer_takes_long();
    if (task->fiber_->finished()) {
        give_baton(*task);
        task->share_group_->forget(*task);
        task->fiber_.reset();
        task->state_ = Task::State::dead;
    }
    return true;
}

}
