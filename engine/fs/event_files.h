// eventfd(2), timerfd_create(2), signalfd(2).
#pragma once

#include "engine/fs/anonymous.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/timers.h"

#include <ctime>

namespace ringside::fs {

class EventFd final : public AnonymousFile {
public:
    /// `flags`: EFD_SEMAPHORE, EFD_NONBLOCK.
    EventFd(Task& task, std::uint64_t value, int flags);
    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset) override;
    PollMask poll() override;
    kernel::WaitQueue* poll_queue() override { return &queue_; }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::eventfd; }

private:
    std::uint64_t value_;
    bool semaphore_;
    kernel::WaitQueue queue_;
};

class TimerFd final : public AnonymousFile {
public:
    TimerFd(Task& task, clockid_t clock, int flags);
    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    PollMask poll() override;
    kernel::WaitQueue* poll_queue() override { return &queue_; }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::timerfd; }
    /// EINVAL for times out of range.
    Result<void> set(Task& task, const itimerspec& value, bool absolute);
    /// Time left and interval.
    itimerspec get();

private:
    void fired();
    void count_expirations();
    clockid_t clock_;
    kernel::Timer timer_;
    kernel::Nanoseconds interval_ = 0;
    kernel::Nanoseconds next_ = 0; ///< CLOCK_MONOTONIC of the next expiration; 0: disarmed
    std::uint64_t expirations_ = 0;
    kernel::WaitQueue queue_;
};

class SignalFd final : public AnonymousFile {
public:
    SignalFd(Task& task, kernel::SignalSet mask, int flags);
    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    PollMask poll() override;
    kernel::WaitQueue* poll_queue() override { return &handlers_->signalfd_queue; }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::signalfd; }
    void set_mask(kernel::SignalSet mask) { mask_ = mask; }

private:
    kernel::Kernel& kernel_;
    Ref<kernel::SignalHandlers> handlers_;
    kernel::SignalSet mask_;
};

}
