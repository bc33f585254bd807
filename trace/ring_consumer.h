// The recorder's side of the event ring: copies each record out once and checks its frame. The other side may be broken or
// hostile: nothing in the shared memory is read twice, and nothing is believed that was not copied before.
#pragma once

#include "trace/ring.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ringside::trace {

/// A record in the consumer's own memory: header, body and payload. Valid until the next call of next().
struct RecordCopy {
    RecordHeader header{};
    std::span<const std::byte> bytes; ///< `header.size` bytes, the header included
};

class RingConsumer {
public:
    enum class Next { record, empty, bad };

    explicit RingConsumer(std::span<std::byte> shared);

    /// Copies the next record out. After `bad`, message() says why and every later call answers `bad`.
    Next next(RecordCopy& record);

    /// Everything copied so far may be overwritten: call after COMMIT. Wakes a producer that waits.
    void release();

    /// Tells the producer to write no more.
    void close();

    /// Sleeps until something is published or `timeout` has passed. `eager`: any record will do; else only much of it or what
    /// is urgent. A wake-up may be missed when not urgent: `timeout` bounds it.
    void wait(std::chrono::milliseconds timeout, bool eager);

    /// Wakes a wait() in another thread.
    void wake();

    std::uint64_t taken() const { return taken_; }      ///< bytes copied out since the start, frames included
    std::uint64_t unreleased() const { return taken_ - released_; }
    const std::string& message() const { return message_; }

private:
    Next fail(std::string message);
    bool refresh();

    RingShared* shared_;
    std::span<std::byte> area_;
    std::vector<std::byte> copy_;
    std::uint64_t taken_ = 0;
    std::uint64_t written_ = 0; ///< the producer's position as last seen and checked
    std::uint64_t released_ = 0;
    bool bad_ = false;
    std::string message_;
};

}
