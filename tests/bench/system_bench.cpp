// The guest of run_bench: one measurement a run, its result on the last line of standard output. Usage: system-bench NAME ROUNDS
// Each prints nanoseconds a round. The same binary runs natively, inside, recorded, under strace and under runsc.
#include "measure.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/futex.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

void check(bool good, const char* what)
{
    if (!good)
        fail(what);
}

void null_call(long rounds)
{
    for (long i = 0; i < rounds; ++i)
        syscall(SYS_getppid);
}

void read_from(const char* path, std::size_t size, long rounds)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd >= 0, path);
    std::vector<char> buffer(size);
    for (long i = 0; i < rounds; ++i)
        check(pread(fd, buffer.data(), size, 0) == static_cast<ssize_t>(size), "pread");
    close(fd);
}

void pipe_alone(std::size_t size, long rounds)
{
    int ends[2];
    check(pipe(ends) == 0, "pipe");
    std::vector<char> buffer(size);
    for (long i = 0; i < rounds; ++i) {
        check(write(ends[1], buffer.data(), size) == static_cast<ssize_t>(size), "write");
        check(read(ends[0], buffer.data(), size) == static_cast<ssize_t>(size), "read");
    }
}

void stat_file(long rounds)
{
    struct stat status {};
    for (long i = 0; i < rounds; ++i)
        check(stat("/usr/bin/env", &status) == 0, "stat");
}

void open_close(long rounds)
{
    for (long i = 0; i < rounds; ++i) {
        int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
        check(fd >= 0, "open");
        close(fd);
    }
}

void pipe_ping_pong(long rounds)
{
    int there[2], back[2];
    check(pipe(there) == 0 && pipe(back) == 0, "pipe");
    pid_t child = fork();
    char byte = 0;
    if (child == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            check(write(back[1], &byte, 1) == 1, "write");
        _exit(0);
    }
    for (long i = 0; i < rounds; ++i) {
        check(write(there[1], &byte, 1) == 1, "write");
        check(read(back[0], &byte, 1) == 1, "read");
    }
    close(there[1]);
    waitpid(child, nullptr, 0);
}

void futex_ping_pong(long rounds)
{
    std::atomic<int> turn {0};
    auto take_turns = [&](int own) {
        for (long i = 0; i < rounds; ++i) {
            for (int seen = turn.load(); seen != own; seen = turn.load())
                syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, nullptr);
            turn.store(1 - own);
            syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
        }
    };
    std::thread other(take_turns, 1);
    take_turns(0);
    other.join();
}

void map_touch_unmap(long rounds)
{
    constexpr std::size_t size = 64 << 10;
    for (long i = 0; i < rounds; ++i) {
        void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        check(at != MAP_FAILED, "mmap");
        for (std::size_t offset = 0; offset < size; offset += 4096)
            static_cast<volatile char*>(at)[offset] = 1;
        munmap(at, size);
    }
}

/// A round is a page.
void first_touch(long rounds)
{
    std::size_t size = static_cast<std::size_t>(rounds) * 4096;
    void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(at != MAP_FAILED, "mmap");
    for (std::size_t offset = 0; offset < size; offset += 4096)
        static_cast<volatile char*>(at)[offset] = 1;
}

/// A round is a page that a child writes to after a fork; the fork is in the figure, too.
void copy_on_write(long rounds)
{
    std::size_t size = static_cast<std::size_t>(rounds) * 4096;
    char* at = static_cast<char*>(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    check(at != MAP_FAILED, "mmap");
    std::memset(at, 1, size);
    double began = now_ns();
    pid_t child = fork();
    if (child == 0) {
        for (std::size_t offset = 0; offset < size; offset += 4096)
            static_cast<volatile char*>(at)[offset] = 2;
        _exit(0);
    }
    waitpid(child, nullptr, 0);
    std::printf("%.1f\n", (now_ns() - began) / static_cast<double>(rounds));
    std::exit(0);
}

void fork_wait(bool exec, long rounds, const char* self)
{
    for (long i = 0; i < rounds; ++i) {
        pid_t child = fork();
        if (child == 0) {
            if (exec)
                execl(self, self, nullptr);
            _exit(exec ? 127 : 0);
        }
        int status = 0;
        check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a child");
    }
}

void read_clock(long rounds)
{
    timespec now {};
    for (long i = 0; i < rounds; ++i)
        clock_gettime(CLOCK_MONOTONIC, &now);
}

}

int main(int argc, char** argv)
{
    if (argc < 3)
        return 0; // what fork_exec executes
    std::string name = argv[1];
    long rounds = std::max(std::atol(argv[2]), 1L);
    double began = now_ns();
    if (name == "null") null_call(rounds);
    else if (name == "read_1") read_from("/usr/bin/bash", 1, rounds);
    else if (name == "read_64k") read_from("/usr/bin/bash", 64 << 10, rounds);
    else if (name == "zero_64k") read_from("/dev/zero", 64 << 10, rounds);
    else if (name == "pipe_1") pipe_alone(1, rounds);
    else if (name == "pipe_64k") pipe_alone(64 << 10, rounds);
    else if (name == "stat") stat_file(rounds);
    else if (name == "open_close") open_close(rounds);
    else if (name == "pipe_ping_pong") pipe_ping_pong(rounds);
    else if (name == "futex_ping_pong") futex_ping_pong(rounds);
    else if (name == "map_touch_unmap") map_touch_unmap(rounds);
    else if (name == "first_touch") first_touch(rounds);
    else if (name == "copy_on_write") copy_on_write(rounds);
    else if (name == "fork_exit") fork_wait(false, rounds, argv[0]);
    else if (name == "fork_exec") fork_wait(true, rounds, argv[0]);
    else if (name == "clock_gettime") read_clock(rounds);
    else {
        std::fprintf(stderr, "system-bench: no measurement is called %s\n", argv[1]);
        return 2;
    }
    std::printf("%.1f\n", (now_ns() - began) / static_cast<double>(rounds));
}
