// Kernel timers: functions called at a time of CLOCK_MONOTONIC by the main loop, never on a fiber. A heap.
#pragma once

#include "engine/kernel/wait_queue.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace ringside::kernel {

class TimerQueue;

/// Calls its function once when its time has come. Disarmed when destroyed. The function must not block; it may arm it again.
class Timer {
public:
    Timer(TimerQueue& queue, std::function<void()> function) : queue_(queue), function_(std::move(function)) { }
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { disarm(); }
    /// Arms it, or moves it.
    void arm(Nanoseconds deadline);
    void disarm();
    bool armed() const { return position_ != unarmed; }
    Nanoseconds deadline() const { return deadline_; }

private:
    friend class TimerQueue;
    static constexpr std::size_t unarmed = ~std::size_t {0};
    TimerQueue& queue_;
    std::function<void()> function_;
    Nanoseconds deadline_ = 0;
    std::uint64_t order_ = 0; ///< of arming: equal deadlines fire in it
    std::size_t position_ = unarmed;
};

class TimerQueue {
public:
    TimerQueue() = default;
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;
    /// The earliest deadline.
    std::optional<Nanoseconds> next() const;
    /// Calls all that are due, in the order of their deadlines. How many.
    std::size_t expire(Nanoseconds now);

private:
    friend class Timer;
    void place(std::size_t position, Timer* timer);
    void up(std::size_t position);
    void down(std::size_t position);
    void remove(Timer& timer);
    static bool before(const Timer& a, const Timer& b);
    std::vector<Timer*> heap_;
    std::uint64_t armed_count_ = 0;
};

}
