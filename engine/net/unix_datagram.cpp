// unix(7): datagrams and sequenced packets (net/unix/af_unix.c, unix_dgram_*).
#include "engine/net/unix_sock.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/thread_group.h"

namespace ringside::net {

namespace {
constexpr std::size_t linear_limit = 16064; // SKB_MAX_ALLOC
constexpr std::size_t page_limit = 17 * 4096;
}

Result<void> UnixSock::connect_datagram(Task& task, const SocketAddress& address)
{
    if (address.size() < sizeof(sa_family_t))
        return Errno(EINVAL);
    Ref<UnixSock> other;
    if (address.family() != AF_UNSPEC) {
        TRY(check_address(address));
        if (options.pass_credentials)
            TRY(autobind());
        other = TRY(find(task, address));
        if (!may_send_to(*other))
            return Errno(EPERM);
    }
    Ref<UnixSock> before = std::exchange(peer_, other);
    state = other ? State::established : State::closed;
    peer_waiter_.leave();
    if (before && before != other) {
        queue.wake_all(writable_events);
        disconnected(*before);
    }
    return {};
}

void UnixSock::disconnected(UnixSock& other)
{
    if (received_.empty())
        return;
    net().dispose(std::exchange(received_, {}));
    peer_queue_.wake_all();
    if (!other.released && other.peer_.get() == this)
        other.report_error(ECONNRESET);
}

Result<std::size_t> UnixSock::send(Task& task, Outgoing& message)
{
    if (type == SOCK_STREAM)
        return send_stream(task, message);
    if (type == SOCK_SEQPACKET) {
        if (int error = take_error())
            return Errno(error);
        if (state != State::established)
            return Errno(ENOTCONN);
        message.to = {};
    }
    return send_datagram(task, message);
}

Result<std::size_t> UnixSock::receive(Task& task, Incoming& message)
{
    if (type == SOCK_STREAM)
        return receive_stream(task, message);
    if (type == SOCK_SEQPACKET && state != State::established)
        return Errno(ENOTCONN);
    return receive_datagram(task, message);
}

Result<void> UnixSock::wait_for_room(Task& task, const Outgoing& message)
{
    const Patience patience = send_patience(message.dont_wait());
    for (;;) {
        if (int error = take_error())
            return Errno(error);
        if (shut & send_shut)
            return Errno(EPIPE);
        if (has_send_room())
            break;
        TRY(wait(task, queue, patience, writable_events));
    }
    if (net().short_of_memory())
        return Errno(ENOBUFS);
    return {};
}

Ref<Packet> UnixSock::make_packet(Task& task, const Outgoing& message, std::vector<std::byte> data, std::size_t charge, const UnixSock& other)
{
    auto packet = make_ref<Packet>(net_ref(), Ref<Sock>(this), std::move(data), charge);
    packet->rights = message.rights;
    packet->credentials = message.credentials;
    // maybe_add_creds: only where one of the two asks for them, or the other side has not been accepted yet.
    if (!packet->credentials && (options.pass_credentials || !other.file || other.options.pass_credentials))
        packet->credentials = ucred {task.group().tgid(), task.credentials().uid, task.credentials().gid};
    packet->from = name_;
    return packet;
}

void UnixSock::deliver(Ref<Packet> packet)
{
    received_.push_back(std::move(packet));
    queue.wake_one(readable_events);
}

Result<Ref<UnixSock>> UnixSock::datagram_target(Task& task, const Outgoing& message)
{
    const Patience patience = send_patience(message.dont_wait());
    Ref<UnixSock> other = message.to.empty() ? peer_ : Ref<UnixSock>();
    for (;;) {
        if (!other) {
            if (message.to.empty())
                return Errno(ECONNRESET);
            other = TRY(find(task, message.to));
        }
        if (!may_send_to(*other))
            return Errno(EPERM);
        if (other->released) {
            if (type == SOCK_SEQPACKET)
                return Errno(EPIPE);
            if (peer_ == other) {
                peer_ = {};
                state = State::closed;
                peer_waiter_.leave();
                queue.wake_all(writable_events);
                disconnected(*other);
                return Errno(ECONNREFUSED);
            }
            other = {};
            continue;
        }
        if (other->shut & receive_shut)
            return Errno(EPIPE);
        if (other.get() == this || other->peer_.get() == this || !other->queue_full())
            return other;
        TRY(wait(task, other->peer_queue_, patience, ~PollMask {0}, true));
        if (!message.to.empty())
            other = {};
    }
}

Result<std::size_t> UnixSock::send_datagram(Task& task, Outgoing& message)
{
    if (message.flags & MSG_OOB)
        return Errno(EOPNOTSUPP);
    if (!message.to.empty())
        TRY(check_address(message.to));
    else if (!peer_)
        return Errno(ENOTCONN);
    if (options.pass_credentials)
        TRY(autobind());
    std::size_t length = message.data.remaining();
    if (length > static_cast<std::size_t>(options.send_buffer) - 32)
        return Errno(EMSGSIZE);
    TRY(wait_for_room(task, message));
    std::vector<std::byte> data(length);
    if (TRY(message.data.get(data)) < length)
        return Errno(EFAULT);
    std::size_t paged = length > linear_limit ? std::min(page_up(std::min(length - linear_limit, page_limit)), length) : 0;
    Ref<UnixSock> other = TRY(datagram_target(task, message));
    auto packet = make_packet(task, message, std::move(data), buffer_charge(length - paged, paged), *other);
    packet->time = kernel::realtime_now();
    other->deliver(std::move(packet));
    return length;
}

void UnixSock::add_credentials(Incoming& message, const Packet& packet) const
{
    if (options.pass_credentials)
        message.control.push_back(ControlMessage::of(SOL_SOCKET, SCM_CREDENTIALS, packet.credentials.value_or(ucred {0, kernel::overflow_id, kernel::overflow_id})));
}

Result<std::size_t> UnixSock::receive_datagram(Task& task, Incoming& message)
{
    if (message.flags & MSG_OOB)
        return Errno(EOPNOTSUPP);
    if (message.flags & MSG_ERRQUEUE)
        return Errno(EAGAIN);
    const Patience patience = receive_patience(message.dont_wait());
    Datagram next;
    while (!(next = next_datagram(received_, message)).packet) {
        if (int error = take_error())
            return Errno(error);
        if (patience.none) {
            if (type == SOCK_SEQPACKET && (shut & receive_shut))
                return std::size_t {0};
            return Errno(EAGAIN);
        }
        if (shut & receive_shut)
            return std::size_t {0};
        TRY(wait(task, queue, patience, ~PollMask {0}, true));
    }
    if (!message.peek()) {
        received_.pop_front();
        peer_queue_.wake_one(writable_events);
    }
    const Packet& packet = *next.packet;
    message.from = packet.from;
    std::size_t result = TRY(give_datagram(message, next));
    add_timestamp(message, packet.time);
    add_credentials(message, packet);
    message.rights = packet.rights;
    return result;
}

}
