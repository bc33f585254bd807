// Options of IPPROTO_IP and IPPROTO_IPV6 (net/ipv4/ip_sockglue.c, net/ipv6/ipv6_sockglue.c). Most are remembered only: there are no packets.
#include "engine/kernel/credentials.h"
#include "engine/net/inet_sock.h"
#include "engine/net/interfaces.h"
#include "engine/record/task_recorder.h"

#include <algorithm>
#include <linux/capability.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <span>

namespace ringside::net {

namespace {

constexpr int any_type = 0;
constexpr int ecn_mask = 3;
constexpr int ip_recverr_rfc4884 = 26, ip_local_port_range = 51;

/// An option that is a number within bounds; `boolean`: any number, kept as 0 or 1.
struct NumberOption {
    int option;
    int initial;
    bool boolean;
    int least = 0, most = 1;
    int only_type = any_type; ///< EINVAL or ENOPROTOOPT on others
};

constexpr NumberOption ip_numbers[] = {
    {IP_PKTINFO, 0, true}, {IP_RECVTTL, 0, true}, {IP_RECVOPTS, 0, true}, {IP_RECVTOS, 0, true}, {IP_RETOPTS, 0, true},
    {IP_PASSSEC, 0, true}, {IP_RECVORIGDSTADDR, 0, true}, {IP_CHECKSUM, 0, true}, {IP_RECVFRAGSIZE, 0, true, 0, 1, SOCK_DGRAM},
    {IP_BIND_ADDRESS_NO_PORT, 0, true}, {IP_RECVERR, 0, true}, {ip_recverr_rfc4884, 0, false, 0, 1}, {IP_FREEBIND, 0, true},
    {IP_MULTICAST_LOOP, 1, true}, {IP_MULTICAST_ALL, 1, false, 0, 1}, {IP_MTU_DISCOVER, IP_PMTUDISC_WANT, false, IP_PMTUDISC_DONT, IP_PMTUDISC_OMIT},
    {IP_MINTTL, 0, false, 0, 255}, {IP_TTL, 64, false, -1, 255}, {IP_MULTICAST_TTL, 1, false, -1, 255, SOCK_DGRAM}, {IP_TOS, 0, false, -1, 0x7fffffff},
    {IP_TRANSPARENT, 0, true},
};

constexpr NumberOption ip6_numbers[] = {
    {IPV6_RECVPKTINFO, 0, true}, {IPV6_2292PKTINFO, 0, true}, {IPV6_RECVHOPLIMIT, 0, true}, {IPV6_2292HOPLIMIT, 0, true}, {IPV6_RECVRTHDR, 0, true},
    {IPV6_2292RTHDR, 0, true}, {IPV6_RECVHOPOPTS, 0, true}, {IPV6_2292HOPOPTS, 0, true}, {IPV6_RECVDSTOPTS, 0, true}, {IPV6_2292DSTOPTS, 0, true},
    {IPV6_RECVTCLASS, 0, true}, {IPV6_FLOWINFO, 0, true}, {IPV6_RECVPATHMTU, 0, true}, {IPV6_RECVORIGDSTADDR, 0, true}, {IPV6_RECVFRAGSIZE, 0, true},
    {IPV6_TCLASS, 0, false, -1, 0xff}, {IPV6_UNICAST_HOPS, 64, false, -1, 255}, {IPV6_MULTICAST_HOPS, 1, false, -1, 255, SOCK_DGRAM},
    {IPV6_MULTICAST_LOOP, 1, false, 0, 1}, {IPV6_MULTICAST_ALL, 1, true}, {IPV6_MTU_DISCOVER, IPV6_PMTUDISC_WANT, false, IPV6_PMTUDISC_DONT, IPV6_PMTUDISC_OMIT},
    {IPV6_RECVERR, 0, true}, {IPV6_FLOWINFO_SEND, 0, true}, {IPV6_DONTFRAG, 0, true}, {IPV6_AUTOFLOWLABEL, 1, true}, {IPV6_FREEBIND, 0, true},
    {IPV6_MINHOPCOUNT, 0, false, 0, 255}, {IPV6_TRANSPARENT, 0, true},
};

const NumberOption* find(std::span<const NumberOption> options, int option)
{
    auto found = std::ranges::find(options, option, &NumberOption::option);
    return found == options.end() ? nullptr : &*found;
}

/// The interface that a multicast option names, by index or address. 0: none was named.
Result<int> interface_of(const OptionValue& value)
{
    ip_mreqn request {};
    if (value.length >= sizeof(ip_mreqn)) {
        request = TRY(value.as<ip_mreqn>());
    } else if (value.length >= sizeof(ip_mreq)) {
        auto old = TRY(value.as<ip_mreq>());
        request.imr_multiaddr = old.imr_multiaddr;
        request.imr_address = old.imr_interface;
    } else {
        request.imr_address = TRY(value.as<in_addr>());
    }
    IpAddress address = IpAddress::of(request.imr_address);
    if (request.imr_ifindex == 0 && address.is_any())
        return 0;
    if (request.imr_ifindex != 0 ? request.imr_ifindex != loopback_index : !address.is_local())
        return Errno(EADDRNOTAVAIL);
    return loopback_index;
}

}

Result<void> InetSock::set_option(int level, int option, const OptionValue& value)
{
    if (level == IPPROTO_IP)
        return set_ip(option, value);
    if (level == IPPROTO_IPV6 && family == AF_INET6)
        return set_ip6(option, value);
    if (level == SOL_SOCKET)
        return Sock::set_option(level, option, value);
    return Errno(ENOPROTOOPT);
}

Result<void> InetSock::set_ip(int option, const OptionValue& value)
{
    switch (option) {
    case IP_MULTICAST_IF:
        if (type == SOCK_STREAM)
            return Errno(EINVAL);
        ip_options_.set(option, TRY(interface_of(value)));
        return {};
    case IP_ADD_MEMBERSHIP:
    case IP_DROP_MEMBERSHIP: {
        if (type == SOCK_STREAM)
            return Errno(EPROTO);
        if (value.length < sizeof(ip_mreq))
            return Errno(EINVAL);
        auto group = TRY(value.as<in_addr>());
        if (!IpAddress::of(group).is_multicast())
            return Errno(EINVAL);
        auto interface = interface_of(value);
        if (!interface.ok() || interface.value() == 0) // no route says which one
            return Errno(ENODEV);
        ip_options_.set(IP_ADD_MEMBERSHIP, option == IP_ADD_MEMBERSHIP);
        return {};
    }
    case IP_OPTIONS:
        if (value.length > 40)
            return Errno(EINVAL);
        return {};
    case IP_UNICAST_IF: {
        int index = static_cast<int>(ntohl(static_cast<std::uint32_t>(TRY(value.as<int>()))));
        if (index != 0 && index != loopback_index)
            return Errno(EADDRNOTAVAIL);
        ip_options_.set(option, index);
        return {};
    }
    case IP_HDRINCL:
    case IP_NODEFRAG:
        return Errno(ENOPROTOOPT);
    default:
        break;
    }
    const NumberOption* known = find(ip_numbers, option);
    if (!known)
        return Errno(ENOPROTOOPT);
    int number = 0;
    if (value.length >= sizeof(int))
        number = TRY(value.as<int>());
    else if (value.length >= 1)
        number = TRY(value.as<unsigned char>());
    else if (option == IP_TTL || option == IP_MULTICAST_TTL || option == IP_MULTICAST_LOOP)
        return Errno(EINVAL);
    if (known->only_type != any_type && known->only_type != type)
        return Errno(EINVAL);
    if (option == IP_TRANSPARENT && number != 0 && !value.task.credentials().capable(CAP_NET_RAW) && !value.task.credentials().capable(CAP_NET_ADMIN))
        return Errno(EPERM);
    if (option == IP_TTL && number == 0)
        return Errno(EINVAL);
    if (!known->boolean && option != IP_TOS && (number < known->least || number > known->most))
        return Errno(EINVAL);
    if (option == IP_TOS) {
        number &= 0xff;
        if (type == SOCK_STREAM)
            number = (number & ~ecn_mask) | (ip_options_.get(IP_TOS) & ecn_mask);
    }
    if (number == -1)
        number = known->initial;
    ip_options_.set(option, known->boolean ? number != 0 : number);
    return {};
}

Result<void> InetSock::set_ip6(int option, const OptionValue& value)
{
    switch (option) {
    case IPV6_V6ONLY: {
        bool on = TRY(value.as<int>()) != 0;
        if (port != 0)
            return Errno(EINVAL);
        v6_only = on;
        return {};
    }
    case IPV6_MULTICAST_IF: {
        int index = TRY(value.as<int>());
        if (type == SOCK_STREAM)
            return Errno(ENOPROTOOPT);
        if (index != 0 && index != loopback_index)
            return Errno(ENODEV);
        ip6_options_.set(option, index);
        return {};
    }
    case IPV6_ADD_MEMBERSHIP:
    case IPV6_DROP_MEMBERSHIP: {
        if (type == SOCK_STREAM)
            return Errno(EPROTO);
        auto request = TRY(value.as<ipv6_mreq>());
        if (!IpAddress::of(request.ipv6mr_multiaddr).is_multicast())
            return Errno(EINVAL);
        if (static_cast<int>(request.ipv6mr_interface) != loopback_index)
            return Errno(option == IPV6_ADD_MEMBERSHIP ? ENODEV : EADDRNOTAVAIL);
        return {};
    }
    case IPV6_PKTINFO:
        TRY(value.as<in6_pktinfo>());
        return {};
    case IPV6_ADDRFORM:
    case IPV6_HOPOPTS:
    case IPV6_RTHDR:
    case IPV6_RTHDRDSTOPTS:
    case IPV6_DSTOPTS:
        value.task.recorder().unsupported();
        return Errno(EINVAL);
    default:
        break;
    }
    const NumberOption* known = find(ip6_numbers, option);
    if (!known)
        return Errno(ENOPROTOOPT);
    int number = TRY(value.as<int>());
    if (known->only_type != any_type && known->only_type != type)
        return Errno(ENOPROTOOPT);
    if (option == IPV6_TRANSPARENT && number != 0 && !value.task.credentials().capable(CAP_NET_RAW) && !value.task.credentials().capable(CAP_NET_ADMIN))
        return Errno(EPERM);
    if (!known->boolean && (number < known->least || number > known->most))
        return Errno(EINVAL);
    if (number == -1)
        number = known->initial;
    ip6_options_.set(option, known->boolean ? number != 0 : number);
    if (option == IPV6_FREEBIND || option == IPV6_TRANSPARENT) // one bit for both families
        ip_options_.set(option == IPV6_FREEBIND ? IP_FREEBIND : IP_TRANSPARENT, number != 0);
    return {};
}

Result<OptionBytes> InetSock::get_option(int level, int option, std::size_t room)
{
    if (level == IPPROTO_IP)
        return get_ip(option, room);
    if (level == IPPROTO_IPV6 && family == AF_INET6)
        return get_ip6(option);
    if (level == SOL_SOCKET)
        return Sock::get_option(level, option, room);
    return Errno(family == AF_INET ? EOPNOTSUPP : ENOPROTOOPT); // do_ip_getsockopt and ipv6_getsockopt disagree
}

Result<OptionBytes> InetSock::get_ip(int option, std::size_t room) const
{
    int number = 0;
    switch (option) {
    case IP_OPTIONS:
        return OptionBytes {};
    case IP_MTU:
        if (remote.port == 0)
            return Errno(ENOTCONN);
        number = loopback_mtu;
        break;
    case IP_MULTICAST_IF:
        return option_bytes(in_addr {});
    case IP_UNICAST_IF:
        return option_bytes(htonl(static_cast<std::uint32_t>(ip_options_.get(option))));
    case IP_PROTOCOL:
        number = protocol;
        break;
    case IP_HDRINCL:
    case IP_NODEFRAG:
        break;
    default: {
        const NumberOption* known = find(ip_numbers, option);
        if (!known)
            return Errno(ENOPROTOOPT);
        number = ip_options_.get(option, known->initial);
    }
    }
    // Where there is no room for four bytes, one says it (do_ip_getsockopt).
    if (room > 0 && room < sizeof number && number >= 0 && number <= 255)
        return option_bytes(static_cast<unsigned char>(number));
    return option_bytes(number);
}

Result<OptionBytes> InetSock::get_ip6(int option) const
{
    if (option == IPV6_V6ONLY)
        return option_bytes(int {v6_only});
    if (option == IPV6_MTU) {
        if (remote.port == 0)
            return Errno(ENOTCONN);
        return option_bytes(loopback_mtu);
    }
    if (option == IPV6_MULTICAST_IF)
        return option_bytes(ip6_options_.get(option));
    const NumberOption* known = find(ip6_numbers, option);
    if (!known)
        return Errno(ENOPROTOOPT);
    return option_bytes(ip6_options_.get(option, known->initial));
}

void InetSock::add_control(Incoming& message, const InetMeta& meta) const
{
    auto& control = message.control;
    if (meta.destination.is_v4()) {
        if (ip_options_.get(IP_PKTINFO)) {
            in_addr address {htonl(meta.destination.v4())};
            control.push_back(ControlMessage::of(IPPROTO_IP, IP_PKTINFO, in_pktinfo {loopback_index, address, address}));
        }
        if (ip_options_.get(IP_RECVTTL))
            control.push_back(ControlMessage::of(IPPROTO_IP, IP_TTL, meta.ttl));
        if (ip_options_.get(IP_RECVTOS))
            control.push_back(ControlMessage::of(IPPROTO_IP, IP_TOS, static_cast<unsigned char>(meta.tos)));
        if (ip_options_.get(IP_RECVORIGDSTADDR)) {
            auto address = to_socket_address(AF_INET, {meta.destination, port}).as<sockaddr_in>();
            control.push_back(ControlMessage::of(IPPROTO_IP, IP_ORIGDSTADDR, address));
        }
    }
    if (family != AF_INET6)
        return;
    if (ip6_options_.get(IPV6_RECVPKTINFO))
        control.push_back(ControlMessage::of(IPPROTO_IPV6, IPV6_PKTINFO, in6_pktinfo {meta.destination.v6(), loopback_index}));
    if (meta.destination.is_v4())
        return;
    if (ip6_options_.get(IPV6_RECVHOPLIMIT))
        control.push_back(ControlMessage::of(IPPROTO_IPV6, IPV6_HOPLIMIT, meta.ttl));
    if (ip6_options_.get(IPV6_RECVTCLASS))
        control.push_back(ControlMessage::of(IPPROTO_IPV6, IPV6_TCLASS, meta.tos));
}

}
