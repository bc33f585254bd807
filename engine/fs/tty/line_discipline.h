// N_TTY, the line discipline of terminals: from what is typed to what is read (lines, editing, signals, flow control), echo, and the
// way of output. drivers/tty/n_tty.c, man 3 termios.
#pragma once

#include "engine/fs/tty/termios.h"

#include <array>
#include <bitset>
#include <cstddef>
#include <deque>
#include <span>

namespace ringside::fs {

class LineDiscipline {
public:
    /// The terminal around it.
    class Line {
    public:
        virtual ~Line() = default;
        /// Output that the other side reads, echo included.
        virtual void emit(unsigned char c) = 0;
        /// How many bytes the other side's queue takes now; 0 while output is stopped.
        virtual std::size_t output_room() const = 0;
        /// A signal character: to the foreground process group.
        virtual void raise(int signo) = 0;
        /// Output that has not come far may be dropped (no NOFLSH).
        virtual void drop_output() = 0;
        /// XON and XOFF.
        virtual void set_stopped(bool stopped) = 0;
        virtual bool stopped() const = 0;
    };

    explicit LineDiscipline(Line& line) : line_(line) { }
    LineDiscipline(const LineDiscipline&) = delete;
    LineDiscipline& operator=(const LineDiscipline&) = delete;

    const Settings& settings() const { return settings_; }
    void change(const Settings& settings);

    /// Bytes typed. How many were taken: fewer when the buffer is full.
    std::size_t receive(std::span<const unsigned char> bytes);
    /// A read would find something: a line, or in non-canonical mode `minimum` bytes.
    bool available(std::size_t minimum = 1) const;
    /// What FIONREAD says.
    std::size_t readable_bytes() const;
    /// At most one line in canonical mode. 0 at an end-of-file character, or where nothing is available.
    std::size_t take(std::span<std::byte> to);
    void flush_input();

    /// Output with OPOST's changes. How many bytes were taken: fewer when there is no more room.
    std::size_t write(std::span<const std::byte> bytes);
    /// Echo that had to wait for room.
    void send_echoes();

private:
    static constexpr std::size_t buffer_size = 4096;
    static constexpr std::size_t echo_limit = 4096;
    static constexpr std::size_t echo_batch = 256;
    struct Echo {
        enum Kind : std::uint8_t { raw, character, erase_tab, set_column, back } kind;
        unsigned char c = 0;
        bool after_tab = false;
        unsigned columns = 0;
    };

    bool canonical() const { return settings_.local(ICANON); }
    bool is_continuation(unsigned char c) const { return settings_.input(IUTF8) && (c & 0xc0) == 0x80; }
    unsigned char& at(std::size_t position) { return buffer_[position % buffer_size]; }
    std::size_t room();
    void put(unsigned char c);
    void end_line(unsigned char c);
    void receive_one(unsigned char c);
    void receive_ordinary(unsigned char c);
    bool receive_flow_control(unsigned char c);
    bool receive_signal(unsigned char c);
    bool receive_edit(unsigned char c);
    bool receive_line_end(unsigned char c);
    void signal_typed(int signo, unsigned char c);
    void erase(unsigned char c);
    void echo_erased(unsigned char c, std::size_t bytes, bool single);
    void echo_erased_tab();
    void reprint();
    void start();

    void echo(unsigned char c);
    void echo_raw(unsigned char c);
    void queue_echo(Echo echo);
    bool send_echo(const Echo& echo);
    void finish_erasing();
    /// One byte with OPOST's changes; false: no room for it.
    bool process_output(unsigned char c);

    Line& line_;
    Settings settings_;
    std::array<unsigned char, buffer_size> buffer_ {};
    std::bitset<buffer_size> line_ends_;
    // Positions since the beginning: tail_ <= canon_head_ <= head_.
    std::size_t tail_ = 0;       ///< the next byte to be read
    std::size_t canon_head_ = 0; ///< where the line that is being typed begins
    std::size_t head_ = 0;       ///< the next byte to be typed
    bool literal_next_ = false;
    bool erasing_ = false; ///< ECHOPRT has written its backslash
    unsigned column_ = 0, canon_column_ = 0;
    std::deque<Echo> echoes_;
};

}
