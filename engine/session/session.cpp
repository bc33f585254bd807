// The supervisor's side of a running sandbox: one thread watches the control socket and the Sentry's process, another answers for owners.

#include "engine/session/session.h"

#include "engine/base/raise_limit.h"
#include "engine/boundary/protocol.h"
#include "engine/session/fitting_limits.h"
#include "engine/session/owner_service.h"
#include "engine/session/recording.h"
#include "engine/session/replay_input.h"
#include "engine/session/spawn.h"
#include "engine/session/terminal.h"
#include "trace/errno_table.h"
#include "trace/error.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>

namespace ringside::session {

namespace {

constexpr std::size_t max_report = std::size_t{16} << 20; ///< bytes of a report that we keep from a Sentry that sends without end

/// Text of the Sentry for a terminal: no control characters, one line.
std::string printable(std::string_view text)
{
    std::string result;
    for (char c : text.substr(0, 1000))
        result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    return result;
}

bool is_signal(int number)
{
    return number > 0 && number <= SIGRTMAX;
}

}

int Outcome::exit_status() const
{
    switch (kind) {
    case Kind::exited:
    case Kind::not_started:
        return value;
    case Kind::killed:
        return 128 + value;
    case Kind::failed:
        break;
    }
    return 125;
}

struct Session::State_ {
    SessionOptions options;
    SavedTerminal terminal;
    UniqueFd control, process_fd, news;
    pid_t process = -1;
    std::unique_ptr<Recording> recording;
    std::thread monitor, owners;

    mutable std::mutex mutex;
    std::condition_variable changed;
    State state = State::running; ///< with the mutex, as all that follows
    Outcome outcome;
    bool have_outcome = false;    ///< the Sentry said how the guest ended
    bool killed_by_us = false;
    bool mapped = false;          ///< the Sentry has had its answer about ids, which it waits for before anything else
    bool recording_begun = false;
    bool launched = false;        ///< or it failed: what launch() makes is there to be ended
    std::string report;           ///< pieces so far
    std::optional<std::string> whole_report;

    explicit State_(const SessionOptions& o) : options(o), terminal(o.stdio), news(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { }

    void fail(std::string message);
    bool launch();
    void begin_recording();
    void let_go(bool& condition);
    void send(control::Kind kind, int value = 0, int flag = 0);
    void watch();
    bool receive();
    void take(const control::Message& message, std::string_view text);
    void take_end(int wait_status);
    void finish(int guard_status);
    void set(State next);
};

void Session::State_::fail(std::string message)
{
    std::lock_guard guard(mutex);
    outcome = {Outcome::Kind::failed, 125, std::move(message), {}};
    have_outcome = true;
}

void Session::State_::set(State next)
{
    {
        std::lock_guard guard(mutex);
        state = next;
    }
    changed.notify_all();
    eventfd_write(news.get(), 1);
}

/// Everything up to the running process. False: `outcome` says why.
bool Session::State_::launch()
{
    if (std::string unfit = unfit_limit(); !unfit.empty())
        return fail(std::move(unfit)), false;
    std::string program = find_sentry();
    if (program.empty())
        return fail("cannot find ringside-sentry beside this program or in ../libexec/ringside: is the installation complete?"), false;
    std::array<int, 2> controls {-1, -1}, owner_pair {-1, -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, controls.data()) != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, owner_pair.data()) != 0)
        return fail(fmt::format("cannot make sockets for the Sentry: {}", strerror(errno))), false;
    control = UniqueFd(controls[0]);
    UniqueFd sentry_control(controls[1]), owner_server(owner_pair[0]), sentry_owner(owner_pair[1]);
    std::optional<RaisedLimit> any_size(RLIMIT_FSIZE); // of what is handed over in memory; the Sentry inherits the caller's
    UniqueFd config = write_config(options);
    if (!config.valid())
        return fail(fmt::format("cannot write the Sentry's configuration: {}", strerror(errno))), false;
    Passed passed {sentry_control.get(), config.get(), -1, sentry_owner.get(), -1};
    if (options.mode == Mode::record) {
        std::string why;
        recording = Recording::create(why);
        if (!recording)
            return fail(why), false;
        passed.ring = recording->descriptor();
    }
    UniqueFd input;
    if (options.mode == Mode::replay) {
        try {
            input = make_replay_input(options.trace.path);
        } catch (const trace::Error& error) {
            return fail(error.what()), false;
        }
        passed.input = input.get();
    }
    any_size.reset();
    process = spawn_sentry(program, options.stdio, passed);
    if (process < 0)
        return fail(fmt::format("cannot start {}: {}", program, strerror(-process))), false;
    process_fd = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, process, 0)));
    if (!process_fd.valid())
        return ::kill(process, SIGKILL), waitpid(process, nullptr, 0), fail(fmt::format("cannot watch the Sentry: {}", strerror(errno))), false;
    owners = std::thread([socket = std::move(owner_server)]() mutable { serve_owners(std::move(socket)); });
    return true;
}

/// Sets one of the two conditions for the first program to run, and says so to the Sentry when both hold.
void Session::State_::let_go(bool& condition)
{
    std::lock_guard guard(mutex);
    bool before = mapped && recording_begun;
    condition = true;
    if (!before && mapped && recording_begun)
        send(control::Kind::go);
}

/// The trace, made while the Sentry becomes confined. Where that fails nothing of the guest has run.
void Session::State_::begin_recording()
{
    std::string why;
    if (options.confinement == Confinement::reduced)
        let_go(mapped); // it asks for no maps
    if (recording->begin(options, why))
        return let_go(recording_begun);
    fail(std::move(why));
    shutdown(control.get(), SHUT_RDWR); // the guard ends the Sentry, the monitor sees that
}

void Session::State_::send(control::Kind kind, int value, int flag)
{
    control::Message message {};
    message.kind = kind;
    message.value = value;
    message.flag = flag;
    // Never waits: a Sentry that does not read its orders only hurts itself.
    ::send(control.get(), &message, control::message_head, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Session::State_::take_end(int wait_status)
{
    std::lock_guard guard(mutex);
    if (have_outcome)
        return;
    if (WIFEXITED(wait_status))
        outcome = {Outcome::Kind::exited, WEXITSTATUS(wait_status), {}, {}};
    else if (WIFSIGNALED(wait_status))
        outcome = {Outcome::Kind::killed, WTERMSIG(wait_status), {}, {}};
    else
        outcome = {Outcome::Kind::failed, 125, "the Sentry reported an end that cannot be", {}};
    have_outcome = true;
}

void Session::State_::take(const control::Message& message, std::string_view text)
{
    switch (message.kind) {
    case control::Kind::want_id_maps:
        send(control::Kind::id_maps, static_cast<int>(write_id_maps(process)));
        let_go(mapped);
        break;
    case control::Kind::confined:
    case control::Kind::started:
        break;
    case control::Kind::not_executed: {
        const std::string& name = options.argv.empty() ? std::string() : options.argv.front();
        bool missing = message.value == ENOENT;
        std::lock_guard guard(mutex);
        outcome = {Outcome::Kind::not_started, missing ? 127 : 126, fmt::format("{}: {}", name, printable(text)), {}};
        have_outcome = true;
        break;
    }
    case control::Kind::stopped:
        if (is_signal(message.value))
            set(State::stopped);
        break;
    case control::Kind::ended:
        take_end(message.value);
        break;
    case control::Kind::failure:
        fail(printable(text));
        break;
    case control::Kind::report: {
        std::unique_lock guard(mutex);
        if (text.empty()) {
            whole_report = std::exchange(report, {});
            guard.unlock();
            eventfd_write(news.get(), 1);
            changed.notify_all();
        } else if (report.size() + text.size() <= max_report) {
            report += text;
        }
        break;
    }
    default:
        break; // a kind that only we send, or nonsense: ignored
    }
}

/// One message, checked. False: the socket is closed, or what came is not a message.
bool Session::State_::receive()
{
    control::Message message {};
    ssize_t got = recv(control.get(), &message, sizeof(message), MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    auto size = static_cast<std::size_t>(got);
    if (size < control::message_head || message.length != size - control::message_head)
        return false;
    take(message, {message.text, message.length});
    return true;
}

void Session::State_::watch()
{
    bool open = true;
    while (true) {
        std::array<pollfd, 2> watched = {pollfd {process_fd.get(), POLLIN, 0}, pollfd {open ? control.get() : -1, POLLIN, 0}};
        if (poll(watched.data(), watched.size(), -1) < 0)
            continue;
        // What it said before its end is read first.
        if (watched[1].revents) {
            open = receive();
            if (!open)
                shutdown(control.get(), SHUT_RDWR);
            continue;
        }
        if (watched[0].revents)
            break;
    }
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) { }
    finish(status);
}

void Session::State_::finish(int guard_status)
{
    bool sentry_lost = false;
    {
        std::unique_lock guard(mutex);
        changed.wait(guard, [this] { return launched; });
        if (!have_outcome) {
            sentry_lost = true;
            int code = WIFEXITED(guard_status) ? WEXITSTATUS(guard_status) : 128 + WTERMSIG(guard_status);
            if (killed_by_us)
                outcome = {Outcome::Kind::killed, SIGKILL, {}, {}};
            else if (code == 0 && whole_report)
                outcome = {Outcome::Kind::exited, 0, {}, {}};
            else if (code > 128)
                outcome = {Outcome::Kind::failed, 125, fmt::format("the Sentry was ended by signal {} ({})", code - 128, strsignal(code - 128)), {}};
            else
                outcome = {Outcome::Kind::failed, 125, fmt::format("the Sentry ended unexpectedly (status {})", code), {}};
        }
    }
    if (recording) {
        std::string problem = recording->finish(sentry_lost, killed_by_us);
        std::lock_guard guard(mutex);
        if (outcome.kind == Outcome::Kind::not_started)
            recording->discard(); // nothing ran
        if (!problem.empty() && outcome.kind != Outcome::Kind::failed && !killed_by_us)
            outcome = {Outcome::Kind::failed, 125, std::move(problem), {}};
    }
    if (options.restore_terminal)
        terminal.restore();
    outcome.report = whole_report.value_or(std::string());
    set(State::ended);
}

std::unique_ptr<Session> Session::start(const SessionOptions& options)
{
    std::unique_ptr<Session> session(new Session(std::make_unique<State_>(options)));
    State_& state = *session->state_;
    if (!state.launch()) {
        state.recording.reset();
        state.set(State::ended);
        return session;
    }
    state.monitor = std::thread([&state] { state.watch(); });
    if (state.recording)
        state.begin_recording();
    {
        std::lock_guard guard(state.mutex);
        state.launched = true;
    }
    state.changed.notify_all();
    return session;
}

Session::Session(std::unique_ptr<State_> state) : state_(std::move(state)) { }

Session::~Session()
{
    if (state_->monitor.joinable()) {
        kill();
        state_->monitor.join();
    }
    if (state_->owners.joinable())
        state_->owners.join();
}

Session::State Session::wait(std::optional<std::chrono::milliseconds> timeout)
{
    std::unique_lock lock(state_->mutex);
    auto news = [this] { return state_->state != State::running; };
    if (timeout)
        state_->changed.wait_for(lock, *timeout, news);
    else
        state_->changed.wait(lock, news);
    return state_->state;
}

const Outcome& Session::outcome() const
{
    return state_->outcome;
}

void Session::signal(int signo, bool from_terminal)
{
    state_->send(control::Kind::signal, signo, from_terminal ? 1 : 0);
}

void Session::resume()
{
    {
        std::lock_guard guard(state_->mutex);
        if (state_->state == State::stopped)
            state_->state = State::running;
    }
    state_->send(control::Kind::resume);
}

void Session::kill()
{
    {
        std::lock_guard guard(state_->mutex);
        if (state_->state == State::ended)
            return;
        state_->killed_by_us = true;
    }
    // The guard sees the end of file and kills the Sentry, in whose pid namespace everything else ends. The signal is for a guard that
    // does not get to it: the Sentry dies with its parent.
    shutdown(state_->control.get(), SHUT_RDWR);
    pollfd process {state_->process_fd.get(), POLLIN, 0};
    if (poll(&process, 1, 500) == 0)
        syscall(SYS_pidfd_send_signal, state_->process_fd.get(), SIGKILL, nullptr, 0);
}

void Session::stop()
{
    signal(SIGTERM, false);
    if (wait(std::chrono::seconds(2)) != State::ended)
        kill();
}

std::optional<std::string> Session::wait_report(std::chrono::milliseconds timeout)
{
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, timeout, [this] { return state_->state == State::ended || state_->whole_report; });
    return state_->whole_report;
}

void Session::finish()
{
    state_->send(control::Kind::finish);
}

Progress Session::progress() const
{
    return state_->recording ? state_->recording->progress() : Progress {};
}

int Session::descriptor() const
{
    return state_->news.get();
}

int Session::process_id() const
{
    return state_->process > 0 ? state_->process : 0;
}

}
