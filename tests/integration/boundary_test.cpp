// The confinement from outside: its own tests from inside, what `ringside boundary` reads back, and nothing left behind. As the caller,
// and for root also as user 1000.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>

using namespace ringside::tests;

TEST_CASE("the Sentry finds no way out, at either level")
{
    for (const User& user : users()) {
        for (const char* level : {"full", "reduced"}) {
            Finished done = run_ringside(user, {"boundary", "--test", "--confinement", level});
            INFO(user.name << " " << level << "\n" << done.out << done.err);
            CHECK(done.status == 0);
            CHECK(done.out.find("FAILED") == std::string::npos);
            CHECK(count_lines(done.out, "ok ") >= 45);
        }
    }
}

TEST_CASE("boundary shows level full, at most 32 host calls, and no process with a capability")
{
    for (const User& user : users()) {
        Finished done = run_ringside(user, {"boundary"});
        INFO(user.name << "\n" << done.out << done.err);
        REQUIRE(done.status == 0);
        CHECK(done.out.find("Confinement: full.") == 0);
        std::size_t at = done.out.find("Host calls of the Sentry: ");
        REQUIRE(at != std::string::npos);
        CHECK(std::stoi(done.out.substr(at + 26)) <= 32);
        CHECK(count_lines(done.out, "ringside-stub (process") >= 1);
        CHECK(count_lines(done.out, "  capabilities none, no_new_privs yes, seccomp filter") == count_lines(done.out, "ringside-"));
        CHECK(done.out.find("NO FILTER") == std::string::npos);
    }
}

TEST_CASE("root reads the filters back from every thread")
{
    if (!is_root())
        return;
    Finished done = run_ringside(users().front(), {"boundary"});
    CHECK(done.out.find("Filters: read back from the running processes.") != std::string::npos);
    CHECK(done.out.find("can't be read back") == std::string::npos);
}

TEST_CASE("without user namespaces: 125 with what to do, and reduced works")
{
    for (const User& user : users()) {
        Finished full = without_user_namespaces(user, {"boundary", "--test"});
        INFO(user.name << "\n" << full.out << full.err);
        CHECK(full.status == 125);
        CHECK(full.err.find("--confinement=reduced") != std::string::npos);
        CHECK(count_lines(full.err, "ringside: ") == 1);
        CHECK(without_user_namespaces(user, {"boundary", "--test", "--confinement=reduced"}).status == 0);
    }
}
