// See ring_consumer.h. The frame is checked here (sizes, kinds, places), what a record says in record_check.cpp.
#include "trace/ring_consumer.h"

#include "trace/error.h"
#include "trace/futex.h"

#include <cstring>

#include <fmt/format.h>

namespace ringside::trace {

RingConsumer::RingConsumer(std::span<std::byte> shared)
    : shared_(reinterpret_cast<RingShared*>(shared.data()))
{
    std::size_t capacity = ring_capacity(shared);
    if (capacity == 0)
        throw Error(fmt::format("The event ring is too small: {} bytes.", shared.size()));
    area_ = shared.subspan(ring_data_offset, capacity);
    copy_.resize(ring_max_record);
}

RingConsumer::Next RingConsumer::fail(std::string message)
{
    bad_ = true;
    message_ = std::move(message);
    return Next::bad;
}

bool RingConsumer::refresh()
{
    std::uint64_t written = shared_->written.load(std::memory_order_acquire);
    if (written < written_ || written % 8 != 0 || written - released_ > area_.size()) {
        fail(fmt::format("impossible ring position {} after {}", written, written_));
        return false;
    }
    written_ = written;
    return true;
}

RingConsumer::Next RingConsumer::next(RecordCopy& record)
{
    if (bad_)
        return Next::bad;
    for (;;) {
        if (taken_ == written_) {
            if (!refresh())
                return Next::bad;
            if (taken_ == written_)
                return Next::empty;
        }
        std::uint64_t available = written_ - taken_;
        std::uint64_t place = taken_ & (area_.size() - 1);
        std::uint64_t rest = area_.size() - place;
        RecordHeader header;
        std::memcpy(&header, area_.data() + place, sizeof header);
        std::uint64_t padded = (std::uint64_t{header.size} + 7) & ~std::uint64_t{7};
        if (header.size < sizeof header || padded > rest || padded > available)
            return fail(fmt::format("a record of {} bytes where {} are left", header.size, std::min(rest, available)));
        if (header.kind == RecordKind{0}) {
            if (header.size != rest)
                return fail("a skip that does not end where the ring ends");
            taken_ += padded;
            continue;
        }
        if (header.size > ring_max_record || header.kind > RecordKind::end)
            return fail(fmt::format("a record of kind {} and {} bytes", static_cast<unsigned>(header.kind), header.size));
        // The header that was checked is the one that is used: the bytes behind it are copied once.
        std::memcpy(copy_.data(), &header, sizeof header);
        std::memcpy(copy_.data() + sizeof header, area_.data() + place + sizeof header, header.size - sizeof header);
        record.header = header;
        record.bytes = std::span<const std::byte>(copy_).first(header.size);
        taken_ += padded;
        return Next::record;
    }
}

void RingConsumer::release()
{
    if (released_ == taken_)
        return;
    released_ = taken_;
    shared_->released.store(released_);
    if (shared_->producer_waits.exchange(0) != 0) {
        shared_->released_word.fetch_add(1);
        futex_wake(&shared_->released_word);
    }
}

void RingConsumer::close()
{
    shared_->closed.store(1);
    shared_->producer_waits.store(0);
    shared_->released_word.fetch_add(1);
    futex_wake(&shared_->released_word);
}

void RingConsumer::wait(std::chrono::milliseconds timeout, bool eager)
{
    if (bad_)
        return;
    std::uint32_t word = shared_->written_word.load();
    shared_->consumer_waits.store(eager ? 2 : 1);
    if (shared_->written.load() - written_ <= (eager ? 0 : area_.size() / 4))
        futex_wait(&shared_->written_word, word, timeout);
    shared_->consumer_waits.store(0);
}

void RingConsumer::wake()
{
    shared_->written_word.fetch_add(1);
    futex_wake(&shared_->written_word);
}

}
