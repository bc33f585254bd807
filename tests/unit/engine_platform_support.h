// A small machine for tests of the platform: a memory file, a platform, one address space with a code and a data page, one thread.
#pragma once

#include "engine/platform/platform.h"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstring>
#include <ctime>
#include <span>
#include <string_view>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace ringside::platform::testing {

constexpr GuestAddr code_at {0x40'0000};
constexpr GuestAddr data_at {0x50'0000};
constexpr std::uint64_t code_offset = 0x0;
constexpr std::uint64_t data_offset = 0x1'0000;
constexpr std::uint64_t memory_size = 64 << 20;
constexpr Prot read_exec = Prot::read | Prot::exec;
constexpr Prot read_write = Prot::read | Prot::write;

inline std::uint64_t clock_ns()
{
    timespec t {};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

class Memory {
public:
    Memory() : fd_(memfd_create("ringside-memory", MFD_CLOEXEC))
    {
        REQUIRE(ftruncate(fd_, memory_size) == 0);
        base_ = static_cast<std::byte*>(mmap(nullptr, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0));
        REQUIRE(base_ != MAP_FAILED);
    }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory()
    {
        munmap(base_, memory_size);
        close(fd_);
    }
    int fd() const { return fd_; }
    template<typename T>
    T& at(std::uint64_t offset)
    {
        return *reinterpret_cast<T*>(base_ + offset);
    }
    void put(std::uint64_t offset, std::span<const std::byte> bytes) { std::memcpy(base_ + offset, bytes.data(), bytes.size()); }

private:
    int fd_;
    std::byte* base_;
};

class Machine {
public:
    explicit Machine(bool trap_tsc = false, bool trap_cpuid = false, int cpu = 0, const HostClocks* host_clocks = nullptr)
    {
        auto made = make_stub_platform({.memory_file = memory.fd(), .trap_tsc = trap_tsc, .trap_cpuid = trap_cpuid, .host_clocks = host_clocks, .cpu = cpu});
        REQUIRE(made.ok());
        platform = std::move(made).value();
        space = new_space();
    }
    std::unique_ptr<AddressSpace> new_space()
    {
        auto made = platform->create_address_space();
        REQUIRE(made.ok());
        auto result = std::move(made).value();
        result->map(code_at, 0x1'0000, read_exec, code_offset);
        result->map(data_at, 0x1'0000, read_write, data_offset);
        return result;
    }
    /// A thread at `code`, which is put at the start of the code page.
    std::unique_ptr<Thread> start(std::span<const std::byte> code)
    {
        memory.put(code_offset, code);
        return thread_at(*space, code_at);
    }
    std::unique_ptr<Thread> thread_at(AddressSpace& where, GuestAddr rip)
    {
        auto made = where.create_thread();
        REQUIRE(made.ok());
        auto thread = std::move(made).value();
        thread->registers().rip = rip.value();
        return thread;
    }
    /// The next event; fails the test when none comes in `seconds`.
    Event next(unsigned seconds = 10)
    {
        auto event = platform->wait(clock_ns() + seconds * 1'000'000'000ULL);
        REQUIRE(event);
        return *event;
    }
    Event run(Thread& thread)
    {
        thread.resume();
        Event event = next();
        REQUIRE(event.thread == &thread);
        return event;
    }

    Memory memory;
    std::unique_ptr<Platform> platform;
    std::unique_ptr<AddressSpace> space;
};

inline std::span<const std::byte> bytes(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

}
