// A pseudo-terminal: the terminal that programs see, and the master that a terminal emulator holds. man 7 pty, drivers/tty/pty.c.
#pragma once

#include "engine/fs/path_file.h"
#include "engine/fs/tty/line_discipline.h"
#include "engine/fs/tty/terminal.h"
#include "engine/kernel/wait_queue.h"

#include <deque>

namespace ringside::fs {

class PtsDirectory;

class Pty final : public RefCounted, public Terminal, private LineDiscipline::Line {
public:
    Pty(Ref<PtsDirectory> directory, int index);
    ~Pty() override;

    const int index;
    LineDiscipline discipline {*this};
    WindowSize window;
    bool locked = true;     ///< TIOCSPTLCK: the terminal cannot be opened yet
    bool exclusive = false; ///< TIOCEXCL
    bool packets = false;   ///< TIOCPKT
    unsigned char packet_status = 0;
    kernel::WaitQueue master_queue, terminal_queue; ///< who reads, writes or polls that side

    dev_t device() const override;
    Result<Ref<File>> open_again(Task& task, int flags) override;
    /// open(2) of /dev/pts/N, at that place, or TIOCGPTPEER. EIO while locked or hung up, EBUSY while exclusive.
    Result<Ref<File>> open_terminal(Task& task, const Path& path, int flags);
    Ref<PtsDirectory> directory() const { return directory_; }

    /// The master has been closed: the terminal reads an end, and writes fail.
    bool hung_up() const { return !master_open_; }
    /// It was opened, and the last one has closed it.
    bool terminal_closed() const { return terminal_closed_; }
    void master_closed();
    void terminal_opened();
    void terminal_released();

    // The master's side.
    std::size_t input_room() const { return input_limit - input_.size(); }
    void type(std::span<const unsigned char> bytes);
    std::size_t output_size() const { return output_.size(); }
    std::size_t take_output(std::span<std::byte> to);

    // The terminal's side.
    std::size_t read(std::span<std::byte> to);
    void change_settings(const Settings& settings);
    void resize(const WindowSize& size);
    void flush_input();
    void flush_output();
    /// TCXONC: output stops whatever XON says.
    void hold(bool held);
    bool can_write() const { return output_room() > 0; }

private:
    static constexpr std::size_t input_limit = 8192;
    static constexpr std::size_t delivered = 4095; ///< of the output, what the master's side holds already
    static constexpr std::size_t output_limit = input_limit + delivered;

    void emit(unsigned char c) override;
    std::size_t output_room() const override;
    void raise(int signo) override;
    void drop_output() override;
    void set_stopped(bool stopped) override;
    bool stopped() const override { return stopped_ || held_; }
    void deliver();
    void tell_master(unsigned set, unsigned cleared = 0);

    Ref<PtsDirectory> directory_;
    std::deque<unsigned char> input_;  ///< typed, for which the line discipline has no room yet
    std::deque<unsigned char> output_; ///< written, for the master
    int opened_ = 0;
    bool master_open_ = true;
    bool terminal_closed_ = false;
    bool stopped_ = false;
    bool held_ = false;
};

/// open(2) of /dev/ptmx and /dev/pts/ptmx: a new pseudo-terminal's master. ENOSPC.
Result<Ref<File>> open_master(Task& task, const Path& path, int flags);

/// What the ioctls of both sides share. `side`: what the descriptor refers to.
Result<long> pty_ioctl(Task& task, Pty& pty, File& file, bool master, std::uint32_t request, GuestAddr argument);

}
