// Terminal settings in the layouts that programs know (drivers/tty/tty_ioctl.c, tty_baudrate.c).
#include "engine/fs/tty/termios.h"

#include <algorithm>
#include <array>

namespace ringside::fs {

namespace {

constexpr speed_t speed_38400 = 38400;

struct Speed {
    tcflag_t code;
    speed_t bits;
};
constexpr std::array speeds {Speed {B0, 0}, Speed {B50, 50}, Speed {B75, 75}, Speed {B110, 110}, Speed {B134, 134}, Speed {B150, 150},
    Speed {B200, 200}, Speed {B300, 300}, Speed {B600, 600}, Speed {B1200, 1200}, Speed {B1800, 1800}, Speed {B2400, 2400}, Speed {B4800, 4800},
    Speed {B9600, 9600}, Speed {B19200, 19200}, Speed {B38400, speed_38400}, Speed {B57600, 57600}, Speed {B115200, 115200},
    Speed {B230400, 230400}, Speed {B460800, 460800}, Speed {B500000, 500000}, Speed {B576000, 576000}, Speed {B921600, 921600},
    Speed {B1000000, 1000000}, Speed {B1152000, 1152000}, Speed {B1500000, 1500000}, Speed {B2000000, 2000000}, Speed {B2500000, 2500000},
    Speed {B3000000, 3000000}, Speed {B3500000, 3500000}, Speed {B4000000, 4000000}};

speed_t bits_of(tcflag_t code, speed_t other)
{
    auto found = std::find_if(speeds.begin(), speeds.end(), [code](const Speed& speed) { return speed.code == code; });
    return found == speeds.end() ? other : found->bits; // BOTHER: as given
}

void set_speeds(struct termios2& values)
{
    values.c_ospeed = bits_of(values.c_cflag & CBAUD, values.c_ospeed);
    tcflag_t input = (values.c_cflag >> IBSHIFT) & CBAUD;
    values.c_ispeed = input == B0 ? values.c_ospeed : bits_of(input, values.c_ispeed);
}

/// A pseudo-terminal has no wire: always eight bits, no parity.
void make_pty(struct termios2& values)
{
    values.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB);
    values.c_cflag |= CS8 | CREAD;
}

}

Settings::Settings()
{
    values.c_iflag = ICRNL | IXON;
    values.c_oflag = OPOST | ONLCR;
    values.c_cflag = B38400 | CS8 | CREAD;
    values.c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
    values.c_ispeed = values.c_ospeed = speed_38400;
    struct Character {
        std::size_t which;
        unsigned char value;
    };
    for (auto [which, value] : {Character {VINTR, 003}, {VQUIT, 034}, {VERASE, 0177}, {VKILL, 025}, {VEOF, 004}, {VMIN, 1}, {VSTART, 021},
             {VSTOP, 023}, {VSUSP, 032}, {VREPRINT, 022}, {VDISCARD, 017}, {VWERASE, 027}, {VLNEXT, 026}})
        values.c_cc[which] = value;
}

struct termios Settings::old_layout() const
{
    struct termios result {};
    result.c_iflag = values.c_iflag;
    result.c_oflag = values.c_oflag;
    result.c_cflag = values.c_cflag;
    result.c_lflag = values.c_lflag;
    result.c_line = values.c_line;
    std::copy(std::begin(values.c_cc), std::end(values.c_cc), std::begin(result.c_cc));
    return result;
}

Settings Settings::from(const struct termios& given, const Settings& before)
{
    Settings result = before;
    result.values.c_iflag = given.c_iflag;
    result.values.c_oflag = given.c_oflag;
    result.values.c_cflag = given.c_cflag;
    result.values.c_lflag = given.c_lflag;
    result.values.c_line = given.c_line;
    std::copy(std::begin(given.c_cc), std::end(given.c_cc), std::begin(result.values.c_cc));
    set_speeds(result.values);
    make_pty(result.values);
    return result;
}

Settings Settings::from(const struct termios2& given)
{
    Settings result;
    result.values = given;
    set_speeds(result.values);
    make_pty(result.values);
    return result;
}

Settings::Short Settings::short_layout() const
{
    Short result {};
    result.iflag = static_cast<std::uint16_t>(values.c_iflag);
    result.oflag = static_cast<std::uint16_t>(values.c_oflag);
    result.cflag = static_cast<std::uint16_t>(values.c_cflag);
    result.lflag = static_cast<std::uint16_t>(values.c_lflag);
    result.line = values.c_line;
    std::copy_n(std::begin(values.c_cc), std::size(result.characters), std::begin(result.characters));
    return result;
}

Settings Settings::from(const Short& given, const Settings& before)
{
    struct termios whole = before.old_layout();
    auto low = [](tcflag_t old, std::uint16_t given) { return (old & ~tcflag_t {0xffff}) | given; };
    whole.c_iflag = low(whole.c_iflag, given.iflag);
    whole.c_oflag = low(whole.c_oflag, given.oflag);
    whole.c_cflag = low(whole.c_cflag, given.cflag);
    whole.c_lflag = low(whole.c_lflag, given.lflag);
    whole.c_line = given.line;
    std::copy(std::begin(given.characters), std::end(given.characters), std::begin(whole.c_cc));
    return from(whole, before);
}

}
