// The producer's side of the event ring. Runs in the Sentry on the path of every event: a reserve and a publish are a few
// plain instructions and one store that others see, unless the ring is full.
#include "trace/ring.h"

#include <bit>
#include <new>

namespace ringside::trace {

static_assert(sizeof(RingShared) <= ring_data_offset);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);

std::size_t ring_capacity(std::span<const std::byte> shared)
{
    if (shared.size() < ring_data_offset + ring_min_capacity)
        return 0;
    return std::bit_floor(shared.size() - ring_data_offset);
}

void ring_init(std::span<std::byte> shared)
{
    new (shared.data()) RingShared{};
}

RingProducer::RingProducer(std::span<std::byte> shared, FutexWait wait, FutexWake wake)
    : shared_(reinterpret_cast<RingShared*>(shared.data()))
    , area_(shared.subspan(ring_data_offset, ring_capacity(shared)))
    , limit_(area_.size())
    , threshold_(area_.size() / 2) // what is recorded quickly is written when the processors have time again
    , wait_(wait)
    , wake_(wake)
{
}

bool RingProducer::closed() const
{
    return shared_->closed.load(std::memory_order_acquire) != 0;
}

std::span<std::byte> RingProducer::reserve(std::size_t size)
{
    if (size < sizeof(RecordHeader) || size > ring_max_record || area_.empty() || closed()) [[unlikely]]
        return {};
    std::uint64_t padded = (size + 7) & ~std::uint64_t{7};
    std::uint64_t place = reserved_ & (area_.size() - 1);
    std::uint64_t rest = area_.size() - place;
    std::uint64_t skip = rest < padded ? rest : 0;
    if (reserved_ + skip + padded > limit_ && !wait_for(reserved_ + skip + padded)) [[unlikely]]
        return {};
    if (skip != 0) [[unlikely]] {
        new (area_.data() + place) RecordHeader{static_cast<std::uint32_t>(skip), RecordKind{0}, 0};
        place = 0;
    }
    reserved_ += skip + padded;
    return area_.subspan(place, size);
}

void RingProducer::publish(bool urgent)
{
    if (reserved_ == published_)
        return;
    published_ = reserved_;
    // A release store, so that it costs nothing here. A consumer that goes to sleep at this very moment may miss it; it never
    // sleeps longer than its commit interval where that matters. An urgent one is ordered before the look at the flag.
    shared_->written.store(published_, urgent ? std::memory_order_seq_cst : std::memory_order_release);
    std::uint32_t waits = shared_->consumer_waits.load(urgent ? std::memory_order_seq_cst : std::memory_order_relaxed);
    if (waits == 0) [[likely]]
        return;
    bool much = published_ + area_.size() - limit_ >= threshold_
        && published_ - shared_->released.load(std::memory_order_relaxed) >= threshold_;
    if (!urgent && waits != 2 && !much)
        return;
    if (shared_->consumer_waits.exchange(0) != 0) {
        shared_->written_word.fetch_add(1);
        wake_(&shared_->written_word);
    }
}

bool RingProducer::wait_for(std::uint64_t end)
{
    for (;;) {
        limit_ = shared_->released.load(std::memory_order_acquire) + area_.size();
        if (end <= limit_)
            return true;
        publish(true);
        if (shared_->consumer_waits.exchange(0) != 0) { // it may sleep on although all was published before
            shared_->written_word.fetch_add(1);
            wake_(&shared_->written_word);
        }
        std::uint32_t word = shared_->released_word.load();
        shared_->producer_waits.store(1);
        // The other side sets released (or closed) first and looks at the flag then: one of the two sees the other.
        if (shared_->released.load() + area_.size() >= end)
            continue;
        if (closed())
            return false;
        wait_(&shared_->released_word, word);
        if (closed())
            return false;
    }
}

}
