// Where the bytes of a read go and where those of a write come from: guest memory (one range or an iovec), or the kernel's own.
// It remembers how far it came, so that a file that moves bytes in pieces stays simple.
#pragma once

#include "engine/kernel/task.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ringside::kernel {

class IoBuffer {
public:
    struct Range {
        GuestAddr start;
        std::uint64_t length;
    };
    /// Guest memory. Ranges are checked against the address space when they are touched.
    IoBuffer(Task& task, std::vector<Range> ranges);
    IoBuffer(Task& task, GuestAddr start, std::uint64_t length) : IoBuffer(task, {Range {start, length}}) { }
    /// Kernel memory, for sendfile, exec and the like.
    IoBuffer(Task& task, std::span<std::byte> kernel_memory);

    Task& task() const { return task_; }
    std::uint64_t remaining() const;
    std::uint64_t done() const;
    /// How many of the next `wanted` bytes put() would take: for sources whose bytes are lost when they cannot be put.
    std::uint64_t room(std::uint64_t wanted) const;
    /// Copies into it and moves on. The bytes copied: fewer than given only at a fault or when it is full; EFAULT when none could be.
    Result<std::size_t> put(std::span<const std::byte> bytes);
    /// The other way round, for writes.
    Result<std::size_t> get(std::span<std::byte> bytes);

private:
    template<typename Move>
    Result<std::size_t> walk(std::size_t wanted, bool write, Move&& move);
    Task& task_;
    std::vector<Range> ranges_;
    std::span<std::byte> kernel_;
    std::size_t index_ = 0;
    std::uint64_t offset_ = 0;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
};

}
