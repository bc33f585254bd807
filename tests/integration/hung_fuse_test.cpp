// A file system that never answers, beside a running guest: who touches it waits, as natively, and nobody else does.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <sys/stat.h>
#include <unistd.h>

using namespace ringside::tests;

namespace {

constexpr int cannot = 77;

struct Place {
    explicit Place(const User& user) : hung(scratch.path() + "/hung")
    {
        REQUIRE(mkdir(hung.c_str(), 0755) == 0);
        REQUIRE(chmod(scratch.path().c_str(), 0755) == 0);
        if (!user.prefix.empty())
            REQUIRE(chown(scratch.path().c_str(), 1000, 1000) == 0);
    }
    ScratchDirectory scratch;
    std::string hung;
};

Finished beside_hung(const User& user, const Place& place, bool kill, const std::vector<std::string>& ringside)
{
    std::vector<std::string> command {HUNG_FUSE_PROGRAM};
    if (kill)
        command.emplace_back("--kill");
    command.insert(command.end(), {place.hung, "--"});
    command.insert(command.end(), user.prefix.begin(), user.prefix.end());
    command.emplace_back(RINGSIDE_PROGRAM);
    command.insert(command.end(), ringside.begin(), ringside.end());
    return run_process(command, place.scratch.path(), 60);
}

bool skipped(const Finished& done)
{
    if (done.status == cannot)
        tell_skipped("a hung FUSE mount", done.err);
    return done.status == cannot;
}

/// $1: the mount. One process a way to get stuck and some more, then work, then the end of those that hang.
constexpr const char* script = R"(
cd /
stuck=
cat $1/file & stuck="$stuck $!"
ls $1 & stuck="$stuck $!"
(cd $1) & stuck="$stuck $!"
stat -f $1 & stuck="$stuck $!"
for i in {1..14}; do ls -l $1/$i & stuck="$stuck $!"; done
sleep 0.3
for i in {1..20}; do /bin/true; done
ls -d /usr/share/doc/* | wc -l
cat /usr/lib/x86_64-linux-gnu/*.so.6 | wc -c
ls ${1%/*}
kill -9 $stuck
n=0
for p in $stuck; do wait $p; [ $? = 137 ] && n=$((n + 1)); done
echo "$n killed"
)";

}

TEST_CASE("a hung FUSE mount: only those that touch it wait, and SIGKILL ends them")
{
    for (const User& user : users()) {
        for (const char* mode : {"run", "record"}) {
            Place place(user);
            std::vector<std::string> arguments {mode};
            if (std::string(mode) == "record")
                arguments.insert(arguments.end(), {"-o", place.scratch.path() + "/t.ringside"});
            arguments.insert(arguments.end(), {"--", "bash", "-c", script, "script", place.hung});
            auto began = std::chrono::steady_clock::now();
            Finished done = beside_hung(user, place, false, arguments);
            if (skipped(done))
                return;
            INFO(user.name << " " << mode << "\n" << done.out << done.err);
            CHECK(done.status == 0);
            CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));
            CHECK(done.out.find("\nhung\n") != std::string::npos); // the directory that it is mounted in can be listed
            CHECK(done.out.find("\n18 killed\n") != std::string::npos);
            if (std::string(mode) == "record") {
                Finished replayed = ringside_in(user, place.scratch.path(), {"replay", "t.ringside"});
                INFO(replayed.out << replayed.err);
                CHECK(replayed.status == 0);
            }
        }
    }
}

TEST_CASE("a hung FUSE mount: killing the supervisor leaves nothing behind")
{
    for (const User& user : users()) {
        Place place(user);
        Finished done = beside_hung(user, place, true, {"run", "--", "bash", "-c", "for i in {1..20}; do ls -l $1/$i & done; cat $1/file", "script", place.hung});
        if (skipped(done))
            return;
        INFO(user.name << "\n" << done.out << done.err);
        CHECK(done.status == 0);
    }
}

TEST_CASE("a hung FUSE mount: SIGTERM of the supervisor ends a guest that hangs there")
{
    for (const User& user : users()) {
        Place place(user);
        std::vector<std::string> command {HUNG_FUSE_PROGRAM, place.hung, "--"};
        command.insert(command.end(), user.prefix.begin(), user.prefix.end());
        command.insert(command.end(), {"/usr/bin/timeout", "-k", "20", "2", RINGSIDE_PROGRAM, "run", "--", "cat", place.hung + "/file"});
        Finished done = run_process(command, place.scratch.path(), 60);
        if (skipped(done))
            return;
        INFO(user.name << "\n" << done.out << done.err);
        CHECK(done.status == 124);
    }
}
