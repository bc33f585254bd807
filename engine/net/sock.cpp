// What all sockets have in common (net/core/sock.c, net/socket.c).
#include "engine/net/sock.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"
#include "engine/net/interfaces.h"

#include <climits>
#include <sys/epoll.h>
#include <sys/ioctl.h>

namespace ringside::net {

Patience Patience::of(bool dont_wait, const std::optional<Nanoseconds>& timeout)
{
    if (dont_wait || (timeout && *timeout == 0))
        return {true, {}};
    if (!timeout)
        return {};
    return {false, kernel::monotonic_now() + *timeout};
}

Sock::Sock(Ref<NetState> net, int family, int type, int protocol)
    : family(family)
    , type(type)
    , protocol(protocol)
    , net_(std::move(net))
    , place_(net_->socks.insert(net_->socks.end(), this))
{
}

Sock::~Sock()
{
    net_->socks.erase(place_);
}

Result<void> Sock::bind(Task&, const SocketAddress&) { return Errno(EOPNOTSUPP); }
Result<void> Sock::listen(Task&, int) { return Errno(EOPNOTSUPP); }
Result<Ref<Sock>> Sock::accept(Task&, bool) { return Errno(EOPNOTSUPP); }
Result<void> Sock::connect(Task&, const SocketAddress&, bool) { return Errno(EOPNOTSUPP); }
Result<void> Sock::pair(Task&, Sock&) { return Errno(EOPNOTSUPP); }
Result<void> Sock::shutdown(Task&, int) { return Errno(EOPNOTSUPP); }

Result<long> Sock::ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    switch (request) {
    case FIONREAD:
        TRY(task.copy_out(GuestPtr<int>(argument), TRY(readable_bytes())));
        return 0;
    case TIOCOUTQ:
        if (state == State::listening)
            return Errno(EINVAL);
        TRY(task.copy_out(GuestPtr<int>(argument), unsent_bytes()));
        return 0;
    default:
        return interface_ioctl(task, request, argument);
    }
}

void Sock::report_error(int error)
{
    error_ = error;
    queue.wake_all();
}

void Sock::uncharge(std::size_t bytes)
{
    charged_ -= bytes;
    send_space();
}

void Sock::send_space()
{
    queue.wake_all(writable_events);
}

Result<void> Sock::wait(Task& task, kernel::WaitQueue& where, const Patience& patience, PollMask events, bool exclusive)
{
    if (patience.none)
        return Errno(EAGAIN);
    kernel::Sleeper sleeper(task);
    sleeper.stand_in(where, events, exclusive);
    auto slept = sleeper.sleep(patience.deadline);
    if (slept.ok())
        return {};
    if (slept.error() == ETIMEDOUT)
        return Errno(EAGAIN);
    if (slept.error() == ERESTARTSYS && patience.deadline)
        return Errno(EINTR); // sock_intr_errno
    return slept.error();
}

std::size_t Sock::low_water(int flags, std::uint64_t wanted) const
{
    std::uint64_t target = flags & MSG_WAITALL ? wanted : std::min<std::uint64_t>(static_cast<std::uint64_t>(options.low_water), wanted);
    return std::max<std::size_t>(1, target);
}

std::size_t Sock::peek_start(const Incoming& message) const
{
    return message.peek() && options.peek_offset > 0 ? static_cast<std::size_t>(options.peek_offset) : 0;
}

Datagram Sock::next_datagram(const std::deque<Ref<Packet>>& received, const Incoming& message) const
{
    std::size_t skip = peek_start(message); // __skb_try_recv_from_queue
    for (const Ref<Packet>& packet : received) {
        if (skip == 0 || skip < packet->data.size())
            return {packet, skip};
        skip -= packet->data.size();
    }
    return {};
}

Result<std::size_t> Sock::give_datagram(Incoming& message, const Datagram& datagram)
{
    auto bytes = std::span(datagram.packet->data).subspan(datagram.skip);
    std::size_t part = std::min<std::size_t>(bytes.size(), message.data.remaining());
    if (part < bytes.size())
        message.result_flags |= MSG_TRUNC;
    if (part > 0 && TRY(message.data.put(bytes.first(part))) < part)
        return Errno(EFAULT);
    if (message.peek())
        peeked(part);
    else
        consumed(bytes.size());
    return message.flags & MSG_TRUNC ? bytes.size() : part;
}

void Sock::peeked(std::size_t bytes)
{
    if (options.peek_offset >= 0)
        options.peek_offset += static_cast<int>(bytes);
}

void Sock::consumed(std::size_t bytes)
{
    if (options.peek_offset >= 0)
        options.peek_offset = std::max(0, options.peek_offset - static_cast<int>(bytes));
}

void Sock::add_timestamp(Incoming& message, Nanoseconds time) const
{
    if (options.timestamp == SO_TIMESTAMP)
        message.control.push_back(ControlMessage::of(SOL_SOCKET, SO_TIMESTAMP, kernel::to_timeval(time)));
    else if (options.timestamp == SO_TIMESTAMPNS)
        message.control.push_back(ControlMessage::of(SOL_SOCKET, SO_TIMESTAMPNS, kernel::to_timespec(time)));
}

}
