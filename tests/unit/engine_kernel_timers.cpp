// The heap of timers: order, moving, disarming, and functions that change the heap while it is walked.

#include "engine/kernel/timers.h"

#include <catch2/catch.hpp>

using namespace ringside::kernel;

namespace {

struct Fired {
    TimerQueue queue;
    std::vector<int> order;
    std::unique_ptr<Timer> make(int name)
    {
        return std::make_unique<Timer>(queue, [this, name] { order.push_back(name); });
    }
};

}

TEST_CASE("timers fire in the order of their deadlines, equal ones as they were armed")
{
    Fired fired;
    std::vector<std::unique_ptr<Timer>> timers;
    const std::vector<Nanoseconds> deadlines {50, 10, 40, 10, 30, 20, 60};
    for (std::size_t i = 0; i < deadlines.size(); ++i) {
        timers.push_back(fired.make(static_cast<int>(i)));
        timers.back()->arm(deadlines[i]);
    }
    REQUIRE(fired.queue.next() == 10);
    CHECK(fired.queue.expire(9) == 0);
    CHECK(fired.queue.expire(45) == 5);
    CHECK(fired.order == std::vector<int> {1, 3, 5, 4, 2});
    CHECK(fired.queue.next() == 50);
    CHECK(timers[0]->armed());
    CHECK_FALSE(timers[1]->armed());
}

TEST_CASE("a timer that is disarmed, moved or destroyed does not fire at its old time")
{
    Fired fired;
    auto disarmed = fired.make(1), moved = fired.make(2), destroyed = fired.make(3), stays = fired.make(4);
    for (auto* timer : {&disarmed, &moved, &destroyed, &stays})
        (*timer)->arm(10);
    disarmed->disarm();
    moved->arm(20);
    destroyed.reset();
    CHECK(fired.queue.expire(10) == 1);
    CHECK(fired.order == std::vector<int> {4});
    CHECK(fired.queue.expire(20) == 1);
    CHECK(fired.order == std::vector<int> {4, 2});
    CHECK_FALSE(fired.queue.next().has_value());
}

TEST_CASE("a timer that arms itself again for the past does not hold the loop")
{
    TimerQueue queue;
    int times = 0;
    Timer timer(queue, [&] {
        ++times;
        timer.arm(1);
    });
    timer.arm(1);
    CHECK(queue.expire(100) == 1);
    CHECK(times == 1);
    CHECK(timer.armed());
}

TEST_CASE("a timer's function may destroy other timers, and its own")
{
    TimerQueue queue;
    auto other = std::make_unique<Timer>(queue, [] { FAIL("was destroyed"); });
    std::unique_ptr<Timer> own;
    own = std::make_unique<Timer>(queue, [&] {
        other.reset();
        own.reset();
    });
    own->arm(1);
    other->arm(2);
    CHECK(queue.expire(10) == 1);
    CHECK_FALSE(queue.next().has_value());
}

TEST_CASE("many timers, armed and disarmed at random, agree with a sorted list")
{
    Fired fired;
    std::vector<std::unique_ptr<Timer>> timers;
    std::uint32_t state = 12345;
    auto random = [&](std::uint32_t below) { return (state = state * 1664525 + 1013904223) / 65536 % below; };
    for (int i = 0; i < 500; ++i) {
        timers.push_back(fired.make(i));
        timers.back()->arm(random(1000));
    }
    for (int i = 0; i < 1000; ++i) {
        Timer& timer = *timers[random(500)];
        if (random(3) == 0)
            timer.disarm();
        else
            timer.arm(random(1000));
    }
    std::size_t armed = 0;
    for (const auto& timer : timers)
        armed += timer->armed();
    std::vector<Nanoseconds> deadlines;
    while (auto next = fired.queue.next()) {
        deadlines.push_back(*next);
        fired.queue.expire(*next);
    }
    CHECK(std::is_sorted(deadlines.begin(), deadlines.end()));
    CHECK(fired.order.size() == armed);
}
