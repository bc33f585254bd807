// What a process finds about itself under /proc. (man 5 proc)
#include "guest_test.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

std::string link_of(const std::string& path)
{
    char target[4096] = {};
    expect_ok(readlink(path.c_str(), target, sizeof target - 1));
    return target;
}

bool has(const std::string& text, const std::string& part)
{
    return text.find(part) != std::string::npos;
}

} // namespace

GUEST_TEST("self, thread-self and their links")
{
    expect_eq(std::to_string(getpid()), link_of("/proc/self"));
    expect(has(link_of("/proc/self/exe"), "proc_view"), "exe");
    expect_eq("/", link_of("/proc/self/root"));
    guest::enter_scratch();
    char here[4096];
    expect(getcwd(here, sizeof here) != nullptr, "getcwd");
    expect_eq(std::string(here), link_of("/proc/self/cwd"));
}

GUEST_TEST("fd: what is open, by number")
{
    guest::enter_scratch();
    guest::write_file("f", "0123");
    int fd = expect_ok(open("f", O_RDWR));
    dup2(fd, 77);
    expect(has(link_of("/proc/self/fd/77"), "/f"), "the path");
    auto [reader, writer] = guest::make_pipe();
    expect(has(link_of("/proc/self/fd/" + std::to_string(reader)), "pipe:["), "a pipe");
    expect_errno(ENOENT, open("/proc/self/fd/999", O_RDONLY));
    int again = expect_ok(open("/proc/self/fd/77", O_RDONLY));
    expect_eq(0, lseek(again, 0, SEEK_CUR));
    unlink("f");
    expect(has(link_of("/proc/self/fd/77"), " (deleted)"), "deleted");
    DIR* dir = opendir("/proc/self/fd");
    int found = 0;
    while (dirent* entry = readdir(dir))
        found += strcmp(entry->d_name, "77") == 0;
    expect_eq(1, found);
    expect(has(guest::read_file("/proc/self/fdinfo/77"), "pos:\t0"), "fdinfo");
}

GUEST_TEST("cmdline, comm, stat, status")
{
    std::string line = guest::read_file("/proc/self/cmdline");
    expect(has(line, "proc_view") && line.back() == 0, "the command line, with zeroes");
    expect_eq("proc_view\n", guest::read_file("/proc/self/comm"));
    std::string status = guest::read_file("/proc/self/status");
    for (const char* field : {"Name:\tproc_view\n", "State:\tR", "Pid:\t", "PPid:\t", "Uid:\t", "SigCgt:\t", "VmRSS:\t", "Threads:\t1\n"})
        expect(has(status, field), field);
    std::string stat = guest::read_file("/proc/self/stat");
    expect(stat.starts_with(std::to_string(getpid()) + " (proc_view) R " + std::to_string(getppid())), "stat");
    expect_eq(51, std::count(stat.begin(), stat.end(), ' '));
}

GUEST_TEST("maps shows the program, its stack, and what it maps")
{
    guest::enter_scratch();
    guest::write_file("mapped-file", std::string(4096, 'm'));
    int fd = expect_ok(open("mapped-file", O_RDWR));
    void* at = expect_mapped(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0));
    std::string maps = guest::read_file("/proc/self/maps");
    char start[32];
    snprintf(start, sizeof start, "%lx-", reinterpret_cast<unsigned long>(at));
    expect(has(maps, start), "the mapping's address");
    std::string line = maps.substr(maps.find(start));
    line.resize(line.find('\n'));
    expect(has(line, " r--s 00000000 ") && has(line, "/mapped-file"), "its line");
    expect(has(maps, "[stack]"), "[stack]");
    expect(has(maps, "[heap]"), "[heap]");
    expect(has(maps, "[vdso]"), "[vdso]");
    expect(has(maps, "proc_view"), "the program");
    std::istringstream lines(maps);
    unsigned long end = 0;
    for (std::string each; std::getline(lines, each);) {
        unsigned long from = strtoul(each.c_str(), nullptr, 16);
        expect(from >= end, "in order, without overlap");
        end = strtoul(each.c_str() + each.find('-') + 1, nullptr, 16);
    }
}

GUEST_TEST("other processes: a child, a zombie, and nobody")
{
    guest::Gate gate;
    pid_t child = guest::in_child([&] {
        gate.wait();
        return 0;
    });
    std::string base = "/proc/" + std::to_string(child);
    guest::sleep_ms(30);
    expect(has(guest::read_file((base + "/status").c_str()), "State:\tS"), "asleep");
    gate.open();
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    expect(has(guest::read_file((base + "/status").c_str()), "State:\tZ"), "a zombie");
    expect_eq("", guest::read_file((base + "/cmdline").c_str()));
    guest::wait_for(child);
    expect_errno(ENOENT, access(base.c_str(), F_OK));
    expect_errno(ENOENT, access("/proc/4194305", F_OK));
}

GUEST_TEST("files about the machine can be read")
{
    expect(has(guest::read_file("/proc/meminfo"), "MemTotal:"), "meminfo");
    expect(has(guest::read_file("/proc/cpuinfo"), "processor\t: 0"), "cpuinfo");
    expect(has(guest::read_file("/proc/version"), "Linux version "), "version");
    expect(has(guest::read_file("/proc/stat"), "cpu0 "), "stat");
    expect(has(guest::read_file("/proc/filesystems"), "tmpfs"), "filesystems");
    expect(has(guest::read_file("/proc/self/mounts"), " / "), "mounts");
    expect(!guest::read_file("/proc/uptime").empty(), "uptime");
    expect(!guest::read_file("/proc/loadavg").empty(), "loadavg");
}
