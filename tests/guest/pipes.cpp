// Pipes: end of file, SIGPIPE and EPIPE, non-blocking ends, capacity, atomic writes. (man 7 pipe)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using guest::in_child;
using guest::make_pipe;

GUEST_TEST("what is written is read, in order, in pieces")
{
    auto [reader, writer] = make_pipe();
    expect_eq(10, write(writer, "0123456789", 10));
    char buffer[16] = {};
    expect_eq(4, read(reader, buffer, 4));
    expect_eq(6, read(reader, buffer + 4, 12));
    expect_eq("0123456789", std::string(buffer));
}

GUEST_TEST("end of file when the last writer is gone")
{
    auto [reader, writer] = make_pipe();
    int second = expect_ok(dup(writer));
    close(writer);
    expect_eq(1, write(second, "x", 1));
    close(second);
    char buffer[4];
    expect_eq(1, read(reader, buffer, 4));
    expect_eq(0, read(reader, buffer, 4));
    expect_eq(0, read(reader, buffer, 4));
}

GUEST_TEST("EPIPE when SIGPIPE is ignored")
{
    signal(SIGPIPE, SIG_IGN);
    auto [reader, writer] = make_pipe();
    close(reader);
    expect_errno(EPIPE, write(writer, "x", 1));
    expect_eq(0, write(writer, "x", 0));
}

GUEST_TEST("SIGPIPE ends a writer that nobody reads")
{
    guest::note(guest::fate_of([] {
        auto [reader, writer] = make_pipe();
        close(reader);
        return write(writer, "x", 1) == 1 ? 1 : 2;
    }));
}

GUEST_TEST("a handler of SIGPIPE runs before the write returns EPIPE")
{
    static volatile sig_atomic_t seen = 0;
    signal(SIGPIPE, [](int number) { seen = number; });
    auto [reader, writer] = make_pipe();
    close(reader);
    expect_errno(EPIPE, write(writer, "x", 1));
    expect_eq(SIGPIPE, seen);
}

GUEST_TEST("non-blocking ends answer EAGAIN")
{
    auto [reader, writer] = make_pipe(O_NONBLOCK);
    char byte;
    expect_errno(EAGAIN, read(reader, &byte, 1));
    std::vector<char> big(1 << 20, 'b');
    long taken = expect_ok(write(writer, big.data(), big.size()));
    expect_eq(65536, taken);
    expect_errno(EAGAIN, write(writer, "x", 1));
    expect_eq(4096, read(reader, big.data(), 4096));
    expect_eq(4096, write(writer, big.data(), 4096));
    expect_errno(EAGAIN, write(writer, big.data(), 4096));
}

GUEST_TEST("a write of PIPE_BUF bytes or less is all or nothing")
{
    auto [reader, writer] = make_pipe(O_NONBLOCK);
    std::vector<char> big(65536, 'b');
    expect_eq(65536 - 4096 + 1, write(writer, big.data(), 65536 - 4096 + 1));
    expect_eq(4095, expect_ok(write(writer, big.data(), 4095)));
    expect_eq(65536, read(reader, big.data(), big.size()));
}

GUEST_TEST("a blocked writer goes on when there is room")
{
    auto [reader, writer] = make_pipe();
    int from = reader;
    int to = writer;
    pid_t child = in_child([=] {
        close(from);
        std::vector<char> big(300000, 'w');
        return write(to, big.data(), big.size()) == 300000 ? 7 : 1;
    });
    close(writer);
    std::vector<char> buffer(10000);
    long total = 0;
    while (long got = expect_ok(read(reader, buffer.data(), buffer.size())))
        total += got;
    expect_eq(300000, total);
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("a blocked reader wakes for data")
{
    auto [reader, writer] = make_pipe();
    int to = writer;
    pid_t child = in_child([=] {
        guest::sleep_ms(30);
        return write(to, "late", 4) == 4 ? 0 : 1;
    });
    char buffer[8] = {};
    expect_eq(4, read(reader, buffer, 8));
    expect_eq("late", std::string(buffer));
    expect_eq(0, guest::wait_for(child));
}

GUEST_TEST("a blocked writer gets SIGPIPE when the reader goes")
{
    auto [reader, writer] = make_pipe();
    int from = reader;
    int to = writer;
    pid_t child = in_child([=] {
        close(from);
        std::vector<char> big(200000, 'w');
        return write(to, big.data(), big.size()) > 0 ? 1 : 2;
    });
    close(writer);
    char byte;
    expect_eq(1, read(reader, &byte, 1));
    guest::sleep_ms(30);
    close(reader);
    // Linux returns what was written when some was, and raises the signal all the same (fs/pipe.c, pipe_write).
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("FIONREAD counts what lies in the pipe")
{
    auto [reader, writer] = make_pipe();
    int count = -1;
    expect_ok(ioctl(reader, FIONREAD, &count));
    expect_eq(0, count);
    expect_eq(5, write(writer, "12345", 5));
    expect_ok(ioctl(reader, FIONREAD, &count));
    expect_eq(5, count);
    expect_ok(ioctl(writer, FIONREAD, &count));
    expect_eq(5, count);
}

GUEST_TEST("capacity: F_GETPIPE_SZ and F_SETPIPE_SZ")
{
    auto [reader, writer] = make_pipe(O_NONBLOCK);
    expect_eq(65536, fcntl(writer, F_GETPIPE_SZ));
    expect_eq(8192, fcntl(writer, F_SETPIPE_SZ, 5000));
    expect_eq(8192, fcntl(reader, F_GETPIPE_SZ));
    std::vector<char> big(10000, 'c');
    expect_eq(8192, write(writer, big.data(), big.size()));
    expect_errno(EBUSY, fcntl(writer, F_SETPIPE_SZ, 4096));
}

GUEST_TEST("wrong ends, seeks and flags")
{
    auto [reader, writer] = make_pipe();
    char byte = 0;
    expect_errno(EBADF, write(reader, &byte, 1));
    expect_errno(EBADF, read(writer, &byte, 1));
    expect_errno(ESPIPE, lseek(reader, 0, SEEK_SET));
    expect_errno(ESPIPE, pread(reader, &byte, 1, 0));
    int ends[2];
    expect_errno(EINVAL, pipe2(ends, 0x12345678));
    expect_eq(O_RDONLY, fcntl(reader, F_GETFL));
    expect_eq(O_WRONLY, fcntl(writer, F_GETFL));
    expect_eq(0, fcntl(reader, F_GETFD));
    auto [r2, w2] = make_pipe(O_CLOEXEC | O_NONBLOCK);
    expect_eq(FD_CLOEXEC, fcntl(r2, F_GETFD));
    expect_eq(O_WRONLY | O_NONBLOCK, fcntl(w2, F_GETFL));
}

GUEST_TEST("pieces: readv and writev")
{
    auto [reader, writer] = make_pipe();
    char one[] = "one ";
    char two[] = "two ";
    char three[] = "three";
    iovec out[] = {{one, 4}, {two, 4}, {nullptr, 0}, {three, 5}};
    expect_eq(13, writev(writer, out, 4));
    char first[6] = {};
    char second[20] = {};
    iovec in[] = {{first, 5}, {second, 19}};
    expect_eq(13, readv(reader, in, 2));
    guest::note(std::string(first) + "|" + second);
    expect_errno(EINVAL, writev(writer, out, 2000));
}
