// FIFOs: made by mkfifo and mknod, opening waits for the other side, ENXIO without a reader. (man 7 fifo)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using guest::enter_scratch;
using guest::in_child;

GUEST_TEST("mkfifo makes a FIFO with the mode that was asked, less the umask")
{
    enter_scratch();
    umask(022);
    expect_ok(mkfifo("f", 0666));
    struct stat st{};
    expect_ok(stat("f", &st));
    expect(S_ISFIFO(st.st_mode), "a FIFO");
    expect_eq(0644, st.st_mode & 07777);
    expect_eq(0, st.st_size);
    expect_errno(EEXIST, mkfifo("f", 0666));
    expect_ok(mknod("g", S_IFIFO | 0600, 0));
    expect_ok(stat("g", &st));
    expect(S_ISFIFO(st.st_mode), "a FIFO by mknod");
}

GUEST_TEST("opening waits until the other side comes")
{
    enter_scratch();
    expect_ok(mkfifo("f", 0600));
    pid_t child = in_child([] {
        guest::sleep_ms(30);
        int fd = open("f", O_WRONLY);
        return fd >= 0 && write(fd, "through the fifo", 16) == 16 ? 0 : 1;
    });
    int fd = expect_ok(open("f", O_RDONLY));
    char buffer[32] = {};
    expect_eq(16, read(fd, buffer, 32));
    expect_eq("through the fifo", std::string(buffer));
    expect_eq(0, guest::wait_for(child));
    expect_eq(0, read(fd, buffer, 32));
}

GUEST_TEST("a signal interrupts an open that waits")
{
    enter_scratch();
    expect_ok(mkfifo("f", 0600));
    struct sigaction action{};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, nullptr);
    ualarm(30000, 0);
    expect_errno(EINTR, open("f", O_RDONLY));
}

GUEST_TEST("ENXIO for a non-blocking writer without a reader")
{
    enter_scratch();
    expect_ok(mkfifo("f", 0600));
    expect_errno(ENXIO, open("f", O_WRONLY | O_NONBLOCK));
    int reader = expect_ok(open("f", O_RDONLY | O_NONBLOCK));
    char byte;
    expect_eq(0, read(reader, &byte, 1)); // no writer yet: end of file, not EAGAIN
    int writer = expect_ok(open("f", O_WRONLY | O_NONBLOCK));
    expect_errno(EAGAIN, read(reader, &byte, 1));
    expect_eq(1, write(writer, "x", 1));
    expect_eq(1, read(reader, &byte, 1));
}

GUEST_TEST("O_RDWR opens at once and is its own other side")
{
    enter_scratch();
    expect_ok(mkfifo("f", 0600));
    int fd = expect_ok(open("f", O_RDWR));
    expect_eq(3, write(fd, "abc", 3));
    char buffer[4] = {};
    expect_eq(3, read(fd, buffer, 3));
    expect_errno(ESPIPE, lseek(fd, 0, SEEK_CUR));
}

GUEST_TEST("what was written stays while any side is open, and goes with the last")
{
    enter_scratch();
    expect_ok(mkfifo("f", 0600));
    int fd = expect_ok(open("f", O_RDWR | O_NONBLOCK));
    expect_eq(3, write(fd, "abc", 3));
    int second = expect_ok(open("f", O_RDONLY | O_NONBLOCK));
    close(fd);
    char buffer[4] = {};
    expect_eq(3, read(second, buffer, 4));
    expect_eq(0, read(second, buffer, 4));
    fd = expect_ok(open("f", O_WRONLY | O_NONBLOCK));
    expect_eq(1, write(fd, "z", 1));
    close(fd);
    close(second);
    second = expect_ok(open("f", O_RDONLY | O_NONBLOCK));
    expect_eq(0, read(second, buffer, 4));
}

GUEST_TEST("poll on a FIFO tells of data, of a hang-up, and of no writer yet")
{
    enter_scratch();
    expect_ok(mkfifo("f", 0600));
    int reader = expect_ok(open("f", O_RDONLY | O_NONBLOCK));
    pollfd wanted{reader, POLLIN, 0};
    expect_eq(0, poll(&wanted, 1, 0));
    int writer = expect_ok(open("f", O_WRONLY));
    expect_eq(0, poll(&wanted, 1, 0));
    expect_eq(1, write(writer, "x", 1));
    expect_eq(1, poll(&wanted, 1, 1000));
    expect_eq(POLLIN, wanted.revents);
    close(writer);
    expect_eq(1, poll(&wanted, 1, 0));
    expect_eq(POLLIN | POLLHUP, wanted.revents);
}
