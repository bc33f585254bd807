// Memory that ends in the middle of what a call wants: EFAULT, or as much as fits. (each call's man page)
#include "guest_test.h"

#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

using guest::PageEdge;

GUEST_TEST("read and write across the edge move what fits, at the edge nothing")
{
    guest::enter_scratch();
    guest::write_file("f", "0123456789");
    int fd = expect_ok(open("f", O_RDWR));
    PageEdge page;
    expect_eq(4, pread(fd, page.last(4), 10, 0));
    expect_eq("0123", std::string(page.last(4), 4));
    expect_errno(EFAULT, pread(fd, page.edge(), 10, 0));
    expect_eq(4, pwrite(fd, page.last(4), 10, 6));
    expect_errno(EFAULT, write(fd, page.edge(), 1));
    expect_eq("0123450123", guest::read_file("f"));
    // The offset moves by what was read.
    expect_eq(3, read(fd, page.last(3), 5));
    expect_eq(3, lseek(fd, 0, SEEK_CUR));
}

GUEST_TEST("pipes: what fits, and nothing is lost that was not read")
{
    auto [reader, writer] = guest::make_pipe();
    PageEdge page;
    memcpy(page.last(6), "abcdef", 6);
    expect_errno(EFAULT, write(writer, page.edge(), 4));
    expect_eq(6, write(writer, page.last(6), 6));
    expect_errno(EFAULT, read(reader, page.edge(), 6));
    char rest[8] = {};
    long got = read(reader, rest, 8);
    expect_eq(6, got);
    expect_eq("abcdef", std::string(rest));
}

GUEST_TEST("vectors: pieces before the bad one count")
{
    guest::enter_scratch();
    guest::write_file("f", "0123456789");
    int fd = expect_ok(open("f", O_RDWR));
    PageEdge page;
    char good[3] = {};
    iovec in[] = {{good, 3}, {page.edge(), 4}};
    expect_eq(3, readv(fd, in, 2));
    iovec bad_first[] = {{page.edge(), 4}, {good, 3}};
    expect_errno(EFAULT, readv(fd, bad_first, 2));
    expect_eq(3, pwritev(fd, in, 2, 0));
    expect_errno(EFAULT, readv(fd, reinterpret_cast<iovec*>(page.last(8)), 1));
    expect_errno(EFAULT, readv(fd, reinterpret_cast<iovec*>(page.edge()), 1));
}

GUEST_TEST("a path that runs over the edge")
{
    PageEdge page;
    memcpy(page.last(5), "/etc/", 5); // no end
    struct stat st{};
    expect_errno(EFAULT, stat(page.last(5), &st));
    expect_errno(EFAULT, open(page.last(5), O_RDONLY));
    memcpy(page.last(5), "/etc", 5);
    expect_ok(stat(page.last(5), &st));
    expect_errno(EFAULT, stat("/etc", reinterpret_cast<struct stat*>(page.last(8))));
    expect_errno(EFAULT, readlink("/proc/self/exe", page.edge(), 10));
    expect_errno(EFAULT, syscall(SYS_getcwd, page.edge(), 100));
    expect_errno(EFAULT, chdir(page.edge()));
    expect_errno(EFAULT, rename("/etc", page.edge()));
}

GUEST_TEST("getdents: entries that fit are given")
{
    guest::enter_scratch();
    for (int i = 0; i < 20; ++i)
        guest::write_file(("name-" + std::to_string(i)).c_str(), "");
    PageEdge page;
    int fd = expect_ok(open(".", O_RDONLY));
    expect_errno(EFAULT, syscall(SYS_getdents64, fd, page.edge(), 1000));
    long got = expect_ok(syscall(SYS_getdents64, fd, page.last(100), 4000));
    expect(got > 0 && got <= 100, "no more than fits");
    long entries = 0;
    for (long at = 0; at < got; ++entries)
        at += *reinterpret_cast<unsigned short*>(page.last(100) + at + 16); // d_reclen
    expect(entries >= 2, "two entries or more");
    expect_ok(lseek(fd, 0, SEEK_SET));
    alignas(8) char buffer[4096];
    expect(syscall(SYS_getdents64, fd, buffer, sizeof buffer) > got, "and the others come from a larger buffer");
}

GUEST_TEST("structures at the edge: all or nothing")
{
    PageEdge page;
    char* bad = page.last(4);
    expect_errno(EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, bad));
    expect_errno(EFAULT, syscall(SYS_gettimeofday, bad, nullptr));
    expect_errno(EFAULT, syscall(SYS_uname, bad));
    expect_errno(EFAULT, syscall(SYS_sysinfo, bad));
    expect_errno(EFAULT, syscall(SYS_times, bad));
    expect_errno(EFAULT, syscall(SYS_getrlimit, 7, bad));
    expect_errno(EFAULT, syscall(SYS_setrlimit, 7, bad));
    expect_errno(EFAULT, syscall(SYS_prlimit64, 0, 7, nullptr, bad));
    expect_errno(EFAULT, syscall(SYS_getrusage, 0, bad));
    expect_errno(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, bad, nullptr, 8));
    expect_errno(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, nullptr, bad, 8));
    expect_errno(EFAULT, syscall(SYS_rt_sigprocmask, 0, bad, nullptr, 8));
    expect_errno(EFAULT, syscall(SYS_rt_sigprocmask, 0, nullptr, bad, 8));
    expect_errno(EFAULT, syscall(SYS_rt_sigpending, bad, 8));
    expect_errno(EFAULT, syscall(SYS_sigaltstack, nullptr, bad));
    expect_errno(EFAULT, syscall(SYS_pipe2, bad, 0));
    expect_errno(EFAULT, syscall(SYS_nanosleep, bad, nullptr));
    expect_errno(EFAULT, syscall(SYS_getitimer, 0, bad));
    expect_errno(EFAULT, syscall(SYS_poll, bad, 1, 0));
    expect_errno(EFAULT, syscall(SYS_select, 1, bad, nullptr, nullptr, nullptr));
    expect_errno(EFAULT, syscall(SYS_getresuid, bad, bad, page.edge()));
    expect_errno(EFAULT, syscall(SYS_getrandom, page.edge(), 8, 0));
    expect_errno(EFAULT, syscall(SYS_sched_getaffinity, 0, 128, page.edge()));
    expect_errno(EFAULT, syscall(SYS_statfs, "/", bad));
    expect_errno(EFAULT, syscall(SYS_fstat, 0, bad));
}

GUEST_TEST("no descriptor is left behind when pipe cannot tell its numbers")
{
    PageEdge page;
    int before = dup(0);
    close(before);
    expect_errno(EFAULT, syscall(SYS_pipe2, page.last(4), 0));
    int after = dup(0);
    expect_eq(before, after);
}

GUEST_TEST("wait: the child is gone though its status found no place")
{
    PageEdge page;
    pid_t child = guest::in_child([] { return 3; });
    expect_errno(EFAULT, syscall(SYS_wait4, child, page.last(2), 0, nullptr));
    int status;
    expect_errno(ECHILD, waitpid(child, &status, 0));
}

GUEST_TEST("read-only memory as a destination, unreadable memory as a source, the kernel's own")
{
    guest::enter_scratch();
    guest::write_file("f", "0123456789");
    int fd = expect_ok(open("f", O_RDWR));
    void* readable = expect_mapped(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    void* none = expect_mapped(mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    expect_errno(EFAULT, read(fd, readable, 5));
    expect_eq(5, write(fd, readable, 5));
    expect_errno(EFAULT, write(fd, none, 5));
    expect_errno(EFAULT, read(fd, reinterpret_cast<void*>(0xffffffff81000000UL), 5));
    expect_errno(EFAULT, write(fd, reinterpret_cast<void*>(0xffff888000000000UL), 5));
    expect_errno(EFAULT, read(fd, reinterpret_cast<void*>(0x0100000000000000UL), 5));
    expect_errno(EFAULT, write(fd, reinterpret_cast<void*>(0x7ffffffff000UL), 5));
    expect_errno(EFAULT, syscall(SYS_read, fd, ~0UL - 2, 5));
}

GUEST_TEST("a call fills copy-on-write memory after fork without touching the other side")
{
    guest::enter_scratch();
    guest::write_file("f", "new");
    auto* memory = static_cast<char*>(expect_mapped(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
    strcpy(memory, "old");
    guest::note(guest::fate_of([=] {
        int fd = open("f", O_RDONLY);
        return read(fd, memory, 3) == 3 && memcmp(memory, "new", 3) == 0 ? 0 : 1;
    }));
    expect_eq("old", std::string(memory));
}
