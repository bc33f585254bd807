// Wait queues and sleeps.

#include "engine/kernel/wait_queue.h"

#include "engine/kernel/kernel.h"
#include "engine/record/task_recorder.h"

#include <cassert>

namespace ringside::kernel {

void Waiter::leave()
{
    if (!queue_)
        return;
    (previous_ ? previous_->next_ : queue_->first_) = next_;
    (next_ ? next_->previous_ : queue_->last_) = previous_;
    queue_ = nullptr;
    previous_ = next_ = nullptr;
}

WaitQueue::~WaitQueue()
{
    while (first_)
        first_->leave();
}

void WaitQueue::add(Waiter& waiter, bool exclusive)
{
    assert(!waiter.queue_);
    waiter.queue_ = this;
    waiter.exclusive_ = exclusive;
    if (exclusive) {
        waiter.previous_ = last_;
        waiter.next_ = nullptr;
    } else {
        waiter.previous_ = nullptr;
        waiter.next_ = first_;
    }
    (waiter.previous_ ? waiter.previous_->next_ : first_) = &waiter;
    (waiter.next_ ? waiter.next_->previous_ : last_) = &waiter;
}

namespace {

/// Stands in a queue while it is walked: whoever is woken may leave, and may take others along.
struct Bookmark final : Waiter {
    void woken(PollMask) override { }
};

}

void WaitQueue::wake(PollMask events, bool all)
{
    // A bookmark behind the next one to wake keeps the place whatever the woken do to the queue.
    Bookmark mark;
    Waiter* waiter = first_;
    while (waiter) {
        insert_after(*waiter, mark);
        bool last = waiter->exclusive_ && !all;
        waiter->woken(events);
        waiter = mark.next_;
        mark.leave();
        if (last)
            return;
    }
}

void WaitQueue::insert_after(Waiter& place, Waiter& waiter)
{
    waiter.queue_ = this;
    waiter.previous_ = &place;
    waiter.next_ = place.next_;
    (place.next_ ? place.next_->previous_ : last_) = &waiter;
    place.next_ = &waiter;
}

void WaitQueue::wake_all(PollMask events)
{
    if (first_)
        wake(events, true);
}

void WaitQueue::wake_one(PollMask events)
{
    if (first_)
        wake(events, false);
}

Result<void> WaitQueue::wait(Task& task, std::optional<Nanoseconds> deadline, Interruptible interruptible, bool exclusive)
{
    Sleeper sleeper(task);
    sleeper.stand_in(*this, ~PollMask {0}, exclusive);
    return sleeper.sleep(deadline, interruptible);
}

void Sleeper::Entry::woken(PollMask now)
{
    if (now & events)
        sleeper.wake();
}

void Sleeper::stand_in(WaitQueue& queue, PollMask events, bool exclusive)
{
    queue.add(entries_.emplace_back(*this, events), exclusive);
}

void Sleeper::wake()
{
    if (woken_)
        return;
    woken_ = true;
    Task* waker = task_.kernel().scheduler().current();
    task_.recorder().woken_by(waker && waker != &task_ ? waker->recorder().current() : 0);
    if (task_.sleeper_ == this)
        task_.kernel().scheduler().make_ready(task_);
}

Result<void> Sleeper::sleep(std::optional<Nanoseconds> deadline, Interruptible interruptible)
{
    auto interrupted = [&] {
        return (interruptible == Interruptible::yes && task_.signal_pending()) || (interruptible == Interruptible::by_fatal_signals && task_.fatal_signal_pending());
    };
    bool timed_out = false;
    Timer timer(task_.kernel().timers(), [&] {
        timed_out = true;
        task_.kernel().scheduler().make_ready(task_);
    });
    while (!woken_) {
        if (interrupted())
            return Errno(ERESTARTSYS);
        if (timed_out)
            return Errno(ETIMEDOUT);
        if (deadline && !timer.armed())
            timer.arm(*deadline);
        task_.recorder().blocks(task_);
        task_.sleeper_ = this;
        task_.sleep_ = interruptible;
        task_.kernel().scheduler().block(task_);
        task_.sleeper_ = nullptr;
    }
    woken_ = false;
    return {};
}

}
