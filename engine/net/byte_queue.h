// The bytes of a stream that wait to be read, in the order they were sent. Counted in the sandbox' account of socket memory.
#pragma once

#include "engine/net/net_state.h"

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

namespace ringside::net {

class ByteQueue {
public:
    /// A run of bytes; whoever copies from it holds it, since copying may wait and others read meanwhile.
    struct Chunk final : RefCounted {
        std::vector<std::byte> bytes;
    };
    struct Piece {
        Ref<Chunk> chunk; ///< null: nothing is there
        std::span<const std::byte> bytes;
    };
    explicit ByteQueue(Ref<NetState> net) : net_(std::move(net)) { }
    ~ByteQueue() { clear(); }
    ByteQueue(const ByteQueue&) = delete;
    ByteQueue& operator=(const ByteQueue&) = delete;

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    /// How many bytes have been taken since the beginning: where its front stands in the stream.
    std::uint64_t taken() const { return taken_; }
    void append(std::vector<std::byte> bytes);
    /// What lies together at `offset` from the front.
    Piece at(std::size_t offset) const;
    void take(std::size_t count);
    void clear() { take(size_); }

private:
    Ref<NetState> net_;
    std::deque<Ref<Chunk>> chunks_;
    std::size_t front_taken_ = 0;
    std::size_t size_ = 0;
    std::uint64_t taken_ = 0;
};

}
