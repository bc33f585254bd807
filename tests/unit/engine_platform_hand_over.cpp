// The rules of the hand-over, with times made up.

#include "engine/platform/hand_over.h"

#include <catch2/catch.hpp>

using namespace ringside::platform;

namespace {

/// Requests at even distances; the second worker gets `share` of its processor.
struct World {
    explicit World(HandOverChoice choice = HandOverChoice::automatic) : policy(choice, [this] { return processor; }) { policy.allow_second_worker(); }
    void follow()
    {
        if (policy.wanted() != policy.worker()) {
            policy.moved(policy.wanted(), time);
            ++moves;
        }
    }
    void pass(HandOver::Time ns)
    {
        time += ns;
        processor += static_cast<HandOver::Time>(static_cast<double>(ns) * share);
    }
    void requests(int count, HandOver::Time gap)
    {
        for (int i = 0; i < count; ++i) {
            pass(policy.worker() == 0 ? gap : gap * spin_percent / 100);
            policy.request(time);
            follow();
        }
    }
    void idle(HandOver::Time ns)
    {
        for (HandOver::Time end = time + ns; time < end;) {
            pass(1'000);
            policy.nothing(time);
            follow();
        }
    }
    HandOver::Time time = 1'000'000, processor = 0;
    double share = 1;
    HandOver::Time spin_percent = 100; ///< gaps while it spins
    int moves = 0;
    HandOver policy;
};

}

TEST_CASE("dense requests make the second worker spin, and their end lets it sleep")
{
    World world;
    world.requests(10, 4'000);
    CHECK(world.policy.worker() == 0);
    world.requests(10, 4'000);
    CHECK(world.policy.worker() == 1);
    CHECK(world.policy.spins());
    CHECK(world.policy.guests_spin());
    world.idle(50'000);
    CHECK(world.policy.worker() == 1);
    world.idle(50'000);
    CHECK(world.policy.worker() == 0);
    CHECK(!world.policy.spins());
    CHECK(!world.policy.guests_spin());
}

TEST_CASE("requests that come now and then are never spun for")
{
    World world;
    world.requests(10'000, 100'000);
    CHECK(world.moves == 0);
}

TEST_CASE("without a second worker, and with futexes fixed, nobody spins")
{
    World fixed(HandOverChoice::futex);
    fixed.requests(10'000, 1'000);
    CHECK(fixed.moves == 0);
    HandOver alone(HandOverChoice::automatic, [] { return HandOver::Time(0); });
    for (HandOver::Time time = 0; time < 1'000'000; time += 1'000)
        alone.request(time);
    CHECK(alone.wanted() == 0);
}

TEST_CASE("short bursts make it reluctant")
{
    World world;
    for (int burst = 0; burst < 1000; ++burst) {
        world.requests(30, 2'000);
        world.idle(1'000'000);
        world.pass(1'000'000);
    }
    CHECK(world.moves < 30);
}

TEST_CASE("on a processor of its own it stays as long as requests are dense")
{
    World world;
    world.requests(1'000'000, 2'000);
    CHECK(world.moves == 1);
}

TEST_CASE("beside foreign load it compares, and sleeps where that is faster")
{
    World world;
    world.share = 0.5;
    world.spin_percent = 300;
    world.requests(500'000, 4'000); // two seconds and more
    CHECK(world.policy.worker() == 0);
    CHECK(world.moves < 16);
}

TEST_CASE("beside foreign load it spins where that is faster all the same")
{
    World world;
    world.share = 0.5;
    world.spin_percent = 30;
    world.requests(500'000, 4'000);
    CHECK(world.policy.worker() == 1);
}

TEST_CASE("a fixed second worker sleeps where it is, and spins again at the next request")
{
    World world(HandOverChoice::spin);
    world.requests(1, 1'000);
    CHECK(world.policy.worker() == 1);
    world.idle(100'000);
    CHECK(world.policy.worker() == 1);
    CHECK(!world.policy.spins());
    world.requests(1, 1'000);
    CHECK(world.policy.spins());
}
