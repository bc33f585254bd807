// Runs a command with its output caught and a limit on its time.
#include "child_process.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::tests {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t output_limit = size_t{64} << 20; // a walk of a full /usr is more than 8 MiB

struct Pipe {
    Pipe()
    {
        if (pipe2(ends.data(), O_CLOEXEC) != 0)
            throw std::runtime_error("pipe2 failed");
    }
    ~Pipe()
    {
        close_end(0);
        close_end(1);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    void close_end(size_t end)
    {
        if (ends[end] >= 0)
            close(ends[end]);
        ends[end] = -1;
    }
    std::array<int, 2> ends{-1, -1};
};

[[noreturn]] void become(const std::vector<std::string>& command, const std::string& directory, const Pipe& out, const Pipe& err)
{
    setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(out.ends[1], STDOUT_FILENO);
    dup2(err.ends[1], STDERR_FILENO);
    close_range(3, ~0U, 0);
    setenv("TMPDIR", directory.c_str(), 1);
    std::vector<char*> arguments;
    for (const std::string& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (chdir(directory.c_str()) == 0)
        execv(arguments[0], arguments.data());
    dprintf(STDERR_FILENO, "cannot start %s: %s\n", arguments[0], strerror(errno));
    _exit(127);
}

// False at the end of the stream.
bool take(int fd, std::string& to)
{
    std::array<char, 65536> piece;
    ssize_t got = read(fd, piece.data(), piece.size());
    if (got <= 0)
        return got < 0 && errno == EINTR;
    if (to.size() < output_limit)
        to.append(piece.data(), static_cast<size_t>(got));
    return true;
}

// Both streams to their ends, or until the time is up; false then.
bool collect(Pipe& out, Pipe& err, Finished& finished, Clock::time_point end)
{
    while (out.ends[0] >= 0 || err.ends[0] >= 0) {
        std::array<pollfd, 2> wanted{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0)
            return false;
        if (poll(wanted.data(), wanted.size(), static_cast<int>(left)) <= 0)
            continue;
        if (wanted[0].revents != 0 && !take(out.ends[0], finished.out))
            out.close_end(0);
        if (wanted[1].revents != 0 && !take(err.ends[0], finished.err))
            err.close_end(0);
    }
    return true;
}

} // namespace

Finished run_process(const std::vector<std::string>& command, const std::string& directory, int seconds)
{
    Pipe out;
    Pipe err;
    Finished finished;
    Clock::time_point end = Clock::now() + std::chrono::seconds(seconds);
    pid_t child = fork();
    if (child < 0)
        throw std::runtime_error("fork failed");
    if (child == 0)
        become(command, directory, out, err);
    out.close_end(1);
    err.close_end(1);
    finished.timed_out = !collect(out, err, finished, end);
    if (finished.timed_out)
        kill(-child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    kill(-child, SIGKILL); // what it may have left behind
    finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return finished;
}

ScratchDirectory::ScratchDirectory()
{
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr && *base != 0 ? base : "/tmp") + "/ringside-test.XXXXXX";
    if (mkdtemp(path_.data()) == nullptr)
        throw std::runtime_error("no directory can be made: " + path_);
}

ScratchDirectory::~ScratchDirectory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace ringside::tests
