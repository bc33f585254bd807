// A queue of byte runs; short ones are put together.
#include "engine/net/byte_queue.h"

#include <algorithm>

namespace ringside::net {

namespace {
constexpr std::size_t short_run = 4096;
}

void ByteQueue::append(std::vector<std::byte> bytes)
{
    if (bytes.empty())
        return;
    size_ += bytes.size();
    net_->memory += bytes.size();
    // Nobody else may be copying from the last run while it grows.
    if (!chunks_.empty() && chunks_.back()->ref_count() == 1 && chunks_.back()->bytes.size() + bytes.size() <= short_run) {
        auto& last = chunks_.back()->bytes;
        last.insert(last.end(), bytes.begin(), bytes.end());
        return;
    }
    auto chunk = make_ref<Chunk>();
    chunk->bytes = std::move(bytes);
    chunks_.push_back(std::move(chunk));
}

ByteQueue::Piece ByteQueue::at(std::size_t offset) const
{
    offset += front_taken_;
    for (const Ref<Chunk>& chunk : chunks_) {
        if (offset < chunk->bytes.size())
            return {chunk, std::span(chunk->bytes).subspan(offset)};
        offset -= chunk->bytes.size();
    }
    return {};
}

void ByteQueue::take(std::size_t count)
{
    size_ -= count;
    taken_ += count;
    net_->memory -= count;
    while (count > 0) {
        std::size_t part = std::min(count, chunks_.front()->bytes.size() - front_taken_);
        front_taken_ += part;
        count -= part;
        if (front_taken_ == chunks_.front()->bytes.size()) {
            chunks_.pop_front();
            front_taken_ = 0;
        }
    }
}

}
