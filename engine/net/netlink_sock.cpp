// Netlink sockets (net/netlink/af_netlink.c). What they ask is answered in netlink_route.cpp.
#include "engine/net/netlink_sock.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/thread_group.h"

#include <linux/capability.h>
#include <linux/netlink.h>
#include <sys/epoll.h>

namespace ringside::net {

namespace {

SocketAddress make_address(std::uint32_t port_id, std::uint32_t groups = 0)
{
    sockaddr_nl address {};
    address.nl_family = AF_NETLINK;
    address.nl_pid = port_id;
    address.nl_groups = groups;
    return SocketAddress::of(address);
}

}

NetlinkSock::NetlinkSock(Ref<NetState> net, int type, int protocol) : Sock(std::move(net), AF_NETLINK, type, protocol) { }

NetlinkSock::~NetlinkSock()
{
    release();
}

Result<void> NetlinkSock::take_port(std::uint32_t wanted)
{
    if (!net().netlink_ports.try_emplace(wanted, this).second)
        return Errno(EADDRINUSE);
    port_id_ = wanted;
    return {};
}

Result<void> NetlinkSock::autobind(Task& task)
{
    if (port_id_ != 0)
        return {};
    // The process' own number where it is free, else one that no process has (netlink_autobind).
    auto wanted = static_cast<std::uint32_t>(task.group().tgid());
    for (std::uint32_t next = 0xfffff000; !take_port(wanted).ok(); --next)
        wanted = next;
    return {};
}

Result<void> NetlinkSock::bind(Task& task, const SocketAddress& address)
{
    if (address.size() < sizeof(sockaddr_nl) || address.family() != AF_NETLINK)
        return Errno(EINVAL);
    auto wanted = address.as<sockaddr_nl>();
    if (port_id_ != 0 && wanted.nl_pid != port_id_)
        return Errno(EINVAL);
    if (port_id_ == 0) {
        if (wanted.nl_pid != 0)
            TRY(take_port(wanted.nl_pid));
        else
            TRY(autobind(task));
    }
    groups_ = wanted.nl_groups;
    return {};
}

Result<void> NetlinkSock::connect(Task& task, const SocketAddress& address, bool)
{
    if (address.size() < sizeof(sa_family_t))
        return Errno(EINVAL);
    if (address.family() == AF_UNSPEC) {
        destination_ = 0;
        state = State::closed;
        return {};
    }
    if (address.family() != AF_NETLINK || address.size() < sizeof(sockaddr_nl))
        return Errno(EINVAL);
    TRY(autobind(task));
    destination_ = address.as<sockaddr_nl>().nl_pid;
    state = State::established;
    return {};
}

SocketAddress NetlinkSock::name()
{
    return make_address(port_id_, groups_);
}

Result<SocketAddress> NetlinkSock::peer_name()
{
    return make_address(destination_);
}

void NetlinkSock::answer(std::vector<std::byte> messages)
{
    if (queued_ > static_cast<std::size_t>(options.receive_buffer)) {
        report_error(ENOBUFS);
        return;
    }
    std::size_t charge = buffer_charge(messages.size());
    queued_ += charge;
    auto packet = make_ref<Packet>(net_ref(), Ref<Sock>(), std::move(messages), charge);
    packet->from = make_address(0); // the kernel
    received_.push_back(std::move(packet));
    queue.wake_one(readable_events);
}

Result<std::size_t> NetlinkSock::send(Task& task, Outgoing& message)
{
    if (message.flags & MSG_OOB)
        return Errno(EOPNOTSUPP);
    std::uint32_t to = destination_;
    if (!message.to.empty()) {
        if (message.to.size() < sizeof(sockaddr_nl) || message.to.family() != AF_NETLINK)
            return Errno(EINVAL);
        auto address = message.to.as<sockaddr_nl>();
        if (address.nl_groups != 0 && !task.credentials().capable(CAP_NET_ADMIN))
            return Errno(EPERM);
        to = address.nl_pid;
    }
    std::size_t length = message.data.remaining();
    if (length > static_cast<std::size_t>(options.send_buffer) - 32)
        return Errno(EMSGSIZE);
    TRY(autobind(task));
    std::vector<std::byte> data(length);
    if (length > 0 && TRY(message.data.get(data)) < length)
        return Errno(EFAULT);
    if (to != 0)
        return Errno(protocol == NETLINK_USERSOCK ? ECONNREFUSED : EPERM); // only the kernel listens
    if (protocol != NETLINK_ROUTE)
        return Errno(ECONNREFUSED);
    for (auto& datagram : answer_route_requests(data, port_id_))
        answer(std::move(datagram));
    return length;
}

Result<std::size_t> NetlinkSock::receive(Task& task, Incoming& message)
{
    if (message.flags & MSG_OOB)
        return Errno(EOPNOTSUPP);
    const Patience patience = receive_patience(message.dont_wait());
    while (received_.empty()) {
        if (int error = take_error())
            return Errno(error);
        TRY(wait(task, queue, patience, ~PollMask {0}, true));
    }
    Datagram next = next_datagram(received_, message);
    if (!message.peek()) {
        received_.pop_front();
        queued_ -= next.packet->charge();
    }
    message.from = next.packet->from;
    std::size_t result = TRY(give_datagram(message, next));
    if (netlink_options_.get(NETLINK_PKTINFO))
        message.control.push_back(ControlMessage::of(SOL_NETLINK, NETLINK_PKTINFO, nl_pktinfo {0}));
    if (options.pass_credentials)
        message.control.push_back(ControlMessage::of(SOL_SOCKET, SCM_CREDENTIALS, ucred {0, 0, 0}));
    return result;
}

Result<void> NetlinkSock::set_option(int level, int option, const OptionValue& value)
{
    if (level == SOL_SOCKET && (option == SO_ATTACH_FILTER || option == SO_DETACH_FILTER))
        return {}; // nothing that a filter would hold back ever comes
    if (level != SOL_NETLINK)
        return level == SOL_SOCKET ? Sock::set_option(level, option, value) : Result<void>(Errno(ENOPROTOOPT));
    int number = TRY(value.as<int>());
    switch (option) {
    case NETLINK_ADD_MEMBERSHIP:
    case NETLINK_DROP_MEMBERSHIP:
        if (number < 1 || number > 64)
            return Errno(EINVAL);
        return {};
    case NETLINK_LISTEN_ALL_NSID:
        return Errno(EPERM);
    case NETLINK_PKTINFO:
    case NETLINK_BROADCAST_ERROR:
    case NETLINK_NO_ENOBUFS:
    case NETLINK_CAP_ACK:
    case NETLINK_EXT_ACK:
    case NETLINK_GET_STRICT_CHK:
        netlink_options_.set(option, number != 0);
        return {};
    default:
        return Errno(ENOPROTOOPT);
    }
}

Result<OptionBytes> NetlinkSock::get_option(int level, int option, std::size_t room)
{
    if (level != SOL_NETLINK)
        return level == SOL_SOCKET ? Sock::get_option(level, option, room) : Result<OptionBytes>(Errno(ENOPROTOOPT));
    if (option == NETLINK_LIST_MEMBERSHIPS)
        return option_bytes(std::uint32_t {0});
    if (option < NETLINK_PKTINFO || option > NETLINK_GET_STRICT_CHK)
        return Errno(ENOPROTOOPT);
    if (room < sizeof(int))
        return Errno(EINVAL);
    return option_bytes(netlink_options_.get(option));
}

PollMask NetlinkSock::poll()
{
    PollMask mask = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
    if (pending_error())
        mask |= EPOLLERR;
    if (!received_.empty())
        mask |= EPOLLIN | EPOLLRDNORM;
    return mask;
}

void NetlinkSock::release()
{
    if (port_id_ != 0)
        net().netlink_ports.erase(std::exchange(port_id_, 0));
    received_.clear();
    queued_ = 0;
}

}
