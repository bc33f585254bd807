// Programs on pseudo terminals.

#include "tests/integration/pseudo_terminal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utmp.h>

namespace ringside::tests {

namespace {

using Clock = std::chrono::steady_clock;

void pause_a_little()
{
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

std::string line_of(const std::string& path)
{
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

}

PseudoTerminal::PseudoTerminal(const std::vector<std::string>& command)
{
    winsize size {24, 80, 0, 0};
    if (openpty(&master_, &slave_, nullptr, nullptr, &size) != 0)
        throw std::runtime_error("no pseudo terminal");
    fcntl(master_, F_SETFD, FD_CLOEXEC);
    process_ = fork();
    if (process_ < 0)
        throw std::runtime_error("fork failed");
    if (process_ != 0)
        return;
    std::vector<char*> arguments;
    for (const std::string& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (login_tty(slave_) == 0)
        execv(arguments[0], arguments.data());
    _exit(127);
}

PseudoTerminal::~PseudoTerminal()
{
    close(master_);
    close(slave_);
    if (process_ > 0) {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
}

void PseudoTerminal::type(const std::string& keys)
{
    if (write(master_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
        throw std::runtime_error("the terminal takes no keys");
}

bool PseudoTerminal::shows(const std::string& text, int seconds)
{
    auto end = Clock::now() + std::chrono::seconds(seconds);
    while (true) {
        std::size_t at = all_.find(text, seen_);
        if (at != std::string::npos) {
            seen_ = at + text.size();
            return true;
        }
        auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
        pollfd ready {master_, POLLIN, 0};
        if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) <= 0)
            return false;
        std::array<char, 4096> piece;
        ssize_t got = read(master_, piece.data(), piece.size());
        if (got <= 0)
            return false;
        all_.append(piece.data(), static_cast<std::size_t>(got));
    }
}

void PseudoTerminal::resize(unsigned short rows, unsigned short columns)
{
    winsize size {rows, columns, 0, 0};
    ioctl(master_, TIOCSWINSZ, &size);
}

termios PseudoTerminal::settings() const
{
    termios result {};
    tcgetattr(slave_, &result);
    return result;
}

bool PseudoTerminal::settings_become(const termios& wanted, int seconds) const
{
    for (auto end = Clock::now() + std::chrono::seconds(seconds); Clock::now() < end; pause_a_little()) {
        if (same_settings(settings(), wanted))
            return true;
    }
    return false;
}

int PseudoTerminal::ended(int seconds)
{
    int status = 0;
    for (auto end = Clock::now() + std::chrono::seconds(seconds); Clock::now() < end; pause_a_little()) {
        static_cast<void>(shows("\xff nothing writes this", 0)); // a terminal that nobody reads would hold its writers up
        if (waitpid(process_, &status, WNOHANG) == process_) {
            process_ = -1;
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
    return -1;
}

pid_t process_below(pid_t root, const std::string& name)
{
    for (auto end = Clock::now() + std::chrono::seconds(10); Clock::now() < end; pause_a_little()) {
        std::vector<pid_t> below {root};
        for (std::size_t i = 0; i < below.size(); ++i) {
            std::string folder = "/proc/" + std::to_string(below[i]);
            if (line_of(folder + "/comm") == name)
                return below[i];
            // Every thread may be a parent.
            std::string task = folder + "/task/" + std::to_string(below[i]) + "/children";
            std::ifstream children(task);
            for (pid_t child; children >> child;)
                below.push_back(child);
        }
    }
    return -1;
}

bool same_settings(const termios& a, const termios& b)
{
    return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag && a.c_lflag == b.c_lflag
        && std::memcmp(a.c_cc, b.c_cc, sizeof a.c_cc) == 0;
}

}
