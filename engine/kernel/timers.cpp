// The heap of timers. Each timer knows its place, so that disarming costs O(log n).

#include "engine/kernel/timers.h"

namespace ringside::kernel {

void Timer::arm(Nanoseconds deadline)
{
    disarm();
    deadline_ = deadline;
    order_ = queue_.armed_count_++;
    queue_.heap_.push_back(this);
    position_ = queue_.heap_.size() - 1;
    queue_.up(position_);
}

void Timer::disarm()
{
    if (armed())
        queue_.remove(*this);
}

bool TimerQueue::before(const Timer& a, const Timer& b)
{
    return a.deadline_ != b.deadline_ ? a.deadline_ < b.deadline_ : a.order_ < b.order_;
}

std::optional<Nanoseconds> TimerQueue::next() const
{
    if (heap_.empty())
        return {};
    return heap_.front()->deadline_;
}

std::size_t TimerQueue::expire(Nanoseconds now)
{
    std::size_t fired = 0;
    // Only those that were armed before: a function that arms again for a time gone by must not hold the main loop.
    std::uint64_t until = armed_count_;
    while (!heap_.empty() && heap_.front()->deadline_ <= now && heap_.front()->order_ < until) {
        Timer& timer = *heap_.front();
        remove(timer);
        ++fired;
        timer.function_(); // may destroy the timer
    }
    return fired;
}

void TimerQueue::place(std::size_t position, Timer* timer)
{
    heap_[position] = timer;
    timer->position_ = position;
}

void TimerQueue::up(std::size_t position)
{
    Timer* timer = heap_[position];
    while (position > 0) {
        std::size_t parent = (position - 1) / 2;
        if (!before(*timer, *heap_[parent]))
            break;
        place(position, heap_[parent]);
        position = parent;
    }
    place(position, timer);
}

void TimerQueue::down(std::size_t position)
{
    Timer* timer = heap_[position];
    while (true) {
        std::size_t child = 2 * position + 1;
        if (child >= heap_.size())
            break;
        if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child]))
            ++child;
        if (!before(*heap_[child], *timer))
            break;
        place(position, heap_[child]);
        position = child;
    }
    place(position, timer);
}

void TimerQueue::remove(Timer& timer)
{
    std::size_t position = timer.position_;
    Timer* last = heap_.back();
    heap_.pop_back();
    timer.position_ = Timer::unarmed;
    if (last == &timer)
        return;
    place(position, last);
    up(position);
    down(last->position_);
}

}
