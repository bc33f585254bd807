// The event ring's shared memory, made by the supervisor and passed to the Sentry.
#pragma once

#include "engine/session/unique_fd.h"

#include <cstddef>
#include <span>

namespace ringside::session {

class RingMemory {
public:
    RingMemory() = default;
    /// Not valid() where the host has no memory for it. The size cannot be changed by the other side.
    static RingMemory create();
    RingMemory(RingMemory&& other) noexcept : file_(std::move(other.file_)), bytes_(std::exchange(other.bytes_, {})) { }
    RingMemory& operator=(RingMemory&& other) noexcept
    {
        std::swap(file_, other.file_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~RingMemory();
    bool valid() const { return !bytes_.empty(); }
    int descriptor() const { return file_.get(); }
    std::span<std::byte> bytes() const { return bytes_; }

private:
    UniqueFd file_;
    std::span<std::byte> bytes_;
};

}
