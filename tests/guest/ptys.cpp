// Pseudo-terminals: the line discipline's editing, echo, signals and flow control, window size, controlling terminals, packets,
// and what each side sees when the other is gone. (man 7 pty, man 3 termios, man 4 tty_ioctl)
#include "guest_test.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

namespace {

struct Pair {
    int master, terminal;
};

Pair open_pair(int flags = 0)
{
    int master = expect_ok(posix_openpt(O_RDWR | O_NOCTTY | flags));
    expect_ok(grantpt(master));
    expect_ok(unlockpt(master));
    int terminal = expect_ok(open(ptsname(master), O_RDWR | O_NOCTTY));
    return {master, terminal};
}

/// Printable form: what a terminal gets is full of control characters.
std::string visible(std::string_view bytes)
{
    std::string result;
    for (char c : bytes) {
        auto byte = static_cast<unsigned char>(c);
        char text[8];
        if (byte >= ' ' && byte < 127)
            result += c;
        else {
            snprintf(text, sizeof text, "\\%03o", byte);
            result += text;
        }
    }
    return result;
}

/// What comes within a moment: the tty layer hands bytes over in the background.
std::string read_all(int fd)
{
    std::string result;
    char buffer[4096];
    pollfd waiting {fd, POLLIN, 0};
    while (poll(&waiting, 1, result.empty() ? 300 : 100) > 0 && (waiting.revents & POLLIN)) {
        ssize_t count = read(fd, buffer, sizeof buffer);
        if (count <= 0)
            break;
        result.append(buffer, static_cast<std::size_t>(count));
    }
    return visible(result);
}

std::string read_once(int fd, std::size_t size = 256)
{
    std::string buffer(size, '\0');
    ssize_t count = expect_ok(read(fd, buffer.data(), size));
    return visible(std::string_view(buffer).substr(0, static_cast<std::size_t>(count)));
}

void type(int master, std::string_view bytes)
{
    expect_eq(bytes.size(), expect_ok(write(master, bytes.data(), bytes.size())));
}

template <class Change> void change(int terminal, Change&& how)
{
    termios settings {};
    expect_ok(tcgetattr(terminal, &settings));
    how(settings);
    expect_ok(tcsetattr(terminal, TCSANOW, &settings));
}

/// Runs `body` as a session leader on the terminal.
pid_t on_terminal(const Pair& pair, const std::function<int()>& body)
{
    return guest::in_child([&] {
        expect_ok(setsid());
        expect_ok(ioctl(pair.terminal, TIOCSCTTY, 0));
        close(pair.master);
        return body();
    });
}

}

GUEST_TEST("a new terminal's settings")
{
    Pair pair = open_pair();
    termios settings {};
    expect_ok(tcgetattr(pair.terminal, &settings));
    guest::note(std::to_string(settings.c_iflag) + " " + std::to_string(settings.c_oflag) + " " + std::to_string(settings.c_cflag) + " "
        + std::to_string(settings.c_lflag) + " " + std::to_string(cfgetospeed(&settings)) + " " + std::to_string(cfgetispeed(&settings)));
    guest::note(visible({reinterpret_cast<char*>(settings.c_cc), 19}));
    termios through_master {};
    expect_ok(tcgetattr(pair.master, &through_master));
    expect_eq(settings.c_lflag, through_master.c_lflag);
    expect_eq(1, isatty(pair.terminal));
    expect_eq(1, isatty(pair.master));
    expect(ttyname(pair.terminal) != nullptr && std::string(ttyname(pair.terminal)) == ptsname(pair.master), "ttyname");
    winsize size {1, 2, 3, 4};
    expect_ok(ioctl(pair.terminal, TIOCGWINSZ, &size));
    expect_eq(0, size.ws_row);
    expect_eq(0, size.ws_col);
}

GUEST_TEST("a locked terminal cannot be opened")
{
    int master = expect_ok(posix_openpt(O_RDWR | O_NOCTTY));
    expect_errno(EIO, open(ptsname(master), O_RDWR | O_NOCTTY));
    int locked = 0;
    expect_ok(ioctl(master, TIOCGPTLCK, &locked));
    expect_eq(1, locked);
    expect_ok(unlockpt(master));
    close(expect_ok(open(ptsname(master), O_RDWR | O_NOCTTY)));
}

GUEST_TEST("a line is read when it ends, and echoed")
{
    Pair pair = open_pair();
    type(pair.master, "hello");
    pollfd waiting {pair.terminal, POLLIN, 0};
    expect_eq(0, poll(&waiting, 1, 100));
    type(pair.master, " you\rnext\n");
    guest::note(read_once(pair.terminal));
    guest::note(read_once(pair.terminal, 2));
    guest::note(read_once(pair.terminal));
    guest::note(read_all(pair.master));
}

GUEST_TEST("output gets carriage returns")
{
    Pair pair = open_pair();
    expect_eq(8, write(pair.terminal, "a\nb\tc\r\n\b", 8));
    guest::note(read_all(pair.master));
    change(pair.terminal, [](termios& s) { s.c_oflag |= XTABS; });
    expect_eq(6, write(pair.terminal, "ab\tc\t\n", 6));
    guest::note(read_all(pair.master));
    change(pair.terminal, [](termios& s) { s.c_oflag = OPOST | OCRNL | ONOCR; });
    expect_eq(6, write(pair.terminal, "\rab\rc\n", 6));
    guest::note(read_all(pair.master));
}

GUEST_TEST("editing: erase, word, line, literal, reprint")
{
    Pair pair = open_pair();
    for (const char* line : {"abx\177c\n", "one two  \027three\n", "gone\025kept\n", "a\026\003b\n", "shown\022 again\n", "\003", "tab\there\177\177\177\177\177end\n",
             "\001\002\177x\n", "\177\177only\n"}) {
        if (std::string_view(line) == "\003")
            continue;
        type(pair.master, line);
        guest::note(read_once(pair.terminal) + " | " + read_all(pair.master));
    }
}

GUEST_TEST("editing without the visual erasers")
{
    Pair pair = open_pair();
    change(pair.terminal, [](termios& s) { s.c_lflag &= ~static_cast<tcflag_t>(ECHOE | ECHOKE); });
    type(pair.master, "abc\177d\025last\n");
    guest::note(read_once(pair.terminal) + " | " + read_all(pair.master));
    change(pair.terminal, [](termios& s) { s.c_lflag |= ECHOE | ECHOPRT; });
    type(pair.master, "abc\177\177d\n");
    guest::note(read_once(pair.terminal) + " | " + read_all(pair.master));
    change(pair.terminal, [](termios& s) { s.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOCTL); s.c_lflag |= ECHONL; });
    type(pair.master, "secret\001\n");
    guest::note(read_once(pair.terminal) + " | " + read_all(pair.master));
}

GUEST_TEST("UTF-8 characters are erased whole")
{
    Pair pair = open_pair();
    change(pair.terminal, [](termios& s) { s.c_iflag |= IUTF8; });
    type(pair.master, "a\303\244\342\202\254\177x\n");
    guest::note(read_once(pair.terminal) + " | " + read_all(pair.master));
}

GUEST_TEST("end of file gives what is there, then nothing")
{
    Pair pair = open_pair();
    type(pair.master, "part\004\004more\n");
    guest::note(read_once(pair.terminal));
    expect_eq("", read_once(pair.terminal));
    guest::note(read_once(pair.terminal));
    type(pair.master, "abcd\004");
    guest::note(read_once(pair.terminal, 4)); // ends right before the end: it is eaten
    type(pair.master, "x\n");
    guest::note(read_once(pair.terminal));
}

GUEST_TEST("FIONREAD counts whole lines in canonical mode, bytes otherwise")
{
    Pair pair = open_pair();
    auto count = [&] {
        int bytes = -1;
        expect_ok(ioctl(pair.terminal, FIONREAD, &bytes));
        return bytes;
    };
    type(pair.master, "line\npart");
    guest::sleep_ms(50);
    expect_eq(5, count());
    change(pair.terminal, [](termios& s) { s.c_lflag &= ~static_cast<tcflag_t>(ICANON); });
    expect_eq(9, count());
    guest::note(read_once(pair.terminal, 3));
    change(pair.terminal, [](termios& s) { s.c_lflag |= ICANON; });
    guest::note(read_once(pair.terminal));
}

GUEST_TEST("MIN and TIME")
{
    Pair pair = open_pair();
    auto set = [&](cc_t minimum, cc_t time) {
        change(pair.terminal, [&](termios& s) {
            s.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
            s.c_cc[VMIN] = minimum;
            s.c_cc[VTIME] = time;
        });
    };
    set(0, 0);
    expect_eq("", read_once(pair.terminal));
    set(0, 2);
    long before = guest::now_ms();
    expect_eq("", read_once(pair.terminal));
    expect(guest::now_ms() - before >= 150, "waited for TIME");
    type(pair.master, "x");
    guest::note(read_once(pair.terminal));
    set(4, 0);
    type(pair.master, "abc");
    pollfd waiting {pair.terminal, POLLIN, 0};
    expect_eq(0, poll(&waiting, 1, 100));
    pid_t late = guest::in_child([&] {
        guest::sleep_ms(100);
        type(pair.master, "defg");
        return 0;
    });
    guest::note(read_once(pair.terminal));
    guest::wait_for(late);
    set(5, 2);
    type(pair.master, "hi");
    guest::note(read_once(pair.terminal)); // the pause between two bytes ends it
    type(pair.master, "wholeand");
    guest::note(read_once(pair.terminal, 5));
    guest::note(read_once(pair.terminal, 5));
}

GUEST_TEST("input flags: ISTRIP, IGNCR, INLCR, no ICRNL")
{
    Pair pair = open_pair();
    change(pair.terminal, [](termios& s) { s.c_iflag = ISTRIP | IGNCR; });
    type(pair.master, "\341\rb\n");
    guest::note(read_once(pair.terminal) + " | " + read_all(pair.master));
    change(pair.terminal, [](termios& s) { s.c_iflag = INLCR; s.c_cc[VEOL] = '\r'; });
    type(pair.master, "c\n");
    guest::note(read_once(pair.terminal) + " | " + read_all(pair.master));
    change(pair.terminal, [](termios& s) { s.c_iflag = PARMRK | ICRNL; });
    type(pair.master, "\377x\n");
    guest::note(read_once(pair.terminal));
}

GUEST_TEST("signal characters reach the foreground group and flush what was typed")
{
    Pair pair = open_pair();
    int ready[2];
    expect_ok(pipe(ready));
    for (auto [character, signo] : {std::pair {"\003", SIGINT}, {"\034", SIGQUIT}}) {
        pid_t child = on_terminal(pair, [&] {
            expect_eq(1, write(ready[1], "r", 1));
            char buffer[64];
            return read(pair.terminal, buffer, sizeof buffer) < 0 ? 1 : 2;
        });
        char byte;
        expect_eq(1, read(ready[0], &byte, 1));
        type(pair.master, std::string("lost") + character);
        guest::note(guest::describe(guest::wait_for(child)) + " | " + read_all(pair.master));
        (void)signo;
    }
    int bytes = -1;
    expect_ok(ioctl(pair.terminal, FIONREAD, &bytes));
    expect_eq(0, bytes);
}

GUEST_TEST("suspended by its key, continued by its parent")
{
    Pair pair = open_pair();
    guest::Gate ready;
    pid_t leader = on_terminal(pair, [&] {
        // A job of its own: an orphaned group would not stop.
        pid_t job = guest::in_child([&] {
            setpgid(0, 0);
            signal(SIGTTOU, SIG_IGN);
            expect_ok(tcsetpgrp(pair.terminal, getpid()));
            ready.open();
            char buffer[64];
            ssize_t count = read(pair.terminal, buffer, sizeof buffer);
            return count == 3 ? 7 : 8;
        });
        int status = 0;
        expect_eq(job, waitpid(job, &status, WUNTRACED));
        guest::note(guest::describe(status));
        kill(job, SIGCONT);
        return WEXITSTATUS(guest::wait_for(job));
    });
    ready.wait();
    type(pair.master, "\032");
    guest::sleep_ms(200);
    type(pair.master, "go\n");
    guest::note(guest::describe(guest::wait_for(leader)));
}

GUEST_TEST("the background: SIGTTIN, SIGTTOU with TOSTOP, EIO for orphans")
{
    Pair pair = open_pair();
    guest::note(guest::describe(guest::wait_for(on_terminal(pair, [&] {
        pid_t reader = guest::in_child([&] {
            setpgid(0, 0);
            char buffer[8];
            return read(pair.terminal, buffer, sizeof buffer) < 0 ? errno : 0;
        });
        int status = 0;
        expect_eq(reader, waitpid(reader, &status, WUNTRACED));
        guest::note("reader: " + guest::describe(status));
        kill(reader, SIGKILL);
        guest::wait_for(reader);
        reader = guest::in_child([&] {
            setpgid(0, 0);
            signal(SIGTTIN, SIG_IGN);
            char buffer[8];
            return read(pair.terminal, buffer, sizeof buffer) < 0 && errno == EIO ? 3 : 4;
        });
        guest::note("ignoring reader: " + guest::describe(guest::wait_for(reader)));
        pid_t writer = guest::in_child([&] {
            setpgid(0, 0);
            expect_eq(1, write(pair.terminal, "x", 1)); // without TOSTOP anybody may write
            change(pair.terminal, [](termios& s) { s.c_lflag |= TOSTOP; }); // changing stops already
            return 0;
        });
        expect_eq(writer, waitpid(writer, &status, WUNTRACED));
        guest::note("writer: " + guest::describe(status));
        kill(writer, SIGKILL);
        guest::wait_for(writer);
        return 0;
    }))));
}

GUEST_TEST("flow control holds output until it goes on")
{
    Pair pair = open_pair();
    type(pair.master, "\023");
    guest::sleep_ms(50);
    expect_ok(fcntl(pair.terminal, F_SETFL, O_NONBLOCK));
    expect_errno(EAGAIN, write(pair.terminal, "held", 4));
    pollfd waiting {pair.terminal, POLLOUT, 0};
    expect_eq(0, poll(&waiting, 1, 50));
    type(pair.master, "\021");
    guest::sleep_ms(50);
    expect_eq(4, write(pair.terminal, "free", 4));
    guest::note(read_all(pair.master));
    expect_ok(tcflow(pair.terminal, TCOOFF));
    expect_errno(EAGAIN, write(pair.terminal, "held", 4));
    expect_ok(tcflow(pair.terminal, TCOON));
    expect_eq(4, write(pair.terminal, "went", 4));
    guest::note(read_all(pair.master));
}

GUEST_TEST("a reader that never comes: writers wait, or are told so")
{
    Pair pair = open_pair();
    expect_ok(fcntl(pair.terminal, F_SETFL, O_NONBLOCK));
    std::string much(4096, 'm');
    long total = 0;
    for (int i = 0; i < 100; ++i) {
        ssize_t count = write(pair.terminal, much.data(), much.size());
        if (count < 0) {
            expect_eq(EAGAIN, errno);
            break;
        }
        total += count;
    }
    expect(total >= 4096 && total < 65536, "a bounded amount");
    read_all(pair.master);
    expect_ok(write(pair.terminal, "x", 1));
}

GUEST_TEST("the terminal is closed: its master drains, then EIO and POLLHUP")
{
    Pair pair = open_pair();
    expect_eq(3, write(pair.terminal, "end", 3));
    close(pair.terminal);
    guest::note(read_once(pair.master));
    char buffer[8];
    expect_errno(EIO, read(pair.master, buffer, sizeof buffer));
    pollfd waiting {pair.master, POLLIN | POLLOUT, 0};
    expect_eq(1, poll(&waiting, 1, 1000));
    expect((waiting.revents & POLLHUP) != 0, "POLLHUP");
    int again = expect_ok(open(ptsname(pair.master), O_RDWR | O_NOCTTY));
    expect_ok(fcntl(pair.master, F_SETFL, O_NONBLOCK));
    expect_errno(EAGAIN, read(pair.master, buffer, sizeof buffer));
    close(again);
}

GUEST_TEST("the master is closed: the terminal ends, its leader gets SIGHUP")
{
    Pair pair = open_pair();
    guest::Gate ready;
    pid_t child = on_terminal(pair, [&] {
        static volatile sig_atomic_t hung_up = 0;
        signal(SIGHUP, [](int) { hung_up = 1; });
        ready.open();
        while (!hung_up)
            guest::sleep_ms(10);
        char buffer[8];
        expect_eq(0, read(pair.terminal, buffer, sizeof buffer));
        expect_errno(EIO, write(pair.terminal, "x", 1));
        termios settings {};
        expect_errno(EIO, tcgetattr(pair.terminal, &settings));
        expect_errno(ENOTTY, tcsetpgrp(pair.terminal, getpid()));
        expect_errno(ENXIO, open("/dev/tty", O_RDWR));
        pollfd waiting {pair.terminal, POLLIN | POLLOUT, 0};
        expect_eq(1, poll(&waiting, 1, 0));
        guest::note(std::to_string(waiting.revents));
        return 5;
    });
    ready.wait();
    close(pair.master);
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("controlling terminals: who gets one, and how it is given up")
{
    Pair pair = open_pair();
    std::string name = ptsname(pair.master);
    guest::note(guest::fate_of([&] {
        expect_ok(setsid());
        expect_errno(ENXIO, open("/dev/tty", O_RDWR));
        close(expect_ok(open(name.c_str(), O_RDWR | O_NOCTTY)));
        expect_errno(ENXIO, open("/dev/tty", O_RDWR));
        int fd = expect_ok(open(name.c_str(), O_RDWR)); // a leader without one takes it
        int tty = expect_ok(open("/dev/tty", O_RDWR));
        pid_t sid = 0;
        expect_ok(ioctl(tty, TIOCGSID, &sid));
        expect_eq(getpid(), sid);
        expect_eq(getpid(), tcgetpgrp(fd));
        expect_eq(getpid(), tcgetpgrp(pair.master));
        expect_errno(EPERM, tcsetpgrp(fd, getppid()));
        expect_errno(ESRCH, tcsetpgrp(fd, 0x3fffff));
        signal(SIGHUP, SIG_IGN);
        expect_ok(ioctl(fd, TIOCNOTTY));
        expect_errno(ENXIO, open("/dev/tty", O_RDWR));
        expect_errno(ENOTTY, tcgetpgrp(fd));
        return 0;
    }));
    guest::note(guest::fate_of([&] { // no leader
        expect_errno(EPERM, ioctl(pair.terminal, TIOCSCTTY, 0));
        return 0;
    }));
}

GUEST_TEST("a leader's end: its foreground group gets SIGHUP, the terminal is free")
{
    Pair pair = open_pair();
    int report[2];
    expect_ok(pipe(report));
    pid_t leader = on_terminal(pair, [&] {
        guest::Gate ready;
        guest::in_child([&] {
            signal(SIGHUP, [](int) { (void)!write(STDERR_FILENO, "", 0); });
            ready.open();
            sigset_t set;
            sigemptyset(&set);
            sigaddset(&set, SIGHUP);
            sigprocmask(SIG_BLOCK, &set, nullptr);
            int got = 0;
            sigwait(&set, &got);
            return write(report[1], got == SIGHUP ? "h" : "?", 1) == 1 ? 0 : 1;
        });
        ready.wait();
        guest::sleep_ms(100);
        return 0;
    });
    guest::wait_for(leader);
    char byte = 0;
    expect_eq(1, read(report[0], &byte, 1));
    guest::note(std::string(1, byte));
    guest::note(guest::describe(guest::wait_for(on_terminal(pair, [] { return 4; }))));
}

GUEST_TEST("the window's size, and SIGWINCH when it changes")
{
    Pair pair = open_pair();
    guest::Gate ready;
    pid_t child = on_terminal(pair, [&] {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGWINCH);
        sigprocmask(SIG_BLOCK, &set, nullptr);
        ready.open();
        int got = 0;
        sigwait(&set, &got);
        winsize size {};
        expect_ok(ioctl(pair.terminal, TIOCGWINSZ, &size));
        return size.ws_row * 10 + size.ws_col;
    });
    ready.wait();
    winsize size {5, 7, 0, 0};
    expect_ok(ioctl(pair.master, TIOCSWINSZ, &size));
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("packet mode tells the master what happens")
{
    Pair pair = open_pair();
    int on = 1;
    expect_ok(ioctl(pair.master, TIOCPKT, &on));
    expect_eq(2, write(pair.terminal, "hi", 2));
    guest::note(read_once(pair.master));
    change(pair.terminal, [](termios& s) { s.c_iflag &= ~static_cast<tcflag_t>(IXON); });
    guest::note(read_once(pair.master));
    expect_ok(tcflush(pair.terminal, TCIFLUSH));
    guest::note(read_once(pair.master));
    expect_ok(fcntl(pair.master, F_SETFL, O_NONBLOCK));
    char buffer[8];
    expect_errno(EAGAIN, read(pair.master, buffer, sizeof buffer));
}

GUEST_TEST("too long a line loses its middle, not its end")
{
    Pair pair = open_pair();
    change(pair.terminal, [](termios& s) { s.c_lflag &= ~static_cast<tcflag_t>(ECHO); });
    type(pair.master, std::string(5000, 'a') + "b\n");
    guest::sleep_ms(100);
    std::string line = read_once(pair.terminal, 8192);
    guest::note(std::to_string(line.size()) + " " + line.substr(line.size() - 6));
}

GUEST_TEST("flushing drops what was typed")
{
    Pair pair = open_pair();
    type(pair.master, "dropped\nand this");
    guest::sleep_ms(50);
    expect_ok(tcflush(pair.terminal, TCIFLUSH));
    type(pair.master, "kept\n");
    guest::note(read_once(pair.terminal));
    type(pair.master, "typed ahead\n");
    guest::sleep_ms(50);
    termios settings {};
    expect_ok(tcgetattr(pair.terminal, &settings));
    expect_ok(tcsetattr(pair.terminal, TCSAFLUSH, &settings));
    type(pair.master, "after\n");
    guest::note(read_once(pair.terminal));
}

GUEST_TEST("ioctls on bad addresses and unknown requests")
{
    Pair pair = open_pair();
    guest::PageEdge edge;
    expect_errno(EFAULT, ioctl(pair.terminal, TCGETS, edge.last(8)));
    expect_errno(EFAULT, ioctl(pair.terminal, TCSETS, edge.edge()));
    expect_errno(EFAULT, ioctl(pair.terminal, TIOCGWINSZ, edge.last(4)));
    expect_errno(EFAULT, ioctl(pair.master, TIOCGPTN, nullptr));
    expect_errno(ENOTTY, ioctl(pair.terminal, TIOCGPTN, edge.last(4)));
    expect_errno(ENOTTY, ioctl(pair.terminal, 0x54ff, 0));
    expect_errno(ESPIPE, lseek(pair.terminal, 0, SEEK_SET));
    char byte = 0;
    expect_errno(ESPIPE, pread(pair.terminal, &byte, 1, 0));
}
