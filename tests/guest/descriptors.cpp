// Descriptors: dup and its kin, flags, close_range, locks by fcntl and flock. (man 2 dup, fcntl, flock)
#include "guest_test.h"

#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct flock lock_of(short type, off_t start = 0, off_t length = 0)
{
    struct flock lock{};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = start;
    lock.l_len = length;
    return lock;
}

int set_lock(int fd, short type, off_t start = 0, off_t length = 0)
{
    struct flock lock = lock_of(type, start, length);
    return fcntl(fd, F_SETLK, &lock);
}

} // namespace

GUEST_TEST("dup, dup2, dup3 and F_DUPFD")
{
    int fd = expect_ok(open("/dev/null", O_RDWR | O_CLOEXEC));
    expect_eq(0, fcntl(expect_ok(dup(fd)), F_GETFD));
    expect_eq(30, dup2(fd, 30));
    expect_eq(30, dup2(30, 30));
    expect_errno(EINVAL, dup3(30, 30, 0));
    expect_errno(EINVAL, dup3(30, 31, 0x100));
    expect_eq(31, dup3(30, 31, O_CLOEXEC));
    expect_eq(FD_CLOEXEC, fcntl(31, F_GETFD));
    expect_eq(40, fcntl(fd, F_DUPFD, 40));
    expect_eq(41, fcntl(fd, F_DUPFD_CLOEXEC, 40));
    expect_eq(FD_CLOEXEC, fcntl(41, F_GETFD));
    expect_errno(EBADF, dup(999));
    expect_errno(EBADF, dup2(999, 5));
    expect_errno(EBADF, dup2(999, 999));
    expect_errno(EBADF, dup2(0, -1));
    expect_errno(EINVAL, fcntl(0, F_DUPFD, -1));
}

GUEST_TEST("close, and closing what is not open")
{
    int fd = expect_ok(dup(0));
    expect_ok(close(fd));
    expect_errno(EBADF, close(fd));
    expect_errno(EBADF, close(-1));
    expect_errno(EBADF, close(1 << 30));
}

GUEST_TEST("flags: F_SETFD and F_SETFL change what they may and no more")
{
    auto [reader, writer] = guest::make_pipe();
    expect_ok(fcntl(reader, F_SETFD, FD_CLOEXEC | 6));
    expect_eq(FD_CLOEXEC, fcntl(reader, F_GETFD));
    expect_ok(fcntl(reader, F_SETFL, O_NONBLOCK | O_WRONLY | O_CREAT));
    expect_eq(O_NONBLOCK | O_RDONLY, fcntl(reader, F_GETFL));
    int again = dup(reader);
    expect_eq(O_NONBLOCK, fcntl(again, F_GETFL));
    int off = 0;
    expect_ok(ioctl(reader, FIONBIO, &off));
    expect_eq(0, fcntl(again, F_GETFL));
    expect_ok(ioctl(reader, FIONCLEX));
    expect_eq(0, fcntl(reader, F_GETFD));
    expect_ok(ioctl(reader, FIOCLEX));
    expect_eq(1, fcntl(reader, F_GETFD));
    expect_errno(EINVAL, fcntl(reader, 999));
    expect_errno(EBADF, fcntl(998, F_GETFD));
    expect_errno(ENOTTY, ioctl(reader, TCGETS, &off));
}

GUEST_TEST("close_range closes, marks, and unshares")
{
    for (int i = 20; i < 26; ++i)
        dup2(0, i);
    expect_ok(syscall(SYS_close_range, 21, 22, 0));
    expect_errno(EBADF, fcntl(21, F_GETFD));
    expect_eq(0, fcntl(23, F_GETFD));
    expect_ok(syscall(SYS_close_range, 23, 24, CLOSE_RANGE_CLOEXEC));
    expect_eq(FD_CLOEXEC, fcntl(24, F_GETFD));
    expect_eq(0, fcntl(25, F_GETFD));
    expect_errno(EINVAL, syscall(SYS_close_range, 5, 4, 0));
    expect_errno(EINVAL, syscall(SYS_close_range, 3, 4, 0x100));
    expect_ok(syscall(SYS_close_range, 20, ~0U, 0));
    expect_errno(EBADF, fcntl(25, F_GETFD));
}

GUEST_TEST("record locks: between processes, split and merged, gone with any close")
{
    guest::enter_scratch();
    guest::write_file("f", std::string(100, 'x'));
    int fd = expect_ok(open("f", O_RDWR));
    expect_ok(set_lock(fd, F_WRLCK, 10, 20));
    expect_ok(set_lock(fd, F_UNLCK, 15, 5));
    pid_t holder = getpid();
    guest::note(guest::fate_of([=] {
        int own = open("f", O_RDWR);
        struct flock lock = lock_of(F_WRLCK, 0, 0);
        expect_ok(fcntl(own, F_GETLK, &lock));
        expect_eq(F_WRLCK, lock.l_type);
        expect_eq(10, lock.l_start);
        expect_eq(5, lock.l_len);
        expect_eq(holder, lock.l_pid);
        expect_errno(EAGAIN, set_lock(own, F_WRLCK, 12, 1));
        expect_ok(set_lock(own, F_WRLCK, 15, 5));
        expect_ok(set_lock(own, F_RDLCK, 50, 10));
        return 0;
    }));
    close(open("f", O_RDONLY)); // POSIX: closing any descriptor of the file drops the process's locks
    guest::note(guest::fate_of([] {
        int own = open("f", O_RDWR);
        struct flock lock = lock_of(F_WRLCK);
        expect_ok(fcntl(own, F_GETLK, &lock));
        expect_eq(F_UNLCK, lock.l_type);
        return 0;
    }));
    expect_errno(EBADF, set_lock(open("f", O_RDONLY), F_WRLCK));
    expect_errno(EINVAL, set_lock(fd, 77));
    expect_errno(EINVAL, set_lock(fd, F_WRLCK, -5, 1));
}

GUEST_TEST("a lock that waits gets it; two that wait for each other: EDEADLK")
{
    guest::enter_scratch();
    guest::write_file("f", "xy");
    int fd = expect_ok(open("f", O_RDWR));
    expect_ok(set_lock(fd, F_WRLCK, 0, 1));
    guest::Gate held;
    pid_t child = guest::in_child([&] {
        int own = open("f", O_RDWR);
        set_lock(own, F_WRLCK, 1, 1);
        held.open();
        struct flock lock = lock_of(F_WRLCK, 0, 1);
        return fcntl(own, F_SETLKW, &lock) == 0 ? 0 : 1;
    });
    held.wait();
    guest::sleep_ms(250);
    struct flock lock = lock_of(F_WRLCK, 1, 1);
    expect_errno(EDEADLK, fcntl(fd, F_SETLKW, &lock));
    expect_ok(set_lock(fd, F_UNLCK, 0, 1));
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("flock belongs to the open file, not to the process")
{
    guest::enter_scratch();
    guest::write_file("f", "x");
    int first = expect_ok(open("f", O_RDONLY));
    int second = expect_ok(open("f", O_RDONLY));
    expect_ok(flock(first, LOCK_EX));
    expect_errno(EAGAIN, flock(second, LOCK_SH | LOCK_NB));
    expect_ok(flock(dup(first), LOCK_SH));
    expect_ok(flock(second, LOCK_SH | LOCK_NB));
    expect_ok(flock(first, LOCK_UN));
    expect_ok(flock(second, LOCK_EX | LOCK_NB));
    expect_errno(EINVAL, flock(first, 0));
    guest::note(guest::fate_of([=] { return flock(second, LOCK_UN); }));
    expect_ok(flock(first, LOCK_EX | LOCK_NB));
}

GUEST_TEST("descriptors survive fork, and the child's closing is its own")
{
    auto [reader, writer] = guest::make_pipe();
    int to = writer;
    guest::wait_for(guest::in_child([=] { return close(to); }));
    expect_eq(1, write(writer, "x", 1));
}
