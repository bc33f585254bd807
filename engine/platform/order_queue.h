// The orders given to one stub's order thread. Orders are queued in the ring at once and become visible together, by publish().
#pragma once

#include "engine/base/result.h"
#include "engine/platform/stub/layout.h"

#include <array>

namespace ringside::platform {

class OrderQueue {
public:
    /// `ack` is the eventfd that order threads write to, `pidfd` the stub.
    OrderQueue(stub::Orders& orders, int ack, int pidfd) : orders_(orders), ack_(ack), pidfd_(pidfd) { }

    /// Queues an order. When the ring is full it waits for the stub first; the orders of a dead stub vanish.
    void push(int nr, std::array<std::uint64_t, 6> args, stub::OrderKind kind, std::uint64_t extra);
    /// A call that must return 0.
    void push_checked(int nr, std::array<std::uint64_t, 6> args) { push(nr, args, stub::order_checked, 0); }
    /// Lengthens the last order by `length` where it is an unpublished one that this one only continues: neighbouring pages become one call.
    /// `offset_arg` is the argument that continues as the address does, -1 for none.
    bool extend_last(int nr, const std::array<std::uint64_t, 6>& args, int offset_arg);
    bool has_unpublished() const { return next_ != published_; }
    void publish();
    /// Publishes, and waits until all is carried out. ESRCH when the stub is dead. The answer comes through the kernel: an eventfd that
    /// only order threads may write to.
    Result<void> flush();
    /// The stub is known to be dead: from now on flush() says so.
    void stop() { dead_ = true; }

private:
    void put(int nr, std::array<std::uint64_t, 6> args, stub::OrderKind kind, std::uint64_t extra);

    stub::Orders& orders_;
    int ack_;
    int pidfd_;
    std::uint32_t next_ = 0;      ///< orders queued so far; wraps
    std::uint32_t published_ = 0;
    std::uint32_t done_ = 0;      ///< known to be carried out
    bool dead_ = false;
};

}
