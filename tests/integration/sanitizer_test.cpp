// Builds with sanitizers only: a report in the Sentry, which is confined, ends the run with 125, and its text can be read. As the caller,
// and for root also as user 1000.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

using namespace ringside::tests;

namespace {

struct Fault {
    const char* name;
    const char* report; ///< what its report says
};

constexpr Fault faults[] = {
    {"heap", "AddressSanitizer: heap-buffer-overflow"},
    {"stack", "AddressSanitizer: stack-buffer-overflow"},
    {"undefined", "runtime error: signed integer overflow"},
};

/// The user with these variables in the environment, and none that send reports elsewhere.
User with(User user, const std::vector<std::string>& variables)
{
    if (user.prefix.empty())
        user.prefix = {"/usr/bin/env"};
    user.prefix.insert(user.prefix.end(), {"ASAN_OPTIONS=", "UBSAN_OPTIONS=", "RINGSIDE_SANITIZER_LOG="});
    user.prefix.insert(user.prefix.end(), variables.begin(), variables.end());
    return user;
}

Finished run_faulty(const User& user, const Fault& fault, const std::vector<std::string>& arguments, const std::string& log = {})
{
    ScratchDirectory scratch;
    if (is_root())
        REQUIRE(chmod(scratch.path().c_str(), 0777) == 0);
    return ringside_in(with(user, {std::string("RINGSIDE_TEST_FAULT=") + fault.name, "RINGSIDE_SANITIZER_LOG=" + log}), scratch.path(), arguments);
}

}

TEST_CASE("a sanitizer's report in the Sentry ends the run with 125, and is on standard error")
{
    for (const User& user : users()) {
        for (const Fault& fault : faults) {
            for (const char* level : {"full", "reduced"}) {
                Finished done = run_faulty(user, fault, {"run", "--confinement", level, "--", "true"});
                INFO(user.name << ", " << fault.name << ", " << level << "\n" << done.err);
                CHECK(done.status == 125);
                CHECK(done.err.find(fault.report) != std::string::npos);
                CHECK(count_lines(done.err, "ringside: the Sentry ended unexpectedly (status 99)") == 1);
            }
        }
    }
}

TEST_CASE("a sanitizer's report ends a recording with 125")
{
    for (const User& user : users()) {
        for (const Fault& fault : faults) {
            Finished done = run_faulty(user, fault, {"record", "-o", "t.ringside", "--", "true"});
            INFO(user.name << ", " << fault.name << "\n" << done.err);
            CHECK(done.status == 125);
            CHECK(done.err.find(fault.report) != std::string::npos);
        }
    }
}

TEST_CASE("a sanitizer's report ends a replay with 125, and is on standard error")
{
    User user = users().front();
    ScratchDirectory place;
    std::string trace = place.path() + "/t.ringside";
    REQUIRE(ringside_in(user, place.path(), {"record", "-o", trace, "--", "true"}).status == 0);
    for (const Fault& fault : faults) {
        Finished done = run_faulty(user, fault, {"replay", trace});
        INFO(fault.name << "\n" << done.err);
        CHECK(done.status == 125);
        CHECK(done.err.find(fault.report) != std::string::npos);
    }
}

TEST_CASE("a sanitizer's report goes to the log where one is named")
{
    for (const User& user : users()) {
        for (const Fault& fault : faults) {
            ScratchDirectory place;
            std::string log = place.path() + "/log";
            if (is_root())
                REQUIRE(chmod(place.path().c_str(), 0777) == 0);
            Finished done = run_faulty(user, fault, {"run", "--", "true"}, log);
            std::ifstream file(log);
            std::string text {std::istreambuf_iterator<char>(file), {}};
            INFO(user.name << ", " << fault.name << "\n" << done.err << text);
            CHECK(done.status == 125);
            CHECK(text.find(fault.report) != std::string::npos);
        }
    }
}

TEST_CASE("without a fault a build with sanitizers runs programs")
{
    for (const User& user : users()) {
        Finished done = run_ringside(user, {"run", "--", "echo", "works"});
        INFO(user.name << "\n" << done.err);
        CHECK(done.status == 0);
        CHECK(done.out == "works\n");
        CHECK(done.err.empty());
    }
}
