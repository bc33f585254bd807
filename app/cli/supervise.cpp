// The foreground session of `run` and `record`.

#include "app/cli/supervise.h"

#include "app/cli/command.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace ringside::cli {

namespace {

constexpr std::array forwarded = {SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTERM, SIGWINCH, SIGUSR1, SIGUSR2};

sigset_t watched_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (int signo : forwarded)
        sigaddset(&set, signo);
    return set;
}

/// Hands on what has arrived.
void forward(int fd, session::Session& session)
{
    signalfd_siginfo info {};
    while (read(fd, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
        // The terminal's own come from the kernel; those of kill(1) are meant for the program itself.
        bool from_terminal = info.ssi_code == SI_KERNEL;
        session.signal(static_cast<int>(info.ssi_signo), from_terminal);
    }
}

/// The guest's job is stopped: so are we, for the shell that waits for us. Returns when somebody continues us.
void stop_with_guest(session::Session& session)
{
    raise(SIGSTOP);
    session.resume();
}

}

session::Outcome supervise(const session::SessionOptions& options)
{
    sigset_t signals = watched_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr); // before there are threads, which inherit it
    int signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    auto session = session::Session::start(options);
    while (true) {
        auto state = session->wait(std::chrono::milliseconds(0));
        if (state == session::Session::State::ended)
            break;
        if (state == session::Session::State::stopped)
            stop_with_guest(*session);
        std::array<pollfd, 2> fds = {pollfd {session->descriptor(), POLLIN, 0}, pollfd {signal_fd, POLLIN, 0}};
        if (poll(fds.data(), fds.size(), -1) < 0)
            continue;
        if (fds[1].revents)
            forward(signal_fd, *session);
        if (fds[0].revents) {
            eventfd_t count = 0;
            eventfd_read(session->descriptor(), &count);
        }
    }
    close(signal_fd);
    const session::Outcome& outcome = session->outcome();
    if (!outcome.message.empty())
        complain(outcome.message);
    return outcome;
}

}
