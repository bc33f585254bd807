// Fibers: switching, locals that survive, finishing, stacks that are used again.

#include "engine/kernel/fiber.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <set>

using namespace ringside::kernel;

TEST_CASE("a fiber keeps its locals while it is left")
{
    StackPool pool;
    std::vector<int> seen;
    auto fiber = Fiber::create(pool, [&](Fiber& self) {
        std::vector<int> local {1, 2, 3};
        for (int& value : local) {
            seen.push_back(value);
            self.leave();
            value *= 10;
        }
        seen.insert(seen.end(), local.begin(), local.end());
        local = {};
        local.shrink_to_fit();
        self.finish();
    });
    REQUIRE(fiber.ok());
    Fiber& f = *fiber.value();
    for (int i = 1; i <= 3; ++i) {
        f.enter();
        CHECK(seen.size() == static_cast<std::size_t>(i));
        CHECK_FALSE(f.finished());
    }
    f.enter();
    CHECK(f.finished());
    CHECK(seen == std::vector<int> {1, 2, 3, 10, 20, 30});
}

TEST_CASE("many fibers take turns")
{
    StackPool pool;
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<int> turns(200);
    for (std::size_t i = 0; i < turns.size(); ++i) {
        auto made = Fiber::create(pool, [&turns, i](Fiber& self) {
            for (int round = 0; round < 10; ++round) {
                std::array<volatile char, 8192> deep; // some stack of its own each
                deep[0] = static_cast<char>(i);
                ++turns[i];
                self.leave();
                if (deep[0] != static_cast<char>(i))
                    turns[i] = -1000;
            }
            self.finish();
        });
        REQUIRE(made.ok());
        fibers.push_back(std::move(made).value());
    }
    for (int round = 0; round < 11; ++round)
        for (auto& fiber : fibers)
            fiber->enter();
    for (std::size_t i = 0; i < turns.size(); ++i) {
        CHECK(turns[i] == 10);
        CHECK(fibers[i]->finished());
    }
}

TEST_CASE("stacks are used again, and never by two at once")
{
    StackPool pool;
    auto first = pool.get(), second = pool.get();
    REQUIRE(first.ok());
    REQUIRE(second.ok());
    CHECK(first.value() != second.value());
    std::memset(first.value(), 0xff, StackPool::stack_size); // all of it is there
    pool.put(first.value());
    auto third = pool.get();
    REQUIRE(third.ok());
    CHECK(third.value() == first.value());
    pool.put(second.value());
    pool.put(third.value());
}
