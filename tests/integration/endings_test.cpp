// Who asks the supervisor to end gets the whole sandbox ended: also what left the foreground group, and what forks on.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <dirent.h>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace ringside::tests;

namespace {

/// Processes with `mark` on their command line: supervisors, while they run.
int sandboxes_with(const std::string& mark)
{
    int found = 0;
    DIR* processes = opendir("/proc");
    while (dirent* entry = readdir(processes)) {
        std::ifstream command(std::string("/proc/") + entry->d_name + "/cmdline", std::ios::binary);
        std::string text((std::istreambuf_iterator<char>(command)), {});
        if (text.find(mark) != std::string::npos)
            ++found;
    }
    closedir(processes);
    return found;
}

/// Runs the script in a sandbox that gets SIGTERM from timeout(1) after a second and a half. The sandbox must be gone well before the SIGKILL
/// that would follow.
void ends_by_term(const std::string& script)
{
    for (const User& user : users()) {
        ScratchDirectory scratch;
        if (!user.prefix.empty())
            REQUIRE(chown(scratch.path().c_str(), 1000, 1000) == 0);
        std::string mark = "RINGSIDE_ENDING=" + scratch.path();
        std::vector<std::string> command = user.prefix;
        for (const char* word : {"/usr/bin/timeout", "-k", "20", "1.5", RINGSIDE_PROGRAM, "run", "--pids", "60", "--env"})
            command.emplace_back(word);
        for (const std::string& word : {mark, std::string("--"), std::string("bash"), std::string("-c"), script})
            command.push_back(word);
        auto began = std::chrono::steady_clock::now();
        Finished done = run_process(command, scratch.path(), 60);
        INFO(user.name << ": " << script << "\n" << done.err);
        CHECK(done.status == 124);
        CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(15));
        CHECK(sandboxes_with(mark) == 0);
    }
}

}

TEST_CASE("SIGTERM of the supervisor: what left the foreground group ends too")
{
    ends_by_term("setsid sleep 1000 & sleep 1000");
}

TEST_CASE("SIGTERM of the supervisor after the command has ended: what it left behind ends")
{
    ends_by_term("setsid sleep 1000 & sleep 1000 & exit 3");
}

TEST_CASE("SIGTERM of the supervisor: a first process that answers it by an exit of its own leaves nothing behind")
{
    ends_by_term("trap 'exit 5' TERM; setsid sleep 1000 & sleep 1000 & wait");
}

TEST_CASE("SIGTERM of the supervisor: a fork bomb outside the foreground group ends")
{
    ends_by_term("f() { f | f & }; export -f f; setsid bash -c 'f; sleep 1000' & sleep 1000");
}
