// What stands between the two sides: queues, flow control, packets for the master, and how each side hears that the other is gone.
#include "engine/fs/tty/pty.h"

#include "engine/fs/poll_events.h"
#include "engine/fs/tty/devpts.h"
#include "engine/fs/tty/job_control.h"
#include "engine/kernel/thread_group.h"

#include <asm/ioctls.h>
#include <sys/epoll.h>
#include <sys/sysmacros.h>

namespace ringside::fs {

namespace {

constexpr unsigned terminal_major = 136;

// What a master in packet mode is told (asm/ioctls.h).
bool usual_flow_control(const Settings& settings)
{
    return settings.input(IXON) && settings.character(VSTOP) == 023 && settings.character(VSTART) == 021;
}

}

Pty::Pty(Ref<PtsDirectory> directory, int index) : index(index), directory_(std::move(directory)) { }

Pty::~Pty()
{
    if (session())
        session()->lose_terminal();
    directory_->release(index);
}

dev_t Pty::device() const
{
    return makedev(terminal_major + static_cast<unsigned>(index) / 256, static_cast<unsigned>(index) % 256);
}

void Pty::master_closed()
{
    Ref<Pty> keep(this);
    master_open_ = false;
    packets = false;
    directory_->remove(index);
    hang_up(*this);
    terminal_queue.wake_all();
}

void Pty::terminal_opened()
{
    ++opened_;
    terminal_closed_ = false;
}

void Pty::terminal_released()
{
    if (--opened_ > 0)
        return;
    terminal_closed_ = true;
    master_queue.wake_all();
}

void Pty::type(std::span<const unsigned char> bytes)
{
    input_.insert(input_.end(), bytes.begin(), bytes.end());
    deliver();
}

void Pty::deliver()
{
    std::size_t before = input_.size();
    std::vector<unsigned char> bytes(input_.begin(), input_.end());
    std::size_t taken = discipline.receive(bytes);
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken));
    if (input_.size() < before)
        master_queue.wake_all(writable_events);
    if (discipline.available())
        terminal_queue.wake_all(readable_events);
}

std::size_t Pty::take_output(std::span<std::byte> to)
{
    std::size_t done = 0;
    for (; done < to.size() && !output_.empty(); ++done) {
        to[done] = std::byte {output_.front()};
        output_.pop_front();
    }
    if (done > 0) {
        discipline.send_echoes();
        terminal_queue.wake_all(writable_events);
    }
    return done;
}

std::size_t Pty::read(std::span<std::byte> to)
{
    std::size_t done = discipline.take(to);
    deliver();
    return done;
}

void Pty::emit(unsigned char c)
{
    bool was_empty = output_.empty();
    output_.push_back(c);
    if (was_empty)
        master_queue.wake_all(readable_events);
}

std::size_t Pty::output_room() const
{
    return stopped() || output_.size() >= output_limit ? 0 : output_limit - output_.size();
}

void Pty::raise(int signo)
{
    signal_foreground(*this, signo);
}

void Pty::drop_output()
{
    flush_output();
    tell_master(TIOCPKT_FLUSHREAD);
}

void Pty::flush_output()
{
    if (output_.size() > delivered)
        output_.resize(delivered);
    tell_master(TIOCPKT_FLUSHWRITE);
    terminal_queue.wake_all(writable_events);
}

void Pty::flush_input()
{
    input_.clear();
    discipline.flush_input();
    tell_master(TIOCPKT_FLUSHREAD);
    master_queue.wake_all(writable_events);
}

void Pty::set_stopped(bool stop)
{
    if (stopped_ == stop)
        return;
    stopped_ = stop;
    tell_master(stop ? TIOCPKT_STOP : TIOCPKT_START, stop ? TIOCPKT_START : TIOCPKT_STOP);
    if (!stopped())
        terminal_queue.wake_all(writable_events);
}

void Pty::hold(bool held)
{
    if (held_ == held)
        return;
    held_ = held;
    tell_master(held ? TIOCPKT_STOP : TIOCPKT_START, held ? TIOCPKT_START : TIOCPKT_STOP);
    if (!stopped()) {
        discipline.send_echoes();
        terminal_queue.wake_all(writable_events);
    }
}

void Pty::tell_master(unsigned set, unsigned cleared)
{
    if (!packets)
        return;
    packet_status = static_cast<unsigned char>((packet_status & ~cleared) | set);
    master_queue.wake_all(readable_events | EPOLLPRI);
}

void Pty::change_settings(const Settings& settings)
{
    bool before = usual_flow_control(discipline.settings());
    bool after = usual_flow_control(settings);
    bool external = settings.local(EXTPROC) || discipline.settings().local(EXTPROC);
    discipline.change(settings);
    if (before != after)
        tell_master(after ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP, TIOCPKT_DOSTOP | TIOCPKT_NOSTOP);
    if (external)
        tell_master(TIOCPKT_IOCTL);
    deliver();
    terminal_queue.wake_all();
}

void Pty::resize(const WindowSize& size)
{
    if (size == window)
        return;
    window = size;
    signal_foreground(*this, SIGWINCH);
}

}
