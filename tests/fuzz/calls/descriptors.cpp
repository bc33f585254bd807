// Steps on descriptors: copies, flags, locks, pipes.
#include "machine.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fuzz {
namespace {

void close_(Call& c) { c.go("close", SYS_close, c.fd()); }
void dup_(Call& c) { long result = c.go("dup", SYS_dup, c.fd()); if (result > 22) raw(SYS_close, result); }
int target(Call& c) { return static_cast<int>(c.random.one_in(6) ? c.random.pick({-1, 1024, 1 << 20, -2147483647}) : c.random.below(22)); }
void dup2_(Call& c) { int from = c.fd(); c.go("dup2", SYS_dup2, from, target(c)); }
void dup3_(Call& c) { int from = c.fd(); c.go("dup3", SYS_dup3, from, target(c), c.random.flags({O_CLOEXEC})); }
void close_range_(Call& c)
{
    long first = 3 + c.random.below(20);
    c.go("close_range", SYS_close_range, first, c.random.one_in(4) ? first - 1 : first + c.random.below(3), c.random.one_in(4) ? c.random.pick({4, 1, 8}) : 0);
}
void pipe_(Call& c)
{
    long at = c.out(8);
    c.go("pipe2", SYS_pipe2, at, O_NONBLOCK | (c.random.one_in(2) ? O_CLOEXEC : 0) | (c.random.one_in(12) ? 1L << c.random.below(7) : 0));
}
void fcntl_(Call& c)
{
    int fd = c.fd();
    switch (c.random.below(9)) {
    case 0: c.go("fcntl_getfd", SYS_fcntl, fd, F_GETFD); break;
    case 1: c.go("fcntl_setfd", SYS_fcntl, fd, F_SETFD, c.odd_number()); break;
    case 2: c.go("fcntl_getfl", SYS_fcntl, fd, F_GETFL); break;
    case 3: c.go("fcntl_setfl", SYS_fcntl, fd, F_SETFL, O_NONBLOCK | (c.random.flags({O_APPEND, O_RDWR, O_CREAT}) & ~static_cast<long>(O_DIRECT | O_ASYNC))); break;
    case 4: {
        long result = c.go("fcntl_dupfd", SYS_fcntl, fd, c.random.one_in(2) ? F_DUPFD : F_DUPFD_CLOEXEC, c.random.one_in(5) ? c.odd_number() : c.random.below(20));
        if (result > 22)
            raw(SYS_close, result);
        break;
    }
    case 5: c.go("fcntl_getpipe_sz", SYS_fcntl, fd, F_GETPIPE_SZ); break;
    case 6: c.go("fcntl_setpipe_sz", SYS_fcntl, fd, F_SETPIPE_SZ, c.random.pick({0, 1, 4096, 5000, 65536, 131072, -1, static_cast<long>(0x80000001)})); break;
    case 7: c.go("fcntl_odd", SYS_fcntl, fd, c.random.pick({-1, 100, 1050, 2000, 12345}), 0); break;
    default: c.go("fcntl_getown", SYS_fcntl, fd, F_GETOWN); break;
    }
}
void lock_(Call& c)
{
    struct flock what{};
    what.l_type = static_cast<short>(c.random.one_in(10) ? 7 : c.random.below(3));
    what.l_whence = static_cast<short>(c.random.one_in(10) ? 9 : c.random.below(3));
    what.l_start = c.random.one_in(6) ? c.offset() : c.random.below(100);
    what.l_len = c.random.one_in(6) ? c.random.pick({-5, 0x7fffffffffffffff, -1}) : c.random.below(50);
    what.l_pid = c.random.one_in(10) ? 1 : 0;
    long command = c.random.pick({F_SETLK, F_SETLK, F_GETLK, F_OFD_SETLK, F_OFD_GETLK});
    long at = c.in(what);
    c.go("fcntl_lock", SYS_fcntl, c.fd(), command, at);
    if (command == F_GETLK)
        c.scrub(at, 20, 4); // the holder's pid
}
void flock_(Call& c) { c.go("flock", SYS_flock, c.fd(), c.random.one_in(8) ? c.odd_number() | LOCK_NB : LOCK_NB | c.random.pick({1, 2, 8, 1, 2, 3, 0})); }
// FIONREAD of files differs between file systems that answer and those that leave it to the general code.
void ioctl_(Call& c)
{
    long at = c.random.one_in(4) ? c.out(8) : c.in(1L);
    c.go("ioctl", SYS_ioctl, c.fd(), c.random.pick({FIOCLEX, FIONCLEX, FIONBIO, FIONREAD, TCGETS, 0x1234, TIOCGWINSZ, TIOCGPGRP}), at);
}
void lease_(Call& c) { c.go("fcntl_getsig", SYS_fcntl, c.fd(), F_GETSIG); }

const Entry steps[] = {{"descriptors", 10, close_}, {"descriptors", 5, dup_}, {"descriptors", 5, dup2_}, {"descriptors", 3, dup3_}, {"descriptors", 1, close_range_},
    {"descriptors", 6, pipe_}, {"descriptors", 10, fcntl_}, {"locks", 8, lock_}, {"locks", 4, flock_}, {"descriptors", 5, ioctl_}, {"descriptors", 1, lease_}};

}

std::span<const Entry> descriptor_steps() { return steps; }

}
