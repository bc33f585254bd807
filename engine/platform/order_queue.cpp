// The orders given to one stub's order thread.

#include "engine/platform/order_queue.h"

#include "engine/boundary/host_call.h"

#include <atomic>
#include <linux/futex.h>
#include <poll.h>

namespace ringside::platform {

void OrderQueue::put(int nr, std::array<std::uint64_t, 6> args, stub::OrderKind kind, std::uint64_t extra)
{
    stub::Order& order = orders_.ring[next_ % stub::ring_orders];
    order.nr = static_cast<std::uint32_t>(nr);
    order.kind = kind;
    for (std::size_t i = 0; i < args.size(); ++i)
        order.args[i] = args[i];
    order.extra = extra;
    ++next_;
}

void OrderQueue::push(int nr, std::array<std::uint64_t, 6> args, stub::OrderKind kind, std::uint64_t extra)
{
    // One place stays free for the order that asks for the answer.
    if (next_ - done_ >= stub::ring_orders - 1)
        static_cast<void>(flush().ok());
    if (!dead_)
        put(nr, args, kind, extra);
}

bool OrderQueue::extend_last(int nr, const std::array<std::uint64_t, 6>& args, int offset_arg)
{
    if (!has_unpublished())
        return false;
    stub::Order& last = orders_.ring[(next_ - 1) % stub::ring_orders];
    if (last.nr != static_cast<std::uint32_t>(nr) || last.args[0] + last.args[1] != args[0])
        return false;
    for (int i = 2; i < 6; ++i) {
        auto at = static_cast<std::size_t>(i);
        std::uint64_t expected = last.args[at] + (i == offset_arg ? last.args[1] : 0);
        if (args[at] != expected)
            return false;
    }
    last.args[1] += args[1];
    return true;
}

void OrderQueue::publish()
{
    if (!has_unpublished())
        return;
    std::atomic_ref(orders_.head).store(next_, std::memory_order_release);
    published_ = next_;
    static_cast<void>(host::call(SYS_futex, &orders_.head, FUTEX_WAKE, 1).ok());
}

Result<void> OrderQueue::flush()
{
    if (dead_)
        return Errno(ESRCH);
    if (next_ == done_)
        return {};
    put(SYS_write, {stub::ack_fd, stub::ack_word, sizeof(std::uint64_t)}, stub::order_checked, sizeof(std::uint64_t));
    publish();
    for (;;) {
        std::array<pollfd, 2> waits {pollfd {ack_, POLLIN, 0}, pollfd {pidfd_, POLLIN, 0}};
        Result<long> ready = host::call(SYS_ppoll, waits.data(), waits.size(), nullptr, nullptr, 0);
        if (!ready.ok() && ready.error() == EINTR)
            continue;
        if (!ready.ok())
            return ready.error();
        // The descriptor belongs to all stubs, but only one flush is ever under way. A stub's last answer is taken even when it is dead:
        // it must not be taken for another's.
        std::uint64_t count = 0;
        bool answered = host::call(SYS_read, ack_, &count, sizeof count).ok();
        if (waits[1].revents != 0) {
            dead_ = true;
            return Errno(ESRCH);
        }
        if (answered) {
            done_ = next_;
            return {};
        }
    }
}

}
