// A sandbox whose guests all sleep uses no processor time: not one tick, in any of its processes.

#include "tests/integration/command_line.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <poll.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace ringside::tests;

namespace {

struct Process {
    int parent = 0;
    long ticks = 0; ///< user and system time
};

std::map<int, Process> all_processes()
{
    std::map<int, Process> result;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos)
            continue;
        std::ifstream file(entry.path() / "stat");
        std::string text;
        if (!std::getline(file, text))
            continue;
        std::istringstream fields(text.substr(text.rfind(')') + 2));
        std::string skipped;
        Process process;
        long user = 0, system = 0;
        fields >> skipped >> process.parent;
        for (int i = 0; i < 9; ++i)
            fields >> skipped;
        fields >> user >> system;
        process.ticks = user + system;
        result[std::stoi(name)] = process;
    }
    return result;
}

/// Processor time of `root` and all below it, by process.
std::map<int, long> ticks_below(int root)
{
    std::map<int, Process> all = all_processes();
    std::map<int, long> result;
    for (const auto& [pid, process] : all) {
        for (int up = pid; all.contains(up); up = all[up].parent) {
            if (up == root)
                result[pid] = process.ticks;
        }
    }
    return result;
}

/// `ringside ARGUMENTS`, its standard output in a pipe.
class Running {
public:
    explicit Running(std::vector<std::string> arguments)
    {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        out_ = ends[0];
        arguments.insert(arguments.begin(), RINGSIDE_PROGRAM);
        std::vector<char*> pointers;
        for (std::string& argument : arguments)
            pointers.push_back(argument.data());
        pointers.push_back(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            dup2(ends[1], 1);
            execv(pointers[0], pointers.data());
            _exit(127);
        }
        close(ends[1]);
    }
    ~Running()
    {
        kill(pid_, SIGTERM);
        waitpid(pid_, nullptr, 0);
        close(out_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    int pid() const { return pid_; }
    /// Something was written.
    bool says_something() const
    {
        pollfd wait {out_, POLLIN, 0};
        char byte = 0;
        return poll(&wait, 1, 60'000) == 1 && read(out_, &byte, 1) == 1;
    }

private:
    int pid_ = -1;
    int out_ = -1;
};

void check_idle(const std::vector<std::string>& arguments)
{
    Running running(arguments);
    REQUIRE(running.says_something());
    usleep(1'500'000); // what the recorder still has to write
    std::map<int, long> before = ticks_below(running.pid());
    usleep(1'000'000);
    std::map<int, long> after = ticks_below(running.pid());
    CHECK(before.size() >= 3); // supervisor, Sentry, stub
    CHECK(before == after);
}

}

TEST_CASE("an idle sandbox uses no processor time, also after many calls at once")
{
    // One that sleeps, and one that has made calls fast enough to be spun for and waits.
    const std::string script = "sleep 20 & i=0; while [ $i -lt 3000 ]; do i=$((i+1)); kill -0 $$; done; echo done; wait";
    ScratchDirectory scratch;
    for (const char* way : {"auto", "futex", "spin", "gang"}) {
        INFO(way);
        check_idle({"run", "--handover", way, "--", "sh", "-c", script});
    }
    check_idle({"record", "--force", "-o", scratch.path() + "/idle.ringside", "--", "sh", "-c", script});
}
