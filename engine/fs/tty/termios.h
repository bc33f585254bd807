// A terminal's settings, with the questions that the line discipline asks of them. man 3 termios. The kernel's own layout: never
// include the C library's <termios.h> beside it.
#pragma once

#include <asm/termbits.h>
#include <cstdint>
#include <cstdlib>

namespace ringside::fs {

/// struct winsize.
struct WindowSize {
    std::uint16_t rows = 0, columns = 0, width = 0, height = 0;
    friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

/// A control character of this value is switched off (_POSIX_VDISABLE).
constexpr unsigned char disabled_character = 0;

class Settings {
public:
    /// A new pseudo-terminal's (tty_std_termios).
    Settings();

    bool input(tcflag_t flag) const { return (values.c_iflag & flag) != 0; }
    bool output(tcflag_t flag) const { return (values.c_oflag & flag) != 0; }
    bool local(tcflag_t flag) const { return (values.c_lflag & flag) != 0; }
    /// `c` is the control character V…; one that is switched off never is.
    bool is(unsigned char c, std::size_t which) const { return c != disabled_character && c == values.c_cc[which]; }
    unsigned char character(std::size_t which) const { return values.c_cc[which]; }

    /// What TCGETS shows: without the speeds.
    struct termios old_layout() const;
    /// TCSETS: the speeds follow from c_cflag.
    static Settings from(const struct termios& given, const Settings& before);
    static Settings from(const struct termios2& given);
    /// TCGETA, TCSETA: 16-bit flags, eight characters.
    struct Short {
        std::uint16_t iflag, oflag, cflag, lflag;
        unsigned char line;
        unsigned char characters[8];
        unsigned char padding = 0;
    };
    Short short_layout() const;
    static Settings from(const Short& given, const Settings& before);

    struct termios2 values {};
};

}
