// Descriptors that tell of events (fs/eventfd.c, fs/timerfd.c, fs/signalfd.c).
#include "engine/fs/event_files.h"

#include "engine/fs/poll_events.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

namespace ringside::fs {

namespace {

constexpr std::uint64_t max_count = ~std::uint64_t {0} - 1;

Result<std::size_t> put_count(IoBuffer& to, std::uint64_t value)
{
    TRY(to.put(std::as_bytes(std::span(&value, 1))));
    return sizeof value;
}

}

EventFd::EventFd(Task& task, std::uint64_t value, int flags)
    : AnonymousFile(task, "[eventfd]", O_RDWR | (flags & EFD_NONBLOCK))
    , value_(value)
    , semaphore_((flags & EFD_SEMAPHORE) != 0)
{
}

Result<std::size_t> EventFd::read(Task& task, IoBuffer& to, std::optional<std::uint64_t>)
{
    if (to.remaining() < sizeof value_)
        return Errno(EINVAL);
    while (value_ == 0) {
        if (nonblocking())
            return Errno(EAGAIN);
        TRY(queue_.wait(task));
    }
    std::uint64_t taken = semaphore_ ? 1 : value_;
    value_ -= taken;
    queue_.wake_all(writable_events);
    return put_count(to, taken);
}

Result<std::size_t> EventFd::write(Task& task, IoBuffer& from, std::optional<std::uint64_t>)
{
    std::uint64_t added = 0;
    if (from.remaining() < sizeof added)
        return Errno(EINVAL);
    if (TRY(from.get(std::as_writable_bytes(std::span(&added, 1)))) < sizeof added)
        return Errno(EFAULT);
    if (added == ~std::uint64_t {0})
        return Errno(EINVAL);
    while (max_count - value_ < added) {
        if (nonblocking())
            return Errno(EAGAIN);
        TRY(queue_.wait(task));
    }
    value_ += added;
    queue_.wake_all(readable_events);
    return sizeof added;
}

PollMask EventFd::poll()
{
    PollMask mask = 0;
    if (value_ > 0)
        mask |= EPOLLIN; // without RDNORM (eventfd_poll)
    if (value_ < max_count)
        mask |= EPOLLOUT;
    return mask;
}

TimerFd::TimerFd(Task& task, clockid_t clock, int flags)
    : AnonymousFile(task, "[timerfd]", O_RDWR | (flags & O_NONBLOCK))
    , clock_(clock)
    , timer_(task.kernel().timers(), [this] { fired(); })
{
}

void TimerFd::fired()
{
    count_expirations();
    queue_.wake_all(readable_events);
}

void TimerFd::count_expirations()
{
    kernel::Nanoseconds now = kernel::monotonic_now();
    if (next_ == 0 || now < next_)
        return;
    if (interval_ == 0) {
        ++expirations_;
        next_ = 0;
        return;
    }
    std::uint64_t times = (now - next_) / interval_ + 1;
    expirations_ += times;
    next_ += times * interval_;
    timer_.arm(next_);
}

Result<void> TimerFd::set(Task& task, const itimerspec& value, bool absolute)
{
    kernel::Nanoseconds first = TRY(kernel::from_timespec(value.it_value));
    kernel::Nanoseconds interval = TRY(kernel::from_timespec(value.it_interval));
    expirations_ = 0;
    interval_ = interval;
    if (first == 0) {
        timer_.disarm();
        next_ = 0;
        return {};
    }
    next_ = std::max<kernel::Nanoseconds>(1, TRY(kernel::monotonic_deadline(task, clock_, first, absolute)));
    timer_.arm(next_);
    return {};
}

itimerspec TimerFd::get()
{
    count_expirations();
    kernel::Nanoseconds now = kernel::monotonic_now();
    itimerspec result {};
    result.it_interval = kernel::to_timespec(interval_);
    if (next_ > now)
        result.it_value = kernel::to_timespec(next_ - now);
    return result;
}

Result<std::size_t> TimerFd::read(Task& task, IoBuffer& to, std::optional<std::uint64_t>)
{
    if (to.remaining() < sizeof expirations_)
        return Errno(EINVAL);
    count_expirations();
    while (expirations_ == 0) {
        if (nonblocking())
            return Errno(EAGAIN);
        TRY(queue_.wait(task));
    }
    return put_count(to, std::exchange(expirations_, 0));
}

PollMask TimerFd::poll()
{
    count_expirations();
    return expirations_ > 0 ? PollMask {EPOLLIN} : PollMask {0};
}

SignalFd::SignalFd(Task& task, kernel::SignalSet mask, int flags)
    : AnonymousFile(task, "[signalfd]", O_RDWR | (flags & SFD_NONBLOCK))
    , kernel_(task.kernel())
    , handlers_(task.group().handlers)
    , mask_(mask)
{
}

PollMask SignalFd::poll()
{
    Task* asking = kernel_.scheduler().current(); // what is pending is the reader's, not the maker's
    return asking && !(kernel::pending_signals(*asking) & mask_).empty() ? PollMask {EPOLLIN} : PollMask {0};
}

Result<std::size_t> SignalFd::read(Task& task, IoBuffer& to, std::optional<std::uint64_t>)
{
    if (to.remaining() < sizeof(signalfd_siginfo))
        return Errno(EINVAL);
    std::size_t done = 0;
    while (to.remaining() >= sizeof(signalfd_siginfo)) {
        auto info = kernel::dequeue_signal(task, mask_);
        if (!info) {
            if (done > 0)
                break;
            if (nonblocking())
                return Errno(EAGAIN);
            TRY(task.group().handlers->signalfd_queue.wait(task));
            continue;
        }
        signalfd_siginfo record {};
        record.ssi_signo = static_cast<std::uint32_t>(info->si_signo);
        record.ssi_errno = info->si_errno;
        record.ssi_code = info->si_code;
        record.ssi_pid = static_cast<std::uint32_t>(info->si_pid);
        record.ssi_uid = info->si_uid;
        if (info->si_signo == SIGCHLD) {
            record.ssi_status = info->si_status;
            record.ssi_utime = static_cast<std::uint64_t>(info->si_utime);
            record.ssi_stime = static_cast<std::uint64_t>(info->si_stime);
        } else {
            record.ssi_int = info->si_value.sival_int;
            record.ssi_ptr = reinterpret_cast<std::uintptr_t>(info->si_value.sival_ptr);
        }
        TRY(to.put(std::as_bytes(std::span(&record, 1))));
        done += sizeof record;
    }
    return done;
}

}
