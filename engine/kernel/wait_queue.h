// Wait queues: where fibers sleep, and where polls, epolls and timers hang. As in Linux a wake-up carries the poll events that
// became true. Wakers remember which event woke whom: the trace's `waker`.
#pragma once

#include "engine/base/result.h"

#include <cstdint>
#include <list>
#include <optional>

namespace ringside::kernel {

class Task;

/// CLOCK_MONOTONIC nanoseconds of the Sentry's own clock.
using Nanoseconds = std::uint64_t;
/// EPOLLIN, EPOLLOUT, …
using PollMask = std::uint32_t;

/// Something that stands in a wait queue. Leaves it when destroyed.
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() { leave(); }
    /// Called by a wake-up with the events that became true. Must not block. May leave the queue.
    virtual void woken(PollMask events) = 0;
    void leave();
    bool queued() const { return queue_ != nullptr; }

private:
    friend class WaitQueue;
    class WaitQueue* queue_ = nullptr;
    Waiter* previous_ = nullptr;
    Waiter* next_ = nullptr;
    bool exclusive_ = false;
};

enum class Interruptible { yes, no, by_fatal_signals };

class WaitQueue {
public:
    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    ~WaitQueue();
    /// Sleeps until a wake-up: the caller then looks again at what it waits for. ERESTARTSYS when a signal is pending first,
    /// ETIMEDOUT when the deadline (CLOCK_MONOTONIC) has passed.
    Result<void> wait(Task& task, std::optional<Nanoseconds> deadline = {}, Interruptible = Interruptible::yes, bool exclusive = false);
    /// Non-exclusive waiters stand in front and are all woken, then one exclusive one (kernel/sched/wait.c).
    void add(Waiter& waiter, bool exclusive = false);
    void wake_all(PollMask events = ~PollMask{0});
    void wake_one(PollMask events = ~PollMask{0});
    bool empty() const { return first_ == nullptr; }

private:
    friend class Waiter;
    void wake(PollMask events, bool all);
    void insert_after(Waiter& place, Waiter& waiter);
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
};

/// One sleep of a fiber that may stand in several queues (poll, select, epoll_wait, signalfd …): make it, add its entries, look
/// at what is waited for, sleep. A wake-up between adding and sleeping is not lost.
class Sleeper {
public:
    explicit Sleeper(Task& task) : task_(task) { }
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;
    /// Stands in `queue` until the sleeper is destroyed. Wake-ups without any of `events` do not count.
    void stand_in(WaitQueue& queue, PollMask events = ~PollMask{0}, bool exclusive = false);
    /// Sleeps until a wake-up that has come since the last sleep(). As WaitQueue::wait otherwise.
    Result<void> sleep(std::optional<Nanoseconds> deadline = {}, Interruptible = Interruptible::yes);
    void wake();
    Task& task() const { return task_; }

private:
    struct Entry final : Waiter {
        Entry(Sleeper& sleeper, PollMask events) : sleeper(sleeper), events(events) { }
        void woken(PollMask events) override;
        Sleeper& sleeper;
        PollMask events;
    };
    Task& task_;
    std::list<Entry> entries_;
    bool woken_ = false;
};

}
