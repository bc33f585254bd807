// The rules of spreading guests over processors, with times made up.

#include "engine/platform/spread.h"

#include <catch2/catch.hpp>

using namespace ringside::platform;

namespace {

struct World {
    World() { policy.allow(); }
    /// `busy` threads for so long, one of them calling every `gap`.
    void pass(Spread::Time ns, std::size_t busy, Spread::Time gap)
    {
        for (Spread::Time end = time + ns; time < end;) {
            time += gap;
            moves += policy.note(time, busy, true);
        }
    }
    Spread::Time time = 1'000'000;
    int moves = 0;
    Spread policy;
};

constexpr Spread::Time us = 1'000, ms = 1'000'000;

}

TEST_CASE("two that compute are spread, and come together when one is left", "[spread]")
{
    World world;
    world.pass(200 * ms, 1, 100 * us);
    CHECK(!world.policy.on());
    world.pass(50 * ms, 2, 100 * us);
    CHECK(world.policy.on());
    world.pass(40 * ms, 1, 100 * us); // a moment alone changes nothing
    CHECK(world.policy.on());
    world.pass(200 * ms, 1, 100 * us);
    CHECK(!world.policy.on());
    CHECK(world.moves == 2);
}

TEST_CASE("two that call all the time stay together, or come together again", "[spread]")
{
    World world;
    world.pass(200 * ms, 2, 5 * us);
    CHECK(world.moves == 0);
    world.pass(50 * ms, 2, 100 * us);
    CHECK(world.policy.on());
    world.pass(200 * ms, 2, 5 * us);
    CHECK(!world.policy.on());
}

TEST_CASE("two that never call are seen by a look", "[spread]")
{
    World world;
    CHECK(!world.policy.wants_look(1));
    CHECK(world.policy.wants_look(2));
    CHECK(!world.policy.note(world.time, 2, false));
    CHECK(world.policy.note(world.time + Spread::window, 2, false));
    CHECK(!world.policy.wants_look(2));
}

TEST_CASE("with one processor nothing is spread", "[spread]")
{
    Spread policy;
    CHECK(!policy.wants_look(8));
    CHECK(!policy.note(1 * ms, 8, false));
    CHECK(!policy.note(100 * ms, 8, false));
    CHECK(!policy.on());
}
