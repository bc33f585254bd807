// Calls that the C library makes no more, by their numbers: programs that were linked long ago make them. And some that few make.
#include "guest_test.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <ctime>
#include <unistd.h>
#include <utime.h>
#include <vector>

namespace {

template <class... Args> long call(long number, Args... args) { return syscall(number, args...); }

std::string times_of(const char* path)
{
    struct stat status{};
    expect_ok(lstat(path, &status));
    return std::to_string(status.st_atim.tv_sec) + "." + std::to_string(status.st_atim.tv_nsec) + " " + std::to_string(status.st_mtim.tv_sec) + "." + std::to_string(status.st_mtim.tv_nsec);
}

/// What a call gave: its result or its errno.
std::string outcome(long result)
{
    int got = errno;
    return result < 0 ? guest::errno_name(got) : std::to_string(result);
}

} // namespace

GUEST_TEST("open, creat, stat, lstat, mknod by their numbers")
{
    guest::enter_scratch();
    int fd = static_cast<int>(expect_ok(call(SYS_creat, "made", 0640)));
    expect_eq(3, write(fd, "abc", 3));
    expect_errno(EBADF, read(fd, nullptr, 1));
    expect_ok(close(fd));
    fd = static_cast<int>(expect_ok(call(SYS_open, "made", O_RDWR, 0)));
    expect_ok(call(SYS_fsync, fd));
    expect_ok(call(SYS_fdatasync, fd));
    expect_errno(ENOENT, call(SYS_open, "missing", O_RDONLY, 0));
    expect_errno(EFAULT, call(SYS_open, nullptr, O_RDONLY, 0));
    expect_ok(symlink("made", "link"));
    struct stat status{};
    expect_ok(call(SYS_stat, "link", &status));
    guest::note(std::to_string(status.st_mode) + " " + std::to_string(status.st_size));
    expect_ok(call(SYS_lstat, "link", &status));
    guest::note(std::to_string(status.st_mode) + " " + std::to_string(status.st_size));
    expect_errno(EFAULT, call(SYS_stat, "link", nullptr));
    expect_ok(call(SYS_mknod, "fifo", S_IFIFO | 0600, 0));
    expect_ok(call(SYS_mknod, "plain", 0600, 0));
    expect_errno(EEXIST, call(SYS_mknod, "plain", S_IFREG | 0600, 0));
    expect_errno(EPERM, call(SYS_mknod, "dir", S_IFDIR | 0600, 0));
    expect_ok(call(SYS_stat, "fifo", &status));
    guest::note(std::to_string(status.st_mode));
    expect_ok(call(SYS_fchown, fd, -1, -1));
    expect_ok(call(SYS_lchown, "link", -1, -1));
    expect_ok(call(SYS_fchownat, AT_FDCWD, "link", -1, -1, AT_SYMLINK_NOFOLLOW));
    expect_errno(EINVAL, call(SYS_fchownat, AT_FDCWD, "link", -1, -1, 0x4000));
    expect_ok(call(SYS_faccessat, AT_FDCWD, "made", R_OK));
    expect_errno(ENOENT, call(SYS_faccessat, AT_FDCWD, "none", F_OK));
    struct statfs system{};
    expect_ok(call(SYS_fstatfs, fd, &system));
    expect(system.f_bsize > 0, "a block size");
    expect_errno(EBADF, call(SYS_fstatfs, -1, &system));
    expect_ok(call(SYS_readahead, fd, 0, 100));
    expect_errno(EBADF, call(SYS_readahead, -1, 0, 100));
    expect_ok(call(SYS_sync_file_range, fd, 0, 0, 0));
    expect_errno(EINVAL, call(SYS_sync_file_range, fd, 0, 0, 0x80));
    expect_ok(call(SYS_syncfs, fd));
    expect_ok(call(SYS_sync));
}

GUEST_TEST("getdents of the first kind")
{
    guest::enter_scratch();
    for (const char* name : {"one", "two", "three"})
        guest::write_file(name, "");
    int fd = expect_ok(open(".", O_RDONLY | O_DIRECTORY));
    std::vector<char> buffer(4096);
    std::vector<std::string> names;
    long size = expect_ok(call(SYS_getdents, fd, buffer.data(), buffer.size()));
    for (long at = 0; at < size;) {
        unsigned short length = 0;
        memcpy(&length, &buffer[at + 16], 2);
        names.emplace_back(std::string(&buffer[at + 18]) + " type " + std::to_string(static_cast<int>(buffer[at + length - 1])));
        at += length;
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names)
        guest::note(name);
    expect_eq(0, call(SYS_getdents, fd, buffer.data(), buffer.size()));
    expect_ok(lseek(fd, 0, SEEK_SET));
    expect_errno(EINVAL, call(SYS_getdents, fd, buffer.data(), 5));
    expect_errno(ENOTDIR, call(SYS_getdents, expect_ok(open("one", O_RDONLY)), buffer.data(), buffer.size()));
}

GUEST_TEST("times of files: utime, utimes, futimesat")
{
    guest::enter_scratch();
    guest::write_file("f", "x");
    utimbuf seconds{1000, 2000};
    expect_ok(call(SYS_utime, "f", &seconds));
    guest::note(times_of("f"));
    timeval precise[2] = {{3000, 4}, {5000, 999'999}};
    expect_ok(call(SYS_utimes, "f", precise));
    guest::note(times_of("f"));
    precise[0].tv_usec = 1'000'000;
    expect_errno(EINVAL, call(SYS_utimes, "f", precise));
    precise[0].tv_usec = 7;
    expect_ok(call(SYS_futimesat, AT_FDCWD, "f", precise));
    guest::note(times_of("f"));
    expect_errno(ENOENT, call(SYS_futimesat, AT_FDCWD, "g", precise));
    expect_errno(EFAULT, call(SYS_utimes, "f", 8));
}

GUEST_TEST("pipe, eventfd and signalfd of the first kind; epoll_pwait2")
{
    int ends[2];
    expect_ok(call(SYS_pipe, ends));
    expect_errno(EFAULT, call(SYS_pipe, nullptr));
    expect_eq(0, fcntl(ends[0], F_GETFD));
    int counter = static_cast<int>(expect_ok(call(SYS_eventfd, 3)));
    unsigned long value = 0;
    expect_eq(8, read(counter, &value, 8));
    expect_eq(3, value);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    expect_ok(sigprocmask(SIG_BLOCK, &set, nullptr));
    int signals = static_cast<int>(expect_ok(call(SYS_signalfd, -1, &set, 8)));
    expect_errno(EINVAL, call(SYS_signalfd, -1, &set, 4));
    expect_errno(EINVAL, call(SYS_signalfd4, -1, &set, 8, 1));
    raise(SIGUSR1);
    signalfd_siginfo info{};
    expect_eq(sizeof info, read(signals, &info, sizeof info));
    expect_eq(SIGUSR1, info.ssi_signo);
    int epoll = expect_ok(epoll_create1(0));
    epoll_event event{EPOLLIN, {.u32 = 7}};
    expect_ok(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
    timespec soon{0, 1'000'000};
    epoll_event got[2];
    expect_eq(0, call(SYS_epoll_pwait2, epoll, got, 2, &soon, nullptr, 8));
    expect_eq(1, write(ends[1], "x", 1));
    expect_eq(1, call(SYS_epoll_pwait2, epoll, got, 2, nullptr, nullptr, 8));
    expect_eq(7, got[0].data.u32);
    soon.tv_nsec = 1'000'000'000;
    expect_errno(EINVAL, call(SYS_epoll_pwait2, epoll, got, 2, &soon, nullptr, 8));
    int other[2];
    expect_ok(call(SYS_pipe, other));
    expect_eq(1, tee(ends[0], other[1], 10, 0));
    char byte = 0;
    expect_eq(1, read(other[0], &byte, 1));
    expect_eq(1, read(ends[0], &byte, 1));
    expect_errno(EINVAL, tee(ends[0], ends[1], 1, 0));
}

GUEST_TEST("openat2: what it refuses")
{
    guest::enter_scratch();
    guest::write_file("f", "x");
    expect_ok(mkdir("d", 0700));
    expect_ok(symlink("f", "link"));
    auto open_with = [](const char* path, unsigned long flags, unsigned long mode, unsigned long resolve, size_t size = sizeof(open_how)) {
        open_how how{flags, mode, resolve};
        return outcome(call(SYS_openat2, AT_FDCWD, path, &how, size) < 0 ? -1 : 0);
    };
    guest::note(open_with("f", O_RDONLY, 0, 0));
    guest::note(open_with("f", O_RDONLY, 0600, 0));
    guest::note(open_with("f", 1UL << 40, 0, 0));
    guest::note(open_with("f", O_RDONLY, 0, 0x100));
    guest::note(open_with("f", O_RDONLY, 0, 0, 8));
    guest::note(open_with("link", O_RDONLY, 0, RESOLVE_NO_SYMLINKS));
    guest::note(open_with("/proc", O_RDONLY, 0, RESOLVE_BENEATH));
    guest::note(open_with("../x", O_RDONLY, 0, RESOLVE_BENEATH));
    guest::note(open_with("d/../f", O_RDONLY, 0, RESOLVE_BENEATH));
    guest::note(open_with("/f", O_RDONLY, 0, RESOLVE_IN_ROOT));
    guest::note(open_with("new", O_CREAT | O_WRONLY, 0600, 0));
}

GUEST_TEST("identities, capabilities and hosts' names that an ordinary process may not change")
{
    gid_t real = 0, effective = 0, saved = 0;
    expect_ok(call(SYS_getresgid, &real, &effective, &saved));
    expect(real == getgid() && effective == getegid(), "group ids");
    expect_errno(EFAULT, call(SYS_getresgid, &real, nullptr, &saved));
    expect_ok(call(SYS_setgid, getegid()));
    expect_ok(call(SYS_setregid, -1, getegid()));
    expect_eq(geteuid(), call(SYS_setfsuid, -1));
    expect_eq(getegid(), call(SYS_setfsgid, -1));
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    expect_ok(call(SYS_capget, &header, data));
    data[0].permitted = data[0].effective = data[1].permitted = data[1].effective = 0;
    data[0].inheritable = data[1].inheritable = 0;
    expect_ok(call(SYS_capset, &header, data));
    header.version = 1;
    expect_errno(EINVAL, call(SYS_capget, &header, data));
    guest::note(std::to_string(header.version == _LINUX_CAPABILITY_VERSION_3));
    expect_errno(EPERM, call(SYS_sethostname, "x", 1));
    expect_errno(EPERM, call(SYS_setdomainname, "x", 1));
    expect_errno(EPERM, call(SYS_chroot, "/"));
    timespec now{};
    expect_errno(EPERM, call(SYS_clock_settime, CLOCK_REALTIME, &now));
    timeval then{};
    expect_errno(EPERM, call(SYS_settimeofday, &then, nullptr));
}

GUEST_TEST("scheduling that is asked for")
{
    sched_param parameter{};
    expect_ok(call(SYS_sched_getparam, 0, &parameter));
    expect_eq(0, parameter.sched_priority);
    expect_errno(EINVAL, call(SYS_sched_getparam, -1, &parameter));
    expect_eq(1, call(SYS_sched_get_priority_min, SCHED_FIFO));
    expect_errno(EINVAL, call(SYS_sched_get_priority_min, 77));
    timespec slice{};
    expect_ok(call(SYS_sched_rr_get_interval, 0, &slice));
    char attributes[64] = {};
    expect_ok(call(SYS_sched_getattr, 0, attributes, sizeof attributes, 0));
    unsigned policy = 0;
    memcpy(&policy, attributes + 4, 4);
    expect_eq(SCHED_OTHER, policy);
    expect_errno(EINVAL, call(SYS_sched_getattr, 0, attributes, 8, 0));
}

GUEST_TEST("memory: pages that stay, protection keys, and pages of a file in another order")
{
    char* pages = static_cast<char*>(expect_mapped(mmap(nullptr, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)));
    for (int i = 0; i < 3; ++i)
        pages[i * 4096] = static_cast<char>('a' + i);
    expect_ok(call(SYS_remap_file_pages, pages, 4096, 0, 2, 0));
    expect_eq('c', pages[0]);
    expect_ok(call(SYS_mlock2, pages, 4096, 0));
    expect_errno(EINVAL, call(SYS_mlock2, pages, 4096, 8));
    expect_ok(call(SYS_munlockall));
    expect_errno(EINVAL, call(SYS_mlockall, 0));
    expect_ok(call(SYS_pkey_mprotect, pages, 4096, PROT_READ, -1));
    expect_errno(EINVAL, call(SYS_pkey_mprotect, pages + 1, 4096, PROT_READ, -1));
    expect_errno(EINVAL, call(SYS_pkey_alloc, 1, 0));
    expect_errno(EINVAL, call(SYS_pkey_free, 99));
}

GUEST_TEST("a semaphore's semop, a timer's overruns, a list of locks")
{
    int id = expect_ok(semget(IPC_PRIVATE, 1, 0600));
    sembuf up{0, 2, 0}, down{0, -3, IPC_NOWAIT};
    expect_ok(call(SYS_semop, id, &up, 1));
    expect_errno(EAGAIN, call(SYS_semop, id, &down, 1));
    expect_errno(EFAULT, call(SYS_semop, id, nullptr, 1));
    expect_errno(E2BIG, call(SYS_semop, id, &up, 100'000));
    expect_ok(semctl(id, 0, IPC_RMID));
    sigevent quiet{};
    quiet.sigev_notify = SIGEV_NONE;
    int timer = 0;
    expect_ok(call(SYS_timer_create, CLOCK_MONOTONIC, &quiet, &timer));
    expect_eq(0, call(SYS_timer_getoverrun, timer));
    expect_errno(EINVAL, call(SYS_timer_getoverrun, 12345));
    void* head = nullptr;
    size_t length = 0;
    expect_ok(call(SYS_get_robust_list, 0, &head, &length));
    expect_eq(24, length);
}

GUEST_TEST("signals to a thread, and by a pidfd")
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    expect_ok(sigprocmask(SIG_BLOCK, &set, nullptr));
    siginfo_t info{};
    info.si_code = SI_QUEUE;
    info.si_value.sival_int = 41;
    expect_ok(call(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGUSR2, &info));
    siginfo_t got{};
    expect_eq(SIGUSR2, sigwaitinfo(&set, &got));
    expect_eq(41, got.si_value.sival_int);
    int self = static_cast<int>(expect_ok(call(SYS_pidfd_open, getpid(), 0)));
    expect_errno(EINVAL, call(SYS_pidfd_open, getpid(), 1));
    expect_errno(EINVAL, call(SYS_pidfd_open, 0, 0));
    expect_ok(call(SYS_pidfd_send_signal, self, SIGUSR2, nullptr, 0));
    expect_eq(SIGUSR2, sigwaitinfo(&set, &got));
    expect_eq(SI_USER, got.si_code);
    expect_errno(EINVAL, call(SYS_pidfd_send_signal, self, SIGUSR2, nullptr, 99));
    expect_errno(EBADF, call(SYS_pidfd_send_signal, 0x7fff, SIGUSR2, nullptr, 0));
}

GUEST_TEST("attributes of links and descriptors")
{
    guest::enter_scratch();
    guest::write_file("f", "x");
    expect_ok(symlink("f", "link"));
    int fd = expect_ok(open("f", O_RDWR));
    if (fsetxattr(fd, "user.one", "1", 1, 0) < 0)
        guest::skip("no user attributes here: " + guest::errno_name(errno));
    char value[8] = {};
    expect_eq(1, lgetxattr("f", "user.one", value, sizeof value));
    expect_errno(EPERM, lsetxattr("link", "user.two", "2", 1, 0));
    expect_errno(ENODATA, lgetxattr("link", "user.one", value, sizeof value));
    char names[256];
    guest::note(std::to_string(listxattr("f", names, sizeof names)) + " " + std::to_string(llistxattr("link", names, sizeof names)) + " " + std::to_string(flistxattr(fd, names, sizeof names)));
    expect_errno(ERANGE, flistxattr(fd, names, 1));
    expect_ok(setxattr("f", "user.two", "22", 2, XATTR_CREATE));
    expect_errno(EEXIST, setxattr("f", "user.two", "22", 2, XATTR_CREATE));
    expect_ok(removexattr("f", "user.one"));
    expect_errno(ENODATA, lremovexattr("f", "user.one"));
    expect_ok(fremovexattr(fd, "user.two"));
}
