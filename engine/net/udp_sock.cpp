// UDP (net/ipv4/udp.c, net/ipv4/datagram.c, net/ipv6/udp.c).
#include "engine/net/udp_sock.h"

#include "engine/kernel/clock.h"

#include <linux/udp.h>
#include <sys/epoll.h>

namespace ringside::net {

namespace {
constexpr std::size_t largest_v4 = 65507, largest_v6 = 65527;
constexpr int udplite_send_coverage = 10, udplite_receive_coverage = 11; // UDPLITE_SEND_CSCOV, UDPLITE_RECV_CSCOV
constexpr std::size_t headers = 128; // room for the headers that a real packet has in front
}

UdpSock::UdpSock(Ref<NetState> net, int family, int protocol) : InetSock(std::move(net), family, SOCK_DGRAM, protocol) { }

Result<void> UdpSock::connect(Task&, const SocketAddress& address, bool)
{
    if (address.size() < sizeof(sa_family_t))
        return Errno(EINVAL);
    if (address.family() == AF_UNSPEC) {
        state = State::closed;
        forget_connection();
        return {};
    }
    TRY(autobind());
    Endpoint to = TRY(way_to(TRY(destination(address))));
    IpAddress source = source_for(to.address);
    if (source.is_v4() != to.address.is_v4())
        return Errno(ENETUNREACH);
    local.address = source;
    remote = to;
    state = State::established;
    return {};
}

Result<Endpoint> UdpSock::way_to(const Endpoint& wanted) const
{
    if (wanted.address.is_loopback_broadcast() && !options.broadcast)
        return Errno(EACCES);
    return route(wanted);
}

Result<Endpoint> UdpSock::target(const Outgoing& message) const
{
    bool connected = message.to.empty() || (family == AF_INET6 && message.to.family() == AF_UNSPEC);
    if (connected) {
        if (state != State::established)
            return Errno(EDESTADDRREQ);
        return remote;
    }
    if (family == AF_INET6 && message.to.family() != AF_INET6 && message.to.family() != AF_INET)
        return Errno(EINVAL);
    Endpoint wanted = TRY(destination(message.to));
    if (wanted.port == 0)
        return Errno(EINVAL);
    return way_to(wanted);
}

UdpSock* UdpSock::find_receiver(const Endpoint& to, const Endpoint& from)
{
    auto best = ports().best_at(to.port, [&](const InetSock& sock) {
        int fitness = sock.fitness(to.address);
        if (fitness == 0 || sock.remote.port == 0)
            return fitness;
        return sock.remote == from ? fitness + 8 : 0;
    });
    if (best.empty())
        return nullptr;
    // Among equals SO_REUSEPORT spreads the senders, SO_REUSEADDR alone lets the last one bound win.
    return static_cast<UdpSock*>(best.back()->options.reuse_port ? PortTable::spread(best, from.port) : best.back());
}

void UdpSock::deliver(Ref<Packet> packet)
{
    if (queued_ > static_cast<std::size_t>(options.receive_buffer) || (shut & receive_shut))
        return; // dropped
    queued_ += packet->charge();
    received_.push_back(std::move(packet));
    queue.wake_one(readable_events);
}

Result<std::size_t> UdpSock::send(Task&, Outgoing& message)
{
    std::size_t length = message.data.remaining();
    if (length > 0xffff)
        return Errno(EMSGSIZE);
    if (message.flags & MSG_OOB)
        return Errno(EOPNOTSUPP);
    Endpoint to = TRY(target(message));
    bool cork = (message.flags & MSG_MORE) || udp_options_.get(UDP_CORK);
    if (length + corked_.size() > (to.address.is_v4() ? largest_v4 : largest_v6))
        return Errno(EMSGSIZE);
    TRY(autobind());
    if (int error = take_error())
        return Errno(error);
    if (shut & send_shut)
        return Errno(EPIPE);
    if (net().short_of_memory())
        return Errno(ENOBUFS);
    std::vector<std::byte> data(length);
    if (length > 0 && TRY(message.data.get(data)) < length)
        return Errno(EFAULT);
    if (cork || !corked_.empty()) {
        corked_.insert(corked_.end(), data.begin(), data.end());
        if (cork)
            return length;
        data = std::exchange(corked_, {});
    }
    Endpoint from {local.address.is_any() ? source_for(to.address) : local.address, port};
    if (message.source && message.source->is_local() && message.source->is_v4() == to.address.is_v4())
        from.address = *message.source;
    if (from.address.is_v4() != to.address.is_v4())
        return Errno(ENETUNREACH);
    UdpSock* receiver = find_receiver(to, from);
    if (!receiver) { // "port unreachable" reaches connected sockets only
        if (state == State::established && remote == to)
            report_error(ECONNREFUSED);
        return length;
    }
    std::size_t charge = buffer_charge(data.size() + headers);
    auto packet = make_ref<Packet>(net_ref(), Ref<Sock>(), std::move(data), charge);
    packet->meta = {from, to.address, message.ttl.value_or(to.address.is_v4() ? ip_options_.get(IP_TTL, 64) : ip6_options_.get(IPV6_UNICAST_HOPS, 64)),
        message.tos.value_or(to.address.is_v4() ? ip_options_.get(IP_TOS) : ip6_options_.get(IPV6_TCLASS))};
    packet->time = kernel::realtime_now();
    receiver->deliver(std::move(packet));
    return length;
}

Result<std::size_t> UdpSock::receive(Task& task, Incoming& message)
{
    if (message.flags & MSG_ERRQUEUE)
        return Errno(EAGAIN);
    const Patience patience = receive_patience(message.dont_wait());
    Datagram next;
    while (!(next = next_datagram(received_, message)).packet) {
        if (int error = take_error())
            return Errno(error);
        if (!patience.none && (shut & receive_shut))
            return std::size_t {0};
        TRY(wait(task, queue, patience, ~PollMask {0}, true));
    }
    const Packet& packet = *next.packet;
    if (!message.peek()) {
        received_.pop_front();
        queued_ -= packet.charge();
    }
    message.from = to_socket_address(family, packet.meta.source);
    std::size_t result = TRY(give_datagram(message, next));
    add_timestamp(message, packet.time);
    add_control(message, packet.meta);
    return result;
}

Result<void> UdpSock::shutdown(Task&, int how)
{
    shut |= how;
    queue.wake_all();
    if (state != State::established)
        return Errno(ENOTCONN);
    return {};
}

Result<void> UdpSock::set_option(int level, int option, const OptionValue& value)
{
    if (level != IPPROTO_UDP && level != IPPROTO_UDPLITE)
        return InetSock::set_option(level, option, value);
    int number = TRY(value.as<int>());
    switch (option) {
    case udplite_send_coverage:
    case udplite_receive_coverage:
        if (protocol != IPPROTO_UDPLITE)
            return Errno(ENOPROTOOPT);
        udp_options_.set(option, number != 0 && number < 8 ? 8 : std::min(number, 0xffff)); // never less than its own header
        return {};
    case UDP_CORK:
    case UDP_NO_CHECK6_TX:
    case UDP_NO_CHECK6_RX:
    case UDP_GRO:
        udp_options_.set(option, number != 0);
        return {};
    case UDP_SEGMENT:
        if (number < 0 || number > 0xffff)
            return Errno(EINVAL);
        if (number != 0)
            return Errno(ENOPROTOOPT); // no segmentation here; senders then send one by one
        return {};
    default:
        return Errno(ENOPROTOOPT);
    }
}

Result<OptionBytes> UdpSock::get_option(int level, int option, std::size_t room)
{
    if (level != IPPROTO_UDP && level != IPPROTO_UDPLITE)
        return InetSock::get_option(level, option, room);
    switch (option) {
    case udplite_send_coverage:
    case udplite_receive_coverage:
    case UDP_CORK:
    case UDP_NO_CHECK6_TX:
    case UDP_NO_CHECK6_RX:
    case UDP_GRO:
    case UDP_SEGMENT:
    case UDP_ENCAP:
        return option_bytes(udp_options_.get(option));
    default:
        return Errno(ENOPROTOOPT);
    }
}

PollMask UdpSock::poll()
{
    PollMask mask = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND; // what is sent leaves at once
    if (pending_error())
        mask |= EPOLLERR;
    if (shut & receive_shut)
        mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
    if (shut == both_shut)
        mask |= EPOLLHUP;
    if (!received_.empty())
        mask |= EPOLLIN | EPOLLRDNORM;
    return mask;
}

void UdpSock::release()
{
    shut = both_shut;
    state = State::closed;
    release_port();
    received_.clear();
    queued_ = 0;
}

Result<int> UdpSock::readable_bytes()
{
    return received_.empty() ? 0 : static_cast<int>(received_.front()->data.size());
}

}
