// Reading, writing and polling of a pseudo-terminal's two sides.
#include "engine/fs/poll_events.h"
#include "engine/fs/tty/devpts.h"
#include "engine/fs/tty/job_control.h"
#include "engine/fs/tty/pty.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"

#include <algorithm>
#include <asm/ioctls.h>
#include <csignal>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/epoll.h>

namespace ringside::fs {

namespace {

constexpr std::uint64_t write_piece = 2048; ///< how the tty layer cuts writes

class PtyFile : public PlacedFile {
public:
    PtyFile(const Path& path, int flags, Ref<Pty> pty) : PlacedFile(path, flags), pty_(std::move(pty)) { }
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::tty; }

protected:
    /// Gives what `take` finds, without losing what the guest's buffer cannot hold.
    template<typename Take>
    Result<std::size_t> hand_out(IoBuffer& to, Take&& take)
    {
        constexpr std::uint64_t piece = 4096;
        std::uint64_t room = to.room(std::min(to.remaining(), piece));
        if (room == 0)
            return Errno(EFAULT);
        std::vector<std::byte> bytes(room);
        bytes.resize(take(std::span(bytes)));
        return bytes.empty() ? Result<std::size_t>(std::size_t {0}) : to.put(bytes);
    }
    const Ref<Pty> pty_;
};

class PtyMaster final : public PtyFile {
public:
    using PtyFile::PtyFile;
    ~PtyMaster() override { pty_->master_closed(); }

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override
    {
        if (offset)
            return Errno(ESPIPE);
        if (to.remaining() == 0)
            return std::size_t {0};
        for (;;) {
            if (pty_->packets && pty_->packet_status != 0)
                return to.put(std::array {std::byte {std::exchange(pty_->packet_status, static_cast<unsigned char>(0))}});
            if (pty_->output_size() > 0)
                break;
            if (pty_->terminal_closed())
                return Errno(EIO);
            if (nonblocking())
                return Errno(EAGAIN);
            TRY(pty_->master_queue.wait(task));
        }
        std::size_t done = 0;
        if (pty_->packets)
            done = TRY(to.put(std::array {std::byte {TIOCPKT_DATA}}));
        while (to.remaining() > 0 && pty_->output_size() > 0) {
            auto moved = hand_out(to, [this](std::span<std::byte> bytes) { return pty_->take_output(bytes); });
            if (!moved.ok())
                return done > 0 ? Result<std::size_t>(done) : moved.error();
            done += moved.value();
        }
        return done;
    }

    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset) override
    {
        if (offset)
            return Errno(ESPIPE);
        std::size_t done = 0;
        std::vector<unsigned char> bytes;
        while (from.remaining() > 0) {
            if (pty_->input_room() == 0) {
                auto ready = nonblocking() ? Result<void>(Errno(EAGAIN)) : pty_->master_queue.wait(task);
                if (!ready.ok())
                    return done > 0 ? Result<std::size_t>(done) : ready.error();
                continue;
            }
            bytes.resize(std::min<std::uint64_t>({from.remaining(), pty_->input_room(), write_piece}));
            auto taken = from.get(std::as_writable_bytes(std::span(bytes)));
            if (!taken.ok() || taken.value() == 0)
                return done > 0 ? Result<std::size_t>(done) : Errno(EFAULT);
            pty_->type(std::span(bytes).first(taken.value()));
            done += taken.value();
        }
        return done;
    }

    PollMask poll() override
    {
        PollMask mask = 0;
        if (pty_->output_size() > 0)
            mask |= readable_events;
        if (pty_->packets && pty_->packet_status != 0)
            mask |= readable_events | EPOLLPRI;
        if (pty_->terminal_closed())
            mask |= EPOLLHUP;
        if (pty_->input_room() > 0)
            mask |= writable_events;
        return mask;
    }
    kernel::WaitQueue* poll_queue() override { return &pty_->master_queue; }
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override
    {
        if (request == TIOCINQ) {
            TRY(task.copy_out(GuestPtr<int>(argument), static_cast<int>(pty_->output_size())));
            return 0;
        }
        return pty_ioctl(task, *pty_, *this, true, request, argument);
    }
};

class PtyTerminal final : public PtyFile {
public:
    PtyTerminal(const Path& path, int flags, Ref<Pty> pty) : PtyFile(path, flags, std::move(pty)) { pty_->terminal_opened(); }
    ~PtyTerminal() override { pty_->terminal_released(); }
    void offer_control(Task& task) override { fs::offer_control(task, *pty_, readable()); }

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override
    {
        if (offset)
            return Errno(ESPIPE);
        if (pty_->hung_up())
            return std::size_t {0};
        TRY(check_foreground(task, *pty_, SIGTTIN));
        if (to.remaining() == 0)
            return std::size_t {0};
        return lines() ? read_line(task, to) : read_bytes(task, to);
    }

    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset) override
    {
        if (offset)
            return Errno(ESPIPE);
        if (pty_->discipline.settings().local(TOSTOP))
            TRY(check_foreground(task, *pty_, SIGTTOU));
        std::size_t done = 0;
        std::vector<std::byte> bytes;
        while (from.remaining() > 0) {
            bytes.resize(std::min(from.remaining(), write_piece));
            auto taken = from.get(bytes);
            if (!taken.ok() || taken.value() == 0)
                return done > 0 ? Result<std::size_t>(done) : Errno(EFAULT);
            bytes.resize(taken.value());
            auto written = write_piece_of(task, bytes);
            if (!written.ok())
                return done > 0 ? Result<std::size_t>(done) : written.error();
            done += written.value();
            if (written.value() < bytes.size())
                break;
        }
        return done;
    }

    PollMask poll() override
    {
        if (pty_->hung_up())
            return readable_events | writable_events | EPOLLERR | EPOLLHUP;
        const Settings& settings = pty_->discipline.settings();
        bool whole = settings.character(VTIME) == 0 && settings.character(VMIN) > 0;
        PollMask mask = 0;
        if (pty_->discipline.available(whole ? settings.character(VMIN) : 1))
            mask |= readable_events;
        if (pty_->can_write())
            mask |= writable_events;
        return mask;
    }
    kernel::WaitQueue* poll_queue() override { return &pty_->terminal_queue; }

    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override
    {
        if (pty_->hung_up())
            return Errno(request == TIOCSPGRP ? ENOTTY : EIO);
        if (request == TIOCINQ) {
            TRY(task.copy_out(GuestPtr<int>(argument), static_cast<int>(pty_->discipline.readable_bytes())));
            return 0;
        }
        return pty_ioctl(task, *pty_, *this, false, request, argument);
    }

private:
    bool lines() const { return pty_->discipline.settings().local(ICANON) && !pty_->discipline.settings().local(EXTPROC); }

    /// Sleeps until something may have come. False: hung up, so the read ends.
    Result<bool> wait_input(Task& task, std::optional<kernel::Nanoseconds> deadline)
    {
        if (pty_->hung_up())
            return false;
        if (nonblocking())
            return Errno(EAGAIN);
        TRY(pty_->terminal_queue.wait(task, deadline));
        return true;
    }

    Result<std::size_t> read_line(Task& task, IoBuffer& to)
    {
        while (!pty_->discipline.available()) {
            if (!TRY(wait_input(task, {})))
                return std::size_t {0};
            if (!lines())
                return read_bytes(task, to);
        }
        // One line, however many pieces it takes to hand it out.
        std::vector<std::byte> line(to.room(std::min<std::uint64_t>(to.remaining(), longest_line)));
        if (line.empty())
            return Errno(EFAULT);
        line.resize(pty_->read(line));
        return line.empty() ? Result<std::size_t>(std::size_t {0}) : to.put(line);
    }

    /// MIN and TIME (man 3 termios, "Canonical and noncanonical mode").
    Result<std::size_t> read_bytes(Task& task, IoBuffer& to)
    {
        constexpr kernel::Nanoseconds tenth = kernel::second / 10;
        const Settings& settings = pty_->discipline.settings();
        std::size_t minimum = settings.character(VMIN);
        kernel::Nanoseconds time = settings.character(VTIME) * tenth;
        std::optional<kernel::Nanoseconds> deadline;
        if (minimum == 0) {
            deadline = kernel::monotonic_now() + time;
            minimum = 1;
            if (time == 0 && !pty_->discipline.available())
                return std::size_t {0};
        }
        bool between = settings.character(VMIN) > 0 && time > 0;
        std::size_t done = 0;
        while (done < minimum && to.remaining() > 0) {
            if (!pty_->discipline.available()) {
                auto more = wait_input(task, deadline);
                if (!more.ok() && more.error() != ETIMEDOUT && done == 0)
                    return more.error();
                if (!more.ok() || !more.value())
                    break;
                continue;
            }
            auto moved = hand_out(to, [this](std::span<std::byte> bytes) { return pty_->read(bytes); });
            if (!moved.ok())
                return done > 0 ? Result<std::size_t>(done) : moved.error();
            done += moved.value();
            if (between)
                deadline = kernel::monotonic_now() + time;
        }
        return done;
    }

    Result<std::size_t> write_piece_of(Task& task, std::span<const std::byte> bytes)
    {
        std::size_t done = 0;
        for (;;) {
            Result<void> ready;
            if (task.signal_pending())
                ready = Errno(ERESTARTSYS);
            else if (pty_->hung_up())
                ready = Errno(EIO);
            else
                done += pty_->discipline.write(bytes.subspan(done));
            if (ready.ok() && done == bytes.size())
                return done;
            if (ready.ok())
                ready = nonblocking() ? Result<void>(Errno(EAGAIN)) : pty_->terminal_queue.wait(task);
            if (!ready.ok())
                return done > 0 ? Result<std::size_t>(done) : ready.error();
        }
    }
    static constexpr std::uint64_t longest_line = 4096;
};

}

Result<Ref<File>> Pty::open_terminal(Task& task, const Path& path, int flags)
{
    if (locked || hung_up())
        return Errno(EIO);
    if (exclusive && !task.credentials().capable(CAP_SYS_ADMIN))
        return Errno(EBUSY);
    return Ref<File>(make_ref<PtyTerminal>(path, flags & File::kept_flags, Ref(this)));
}

Result<Ref<File>> Pty::open_again(Task& task, int flags)
{
    return open_terminal(task, TRY(directory_->place(task, index)), flags);
}

Result<Ref<File>> open_master(Task& task, const Path& path, int flags)
{
    Ref<Pty> pty = TRY(pts_directory(task)->make(task));
    return Ref<File>(make_ref<PtyMaster>(path, flags & File::kept_flags, pty));
}

}
