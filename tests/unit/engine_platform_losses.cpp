// What the platform does when the host takes something away: processes that it refuses, stubs and Sentries that are killed, signals from
// outside. Whoever waits is told, and nothing is left behind.

#include "engine_platform_support.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

using namespace ringside;
using namespace ringside::platform;
using namespace ringside::platform::testing;
using namespace std::string_view_literals;

namespace {

std::vector<pid_t> children_of(pid_t parent)
{
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(parent) + "/task")) {
        std::ifstream list(entry.path() / "children");
        for (pid_t pid; list >> pid;)
            found.push_back(pid);
    }
    return found;
}

}

TEST_CASE("a host that refuses processes or threads gives EAGAIN, and nobody dies of it", "[platform][attack]")
{
    if (getuid() == 0)
        return; // RLIMIT_NPROC does not bind root
    Machine m;
    auto thread = m.start(bytes("\x0f\x05\xeb\xfc"sv));
    rlimit none {0, 0};
    rlimit before {};
    for (pid_t child : children_of(getpid()))
        REQUIRE(prlimit(child, RLIMIT_NPROC, nullptr, &before) == 0);
    none.rlim_max = before.rlim_max;
    for (pid_t child : children_of(getpid()))
        REQUIRE(prlimit(child, RLIMIT_NPROC, &none, nullptr) == 0);
    CHECK(m.platform->create_address_space().error() == EAGAIN);
    CHECK(m.space->create_thread().error() == EAGAIN);
    CHECK(m.run(*thread).kind == EventKind::syscall);
    for (pid_t child : children_of(getpid()))
        REQUIRE(prlimit(child, RLIMIT_NPROC, &before, nullptr) == 0);
    auto second = m.thread_at(*m.space, code_at);
    CHECK(m.run(*second).kind == EventKind::syscall);
    auto space = m.new_space();
    auto third = m.thread_at(*space, code_at);
    CHECK(m.run(*third).kind == EventKind::syscall);
}

TEST_CASE("kill -9 of the Sentry ends template and stubs", "[platform][attack]")
{
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    pid_t sentry = fork();
    if (sentry == 0) {
        Machine m;
        auto thread = m.start(bytes("\x0f\x05\xeb\xfe"sv));
        m.run(*thread);
        thread->resume();
        pid_t stub = m.space->host_pid();
        static_cast<void>(write(pipe_ends[1], &stub, sizeof stub) == sizeof stub);
        while (true)
            pause();
    }
    pid_t stub = 0;
    REQUIRE(read(pipe_ends[0], &stub, sizeof stub) == sizeof stub);
    std::vector<pid_t> all = children_of(sentry);
    CHECK(std::find(all.begin(), all.end(), stub) != all.end());
    CHECK(all.size() == 2);
    kill(sentry, SIGKILL);
    waitpid(sentry, nullptr, 0);
    for (pid_t pid : all) {
        bool gone = false;
        for (int i = 0; i < 500 && !gone; ++i) {
            std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
            std::string text((std::istreambuf_iterator<char>(status)), {});
            gone = text.empty() || text.find(") Z ") != std::string::npos;
            usleep(10'000);
        }
        CHECK(gone);
    }
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_CASE("signals from outside do not reach a guest", "[platform][attack]")
{
    Machine m;
    auto thread = m.start(bytes("\x0f\x05\xeb\xfc"sv));
    int pid = m.space->host_pid();
    m.run(*thread);
    for (int signal = 1; signal <= 64; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP || signal == 32 || signal == 33)
            continue;
        kill(pid, signal);
        CHECK(m.run(*thread).kind == EventKind::syscall);
    }
    kill(pid, SIGKILL);
    Event event = m.next();
    CHECK(event.kind == EventKind::died);
    thread->resume(); // in vain, not an error
    CHECK_FALSE(m.space->flush().ok());
    CHECK(m.space->create_thread().error() == ESRCH);
}

TEST_CASE("a stub that dies in the middle of orders ends their wait", "[platform][attack]")
{
    Machine m;
    auto thread = m.start(bytes("\x0f\x05\xeb\xfc"sv));
    m.run(*thread);
    kill(m.space->host_pid(), SIGKILL);
    for (std::uint64_t i = 0; i < 1000; ++i)
        m.space->map(GuestAddr(0x1000'0000 + i * page_size), page_size, Prot::read, 0);
    CHECK(m.space->flush().error() == ESRCH);
    CHECK(m.next().kind == EventKind::died);
    auto another = m.new_space();
    CHECK(another->flush().ok());
}
