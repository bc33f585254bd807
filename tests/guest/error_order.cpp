// Which of several errors a call answers, and what it leaves behind with it: what the fuzzer of system calls found
// (tests/fuzz/call_fuzz). Programs rarely see these, but one that probes for features does.
#include "guest_test.h"

#include <array>
#include <climits>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace {

char* const bad = reinterpret_cast<char*>(1);

std::array<int, 2> make_pipe()
{
    std::array<int, 2> ends{};
    expect_ok(pipe2(ends.data(), O_NONBLOCK));
    return ends;
}

}

GUEST_TEST("positions: what has none says so before all else")
{
    int event = expect_ok(eventfd(1, EFD_NONBLOCK));
    char data[8] = {};
    expect_errno(ESPIPE, pread(event, data, sizeof data, 0));
    expect_errno(ESPIPE, pwrite(event, data, sizeof data, 0));
    auto [reader, writer] = make_pipe();
    expect_errno(ESPIPE, pread(writer, data, sizeof data, 0));
    expect_errno(EBADF, read(writer, data, sizeof data));
    int null = expect_ok(open("/dev/null", O_RDWR));
    expect_errno(EINVAL, pread(null, data, sizeof data, LLONG_MAX));
    expect_errno(EINVAL, pwrite(null, data, sizeof data, LLONG_MAX));
    off_t at = 0;
    expect_errno(ESPIPE, syscall(SYS_sendfile, 77, reader, &at, 1));
}

GUEST_TEST("vectors without bytes move nothing and ask nothing")
{
    int event = expect_ok(eventfd(1, EFD_NONBLOCK));
    iovec none{nullptr, 0};
    expect_eq(0, readv(event, &none, 1));
    expect_eq(0, writev(event, nullptr, 0));
    int pair[2];
    expect_ok(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    expect_eq(0, writev(pair[0], &none, 1));
}

GUEST_TEST("splice: the offsets, the rights, what cannot be spliced")
{
    guest::enter_scratch();
    auto [reader, writer] = make_pipe();
    expect_ok(write(writer, "data", 4));
    int appends = expect_ok(open("appends", O_WRONLY | O_CREAT | O_APPEND, 0600));
    expect_errno(EINVAL, splice(reader, nullptr, appends, nullptr, 4, 0));
    int reads = expect_ok(open("appends", O_RDONLY));
    expect_errno(EFAULT, splice(reader, nullptr, reads, reinterpret_cast<off64_t*>(bad), 4, 0));
    expect_errno(EBADF, splice(reader, nullptr, reads, nullptr, 4, 0));
    int event = expect_ok(eventfd(1, EFD_NONBLOCK));
    off64_t at = 0;
    expect_errno(EINVAL, splice(reader, nullptr, event, &at, 4, 0));
    expect_errno(EINVAL, splice(reader, nullptr, event, nullptr, 4, SPLICE_F_NONBLOCK));
    expect_eq(0, splice(reader, nullptr, event, nullptr, 0, ~0U));
    char data[8];
    expect_eq(4, read(reader, data, sizeof data));
}

GUEST_TEST("copy_file_range from the end of a file onto the same file copies nothing")
{
    guest::enter_scratch();
    guest::write_file("file", "some bytes");
    int fd = expect_ok(open("file", O_RDWR));
    expect_ok(lseek(fd, 0, SEEK_END));
    expect_eq(0, copy_file_range(fd, nullptr, fd, nullptr, 100, 0));
    off64_t in = 0, out = 4;
    expect_errno(EINVAL, copy_file_range(fd, &in, fd, &out, 100, 0));
    expect_errno(EFAULT, copy_file_range(fd, reinterpret_cast<off64_t*>(bad), fd, nullptr, 100, 1));
}

GUEST_TEST("waitid fills its answer in after an error as well")
{
    siginfo_t info;
    memset(&info, 0x55, sizeof info);
    expect_errno(ECHILD, syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG, nullptr));
    expect_eq(0, info.si_signo);
    expect_eq(0, info.si_pid);
    expect_eq(0x55555555, reinterpret_cast<int*>(&info)[3]); // what lies between the fields is left alone
    expect_errno(EFAULT, syscall(SYS_waitid, P_ALL, 0, bad, WEXITED | WNOHANG, nullptr));
}

GUEST_TEST("locks: no position counts as 0, an open without rights cannot flock, LOCK_MAND is ignored")
{
    guest::enter_scratch();
    guest::write_file("file", "some bytes");
    auto [reader, writer] = make_pipe();
    struct flock lock{};
    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_CUR;
    lock.l_len = 5;
    expect_ok(fcntl(reader, F_OFD_SETLK, &lock));
    int rightless = expect_ok(open("file", 3));
    expect_errno(EBADF, flock(rightless, LOCK_EX | LOCK_NB));
    expect_ok(flock(rightless, LOCK_UN));
    expect_eq(0, flock(77, 32 | LOCK_SH));
    expect_errno(EINVAL, flock(77, 64));
}

GUEST_TEST("seals: the right to write comes first; a hole does not grow")
{
    guest::enter_scratch();
    guest::write_file("file", "some bytes");
    expect_errno(EPERM, fcntl(expect_ok(open("file", O_RDONLY)), F_ADD_SEALS, F_SEAL_GROW));
    expect_errno(EINVAL, fcntl(expect_ok(open("file", O_RDWR)), F_ADD_SEALS, F_SEAL_GROW));
    int memory = expect_ok(memfd_create("memory", MFD_ALLOW_SEALING));
    expect_ok(ftruncate(memory, 4096));
    expect_ok(fcntl(memory, F_ADD_SEALS, F_SEAL_GROW));
    expect_ok(fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4000, 8192));
    expect_errno(EPERM, fallocate(memory, 0, 4000, 8192));
}

GUEST_TEST("mmap: the place before the file, the flags before the rights")
{
    guest::enter_scratch();
    guest::write_file("file", "some bytes");
    int fd = expect_ok(open("file", O_WRONLY));
    char* place = static_cast<char*>(expect_mapped(mmap(nullptr, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    auto map = [](void* at, size_t length, int flags, int fd, long offset) { return syscall(SYS_mmap, at, length, PROT_READ, flags, fd, offset); };
    expect_errno(EINVAL, map(place + 1, 4096, MAP_SHARED | MAP_FIXED, fd, 0));
    expect_errno(EEXIST, map(place, 4096, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0));
    expect_errno(EACCES, map(place, 4096, MAP_SHARED | MAP_FIXED, fd, 0));
    expect_errno(EOVERFLOW, map(place, 4096, MAP_SHARED | MAP_FIXED, fd, -4096));
    expect_errno(EOPNOTSUPP, map(place, 4096, MAP_SHARED_VALIDATE | MAP_FIXED | 0x800000, fd, 0));
    expect_errno(ENOMEM, map(place, ~0UL, MAP_ANONYMOUS | MAP_FIXED, -1, 0));
    expect_ok(map(place, 4096, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, -1, -4096)); // whose offset means nothing
    expect_ok(syscall(SYS_msync, place, ~0UL, MS_ASYNC));
}

GUEST_TEST("signals: nobody to send to, then a wrong number; a wrong address, then a wrong number")
{
    constexpr pid_t nobody = 0x3ffffff;
    expect_errno(ESRCH, kill(nobody, 65));
    expect_errno(EINVAL, kill(getpid(), 65));
    expect_errno(ESRCH, syscall(SYS_tkill, nobody, 65));
    expect_errno(ESRCH, syscall(SYS_tgkill, nobody, nobody, 65));
    expect_errno(EINVAL, syscall(SYS_tkill, gettid(), 65));
    expect_errno(EFAULT, syscall(SYS_rt_sigaction, 65, bad, nullptr, 8));
    expect_errno(EINVAL, syscall(SYS_rt_sigaction, 65, nullptr, nullptr, 8));
}

GUEST_TEST("names: flags and kinds before the names, one name before the other")
{
    guest::enter_scratch();
    guest::write_file("file", "");
    int file = expect_ok(open("file", O_RDONLY));
    expect_errno(EINVAL, syscall(SYS_renameat2, file, "a", file, "b", 8));
    expect_errno(ENOENT, syscall(SYS_renameat2, 77, "", 77, "b", 0));
    expect_errno(ENOTDIR, syscall(SYS_renameat2, file, "a", AT_FDCWD, bad, 0));
    expect_errno(EINVAL, mknod(bad, S_IFLNK | 0600, 0));
    expect_errno(EPERM, mknod(bad, S_IFDIR | 0600, 0));
    timespec wrong[2] = {{0, -1}, {0, -1}};
    expect_errno(ENOENT, utimensat(AT_FDCWD, "nowhere", wrong, 0));
    expect_errno(EINVAL, utimensat(AT_FDCWD, "file", wrong, 0));
    expect_errno(EINVAL, open(".", O_TMPFILE | O_RDONLY, 0600));
    expect_errno(EEXIST, open("./.", O_RDWR | O_CREAT | O_EXCL, 0600));
    expect_errno(ENOENT, openat(77, "", O_RDONLY));
}

GUEST_TEST("sockets: the address before the kind of descriptor, a length that is cut before it is checked")
{
    int null = expect_ok(open("/dev/null", O_RDWR));
    static sockaddr_un name; // not on the stack: so large a range would leave the address space
    expect_errno(EFAULT, connect(null, reinterpret_cast<sockaddr*>(bad), sizeof name));
    expect_errno(EINVAL, connect(null, reinterpret_cast<sockaddr*>(&name), 1000));
    expect_errno(ENOTSOCK, connect(null, reinterpret_cast<sockaddr*>(&name), sizeof name));
    expect_errno(EBADF, connect(77, reinterpret_cast<sockaddr*>(bad), sizeof name));
    expect_errno(EBADF, accept4(77, nullptr, nullptr, 1));
    expect_errno(EINVAL, accept4(null, nullptr, nullptr, 1));
    expect_errno(ENOTSOCK, accept4(null, nullptr, nullptr, 0));
    expect_errno(ENOTSOCK, recv(null, &name, ~0UL, 0));
    expect_errno(ENOTSOCK, send(null, &name, ~0UL, 0));
}

GUEST_TEST("descriptors and times: low halves, a wrong time before a wrong descriptor")
{
    int copy = static_cast<int>(expect_ok(syscall(SYS_fcntl, 1, F_DUPFD, 0x100000000)));
    expect(copy > 2, "the lowest free one");
    itimerspec wrong{{0, 0}, {0, 1000000000}};
    expect_errno(EINVAL, timerfd_settime(77, 0, &wrong, nullptr));
    expect_errno(EBADF, syscall(SYS_sync_file_range, 77, -1, 1, 0));
    timespec zero{};
    expect_errno(EOPNOTSUPP, syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &zero, nullptr));
}

GUEST_TEST("extended attributes: a class without a name; descriptors that stand nowhere")
{
    guest::enter_scratch();
    guest::write_file("file", "");
    auto [reader, writer] = make_pipe();
    char value[8];
    expect_errno(ENODATA, fgetxattr(reader, "user.a", value, sizeof value));
    expect_errno(EPERM, fsetxattr(writer, "user.a", value, sizeof value, 0));
    expect_errno(EOPNOTSUPP, fgetxattr(reader, "nothing.a", value, sizeof value));
    expect_errno(EFAULT, fgetxattr(reader, bad, value, sizeof value));
    if (setxattr("file", "user.a", "x", 1, 0) < 0)
        return; // the file system here has none
    expect_errno(EINVAL, setxattr("file", "user.", "x", 1, 0));
    expect_errno(EINVAL, getxattr("file", "user.", value, sizeof value));
    expect_errno(EINVAL, removexattr("file", "user."));
    expect_errno(EOPNOTSUPP, getxattr("file", "system.nothing", value, sizeof value));
}
