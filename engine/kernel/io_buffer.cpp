// IoBuffer: walks guest ranges or kernel memory.

#include "engine/kernel/io_buffer.h"

#include "engine/mm/address_space.h"

#include <algorithm>
#include <cstring>

namespace ringside::kernel {

IoBuffer::IoBuffer(Task& task, std::vector<Range> ranges)
    : task_(task)
    , ranges_(std::move(ranges))
{
    for (const Range& range : ranges_)
        total_ += range.length;
}

IoBuffer::IoBuffer(Task& task, std::span<std::byte> kernel_memory)
    : task_(task)
    , kernel_(kernel_memory)
    , total_(kernel_memory.size())
{
}

std::uint64_t IoBuffer::remaining() const
{
    return total_ - done_;
}

std::uint64_t IoBuffer::done() const
{
    return done_;
}

template<typename Move>
Result<std::size_t> IoBuffer::walk(std::size_t wanted, bool write, Move&& move)
{
    std::size_t moved = 0;
    while (moved < wanted && index_ < ranges_.size()) {
        const Range& range = ranges_[index_];
        if (offset_ == range.length) {
            ++index_;
            offset_ = 0;
            continue;
        }
        auto start = range.start.plus(offset_);
        std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(wanted - moved, range.length - offset_));
        Result<void> done = start.ok() ? move(start.value(), moved, n) : Result<void>(start.error());
        bool fault = !done.ok();
        if (fault && start.ok()) {
            // As far as it goes: a partial count is an answer, a fault is one only where nothing could be moved.
            n = static_cast<std::size_t>(task_.mm().accessible(task_, start.value(), n, write));
            if (n == 0 || !move(start.value(), moved, n).ok())
                n = 0;
        } else if (fault) {
            n = 0;
        }
        moved += n;
        offset_ += n;
        done_ += n;
        if (fault)
            return moved > 0 ? Result<std::size_t>(moved) : Result<std::size_t>(done.error());
    }
    return moved;
}

std::uint64_t IoBuffer::room(std::uint64_t wanted) const
{
    if (ranges_.empty())
        return std::min<std::uint64_t>(wanted, remaining());
    std::uint64_t found = 0, offset = offset_;
    for (std::size_t i = index_; i < ranges_.size() && found < wanted; ++i, offset = 0) {
        std::uint64_t length = std::min(ranges_[i].length - offset, wanted - found);
        auto start = ranges_[i].start.plus(offset);
        std::uint64_t reached = start.ok() ? task_.mm().accessible(task_, start.value(), length, true) : 0;
        found += reached;
        if (reached < length)
            break;
    }
    return found;
}

Result<std::size_t> IoBuffer::put(std::span<const std::byte> bytes)
{
    if (ranges_.empty()) {
        std::size_t n = std::min<std::size_t>(bytes.size(), kernel_.size() - done_);
        std::copy_n(bytes.begin(), n, kernel_.begin() + static_cast<std::ptrdiff_t>(done_));
        done_ += n;
        return n;
    }
    return walk(bytes.size(), true, [&](GuestAddr at, std::size_t from, std::size_t n) { return task_.copy_out(at, bytes.subspan(from, n)); });
}

Result<std::size_t> IoBuffer::get(std::span<std::byte> bytes)
{
    if (ranges_.empty()) {
        std::size_t n = std::min<std::size_t>(bytes.size(), kernel_.size() - done_);
        std::copy_n(kernel_.begin() + static_cast<std::ptrdiff_t>(done_), n, bytes.begin());
        done_ += n;
        return n;
    }
    return walk(bytes.size(), false, [&](GuestAddr at, std::size_t from, std::size_t n) { return task_.copy_in(at, bytes.subspan(from, n)); });
}

}
