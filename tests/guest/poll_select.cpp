// poll, ppoll, select and pselect: masks for every end, timeouts, signals. (man 2 poll, man 2 select)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/resource.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>
#include <vector>

using guest::make_pipe;

namespace {

std::string mask(short events)
{
    std::string text;
    auto add = [&](short bit, const char* name) {
        if (events & bit)
            text += (text.empty() ? "" : "|") + std::string(name);
    };
    add(POLLIN, "IN");
    add(POLLPRI, "PRI");
    add(POLLOUT, "OUT");
    add(POLLERR, "ERR");
    add(POLLHUP, "HUP");
    add(POLLNVAL, "NVAL");
    add(POLLRDNORM, "RDNORM");
    add(POLLWRNORM, "WRNORM");
    add(POLLRDHUP, "RDHUP");
    return text.empty() ? "0" : text;
}

void show_poll(const char* what, int fd)
{
    pollfd one{fd, static_cast<short>(0x7fff & ~(POLLERR | POLLHUP | POLLNVAL)), 0};
    int ready = poll(&one, 1, 0);
    guest::note(std::string(what) + ": " + std::to_string(ready) + " " + mask(one.revents));
}

volatile sig_atomic_t alarms = 0;

void alarm_in_ms(int milliseconds, int flags)
{
    struct sigaction action{};
    action.sa_handler = [](int) { alarms = alarms + 1; };
    action.sa_flags = flags;
    sigaction(SIGALRM, &action, nullptr);
    ualarm(static_cast<useconds_t>(milliseconds * 1000), 0);
}

} // namespace

GUEST_TEST("the masks of a pipe's ends in each state")
{
    auto [reader, writer] = make_pipe(O_NONBLOCK);
    show_poll("empty, reader", reader);
    show_poll("empty, writer", writer);
    std::vector<char> big(65536, 'x');
    write(writer, big.data(), 10);
    show_poll("some, reader", reader);
    show_poll("some, writer", writer);
    write(writer, big.data(), big.size());
    show_poll("full, reader", reader);
    show_poll("full, writer", writer);
    int second = dup(writer);
    close(writer);
    show_poll("one of two writers left, reader", reader);
    close(second);
    show_poll("no writer, data, reader", reader);
    while (read(reader, big.data(), big.size()) > 0) {
    }
    show_poll("no writer, no data, reader", reader);
    auto [r2, w2] = make_pipe();
    close(r2);
    show_poll("no reader, writer", w2);
}

GUEST_TEST("files and directories are always ready, closed and negative descriptors are not")
{
    guest::enter_scratch();
    guest::write_file("f", "x");
    show_poll("file", open("f", O_RDWR));
    show_poll("read-only file", open("f", O_RDONLY));
    show_poll("directory", open(".", O_RDONLY));
    show_poll("/dev/null", open("/dev/null", O_RDWR));
    show_poll("closed", 987);
    show_poll("negative", -1);
}

GUEST_TEST("a timeout passes, and zero does not wait")
{
    auto [reader, writer] = make_pipe();
    pollfd one{reader, POLLIN, 0};
    long began = guest::now_ms();
    expect_eq(0, poll(&one, 1, 50));
    long took = guest::now_ms() - began;
    expect(took >= 49 && took < 3000, "about 50 ms");
    expect_eq(0, poll(nullptr, 0, 1));
    write(writer, "x", 1);
    expect_eq(1, poll(&one, 1, -1));
}

GUEST_TEST("poll wakes for what comes while it waits")
{
    auto [reader, writer] = make_pipe();
    int to = writer;
    pid_t child = guest::in_child([=] {
        guest::sleep_ms(30);
        return write(to, "x", 1) == 1 ? 0 : 1;
    });
    pollfd both[] = {{reader, POLLIN, 0}, {-1, POLLIN, 7}};
    expect_eq(1, poll(both, 2, 5000));
    expect_eq(POLLIN, both[0].revents);
    expect_eq(0, both[1].revents);
    guest::wait_for(child);
}

GUEST_TEST("poll is never restarted after a handler, SA_RESTART or not")
{
    auto [reader, writer] = make_pipe();
    pollfd one{reader, POLLIN, 0};
    alarm_in_ms(30, SA_RESTART);
    expect_errno(EINTR, poll(&one, 1, 5000));
    expect_eq(1, alarms);
}

GUEST_TEST("ppoll opens the mask for its time alone")
{
    auto [reader, writer] = make_pipe();
    pollfd one{reader, POLLIN, 0};
    sigset_t blocked, none, now;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    alarm_in_ms(1, 0);
    guest::sleep_ms(20);
    expect_eq(0, alarms);
    expect_errno(EINTR, ppoll(&one, 1, nullptr, &none));
    expect_eq(1, alarms);
    sigprocmask(SIG_SETMASK, nullptr, &now);
    expect_eq(1, sigismember(&now, SIGALRM));
    write(writer, "x", 1);
    timespec zero{};
    expect_eq(1, ppoll(&one, 1, &zero, &none));
}

GUEST_TEST("poll's errors")
{
    pollfd one{0, POLLIN, 0};
    expect_errno(EFAULT, poll(reinterpret_cast<pollfd*>(8), 1, 0));
    rlimit limit{8, 8};
    expect_ok(setrlimit(RLIMIT_NOFILE, &limit));
    expect_errno(EINVAL, poll(&one, 9, 0));
    timespec wrong{0, 1000000000};
    expect_errno(EINVAL, ppoll(&one, 1, &wrong, nullptr));
    wrong = {-1, 0};
    expect_errno(EINVAL, ppoll(&one, 1, &wrong, nullptr));
}

GUEST_TEST("select marks what is ready and says what is left of the time")
{
    auto [reader, writer] = make_pipe();
    fd_set read_set, write_set;
    FD_ZERO(&read_set);
    FD_ZERO(&write_set);
    FD_SET(reader, &read_set);
    FD_SET(writer, &write_set);
    timeval wait{5, 0};
    int highest = (reader > writer ? reader : writer) + 1;
    expect_eq(1, select(highest, &read_set, &write_set, nullptr, &wait));
    expect(!FD_ISSET(reader, &read_set), "nothing to read");
    expect(FD_ISSET(writer, &write_set), "room to write");
    expect(wait.tv_sec >= 4, "most of the five seconds are left");
    write(writer, "x", 1);
    FD_SET(reader, &read_set);
    expect_eq(2, select(highest, &read_set, &write_set, nullptr, &wait));
}

GUEST_TEST("select sees a hang-up as readable")
{
    auto [reader, writer] = make_pipe();
    close(writer);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(reader, &set);
    expect_eq(1, select(reader + 1, &set, nullptr, nullptr, nullptr));
}

GUEST_TEST("select's timeout and errors")
{
    timeval wait{0, 30000};
    long began = guest::now_ms();
    expect_eq(0, select(0, nullptr, nullptr, nullptr, &wait));
    expect(guest::now_ms() - began >= 29, "30 ms");
    expect_eq(0, wait.tv_usec);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(500, &set);
    wait = {0, 0};
    // A number beyond the table is not looked at (fs/select.c: n is cut to max_fds), so take one inside it.
    int top = dup2(0, 600);
    expect_eq(600, top);
    expect_errno(EBADF, select(501, &set, nullptr, nullptr, &wait));
    expect_errno(EINVAL, select(-1, nullptr, nullptr, nullptr, &wait));
    wait = {-1, 0};
    expect_errno(EINVAL, select(0, nullptr, nullptr, nullptr, &wait));
}

GUEST_TEST("pselect with a mask: a signal that waits ends it, and no handler runs outside")
{
    sigset_t blocked, none;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    alarm_in_ms(1, SA_RESTART);
    guest::sleep_ms(20);
    timespec wait{5, 0};
    expect_errno(EINTR, pselect(0, nullptr, nullptr, nullptr, &wait, &none));
    expect_eq(1, alarms);
}

GUEST_TEST("an ignored signal does not end a wait")
{
    signal(SIGALRM, SIG_IGN);
    ualarm(20000, 0);
    long began = guest::now_ms();
    expect_eq(0, poll(nullptr, 0, 80));
    expect(guest::now_ms() - began >= 79, "the whole time");
}
