// See running_program.h.
#include "ui/running_program.h"

#include "trace/names.h"
#include "ui/worker.h"

#include <QSocketNotifier>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace ringside::ui {

namespace {

void close_fd(int& fd)
{
    if (fd >= 0)
        ::close(fd);
    fd = -1;
}

}

RunningProgram::RunningProgram(session::SessionOptions options, QObject* parent) : QObject(parent), options_(std::move(options))
{
    // The terminal is this window's, not that from which the window was started.
    std::erase_if(options_.env, [](const std::string& each) {
        return each.starts_with("TERM=") || each.starts_with("COLORTERM=") || each.starts_with("COLUMNS=") || each.starts_with("LINES=");
    });
    options_.env.insert(options_.env.end(), {"TERM=xterm-256color", "COLORTERM=truecolor"});
}

RunningProgram::~RunningProgram()
{
    kill();
    if (thread_.joinable())
        thread_.join();
    close_fd(master_);
    close_fd(slave_);
}

bool RunningProgram::open_terminal()
{
    master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0)
        return false;
    char name[64];
    if (ptsname_r(master_, name, sizeof name) != 0)
        return false;
    slave_ = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    winsize size {.ws_row = static_cast<unsigned short>(rows_), .ws_col = static_cast<unsigned short>(columns_), .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(master_, TIOCSWINSZ, &size);
    return slave_ >= 0;
}

void RunningProgram::start()
{
    started_ = true;
    if (!open_terminal()) {
        session::Outcome failure;
        failure.message = std::string("no terminal for the program: ") + strerror(errno);
        over_ = true;
        deliver(this, [this, failure] { Q_EMIT ended(failure); });
        return;
    }
    options_.stdio = {slave_, slave_, slave_};
    readable_ = new QSocketNotifier(master_, QSocketNotifier::Read, this);
    connect(readable_, &QSocketNotifier::activated, this, &RunningProgram::read_output);
    writable_ = new QSocketNotifier(master_, QSocketNotifier::Write, this);
    writable_->setEnabled(false);
    connect(writable_, &QSocketNotifier::activated, this, &RunningProgram::write_input);
    thread_ = std::thread([this] { run(); });
}

/// The session's own thread: all of it but signal() and kill() happens here.
void RunningProgram::run()
{
    using namespace std::chrono_literals;
    auto started = session::Session::start(options_);
    session::Session* session = started.get();
    {
        std::scoped_lock lock(mutex_);
        session_ = std::move(started);
    }
    bool stop_sent = false;
    while (true) {
        auto state = session->wait(50ms);
        if (state == session::Session::State::ended)
            break;
        if (state == session::Session::State::stopped)
            session->resume(); // there is no shell here that could continue it
        if (kill_asked_)
            session->kill();
        else if (stop_asked_ && !std::exchange(stop_sent, true))
            session->signal(SIGTERM, false);
    }
    session::Outcome outcome = session->outcome();
    {
        std::scoped_lock lock(mutex_);
        session_.reset(); // finishes the trace
    }
    deliver(this, [this, outcome] {
        over_ = true;
        read_output();
        readable_->setEnabled(false);
        Q_EMIT ended(outcome);
    });
}

void RunningProgram::read_output()
{
    QByteArray bytes(65'536, Qt::Uninitialized); // a turn: a program that prints without end must not hold the window
    ssize_t got = ::read(master_, bytes.data(), static_cast<std::size_t>(bytes.size()));
    if (got > 0) {
        bytes.truncate(got);
        Q_EMIT output(bytes);
    } else if (got == 0 || errno == EIO) {
        readable_->setEnabled(false);
    }
}

void RunningProgram::type(const QByteArray& bytes)
{
    input_ += bytes;
    write_input();
    // The pty's own signals go to processes of the host, and there are none: the guest's foreground group gets them from here.
    termios settings {};
    if (master_ < 0 || tcgetattr(master_, &settings) != 0 || !(settings.c_lflag & ISIG))
        return;
    const std::pair<int, int> keys[] = {{VINTR, SIGINT}, {VQUIT, SIGQUIT}, {VSUSP, SIGTSTP}};
    for (char byte : bytes)
        for (auto [key, signo] : keys)
            if (settings.c_cc[key] != 0 && static_cast<unsigned char>(byte) == settings.c_cc[key])
                send(signo);
}

void RunningProgram::resize(int rows, int columns)
{
    if (rows == rows_ && columns == columns_)
        return;
    rows_ = rows;
    columns_ = columns;
    if (master_ < 0)
        return; // it begins with this size
    winsize size {.ws_row = static_cast<unsigned short>(rows), .ws_col = static_cast<unsigned short>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
    ioctl(master_, TIOCSWINSZ, &size);
    send(SIGWINCH);
}

void RunningProgram::write_input()
{
    if (master_ < 0)
        return;
    ssize_t written = ::write(master_, input_.constData(), static_cast<std::size_t>(input_.size()));
    if (written > 0)
        input_.remove(0, written);
    if (writable_)
        writable_->setEnabled(!input_.isEmpty());
}

void RunningProgram::stop()
{
    if (stop_asked_.exchange(true))
        kill();
}

void RunningProgram::kill()
{
    kill_asked_ = true;
    std::scoped_lock lock(mutex_);
    if (session_)
        session_->kill();
}

void RunningProgram::send(int signo)
{
    std::scoped_lock lock(mutex_);
    if (session_ && !over_)
        session_->signal(signo, true);
}

QString outcome_text(const session::Outcome& outcome)
{
    using Kind = session::Outcome::Kind;
    switch (outcome.kind) {
    case Kind::exited: return RunningProgram::tr("exited with %1").arg(outcome.value);
    case Kind::killed: return RunningProgram::tr("ended by %1").arg(QString::fromStdString(trace::signal_name(outcome.value)));
    case Kind::not_started: return RunningProgram::tr("was not started");
    case Kind::failed: break;
    }
    return RunningProgram::tr("recording failed");
}

}
