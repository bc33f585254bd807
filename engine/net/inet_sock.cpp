// Addresses and ports of internet sockets (net/ipv4/af_inet.c, net/ipv6/af_inet6.c).
#include "engine/net/inet_sock.h"

#include "engine/kernel/credentials.h"
#include "engine/net/interfaces.h"

#include <linux/capability.h>

namespace ringside::net {

namespace {

constexpr std::uint16_t first_unprivileged_port = 1024;
constexpr std::size_t least_sockaddr_in6 = 24; // SIN6_LEN_RFC2133

/// The other side of a dual-stack socket: "any" of IPv6 takes IPv4 too.
bool is_any6(const IpAddress& address)
{
    return address == IpAddress::any6();
}

}

InetSock::InetSock(Ref<NetState> net, int family, int type, int protocol) : Sock(std::move(net), family, type, protocol)
{
    local.address = remote.address = any();
}

InetSock::~InetSock()
{
    release_port();
}

void InetSock::release_port()
{
    if (port != 0)
        ports().release(*this, std::exchange(port, 0));
}

void InetSock::forget_connection()
{
    remote = {any(), 0};
    if (!address_bound_)
        local.address = remote.address;
    if (!port_bound_) {
        release_port();
        local.port = 0;
    }
}

bool InetSock::takes(const IpAddress& address) const
{
    if (address.is_v4() && family == AF_INET6 && v6_only)
        return false;
    if (!address.is_v4() && family == AF_INET)
        return false;
    return local.address == address || is_any6(local.address) || (address.is_v4() && local.address == IpAddress::any4());
}

int InetSock::fitness(const IpAddress& address) const
{
    if (!takes(address))
        return 0;
    return 1 + (family == (address.is_v4() ? AF_INET : AF_INET6) ? 1 : 0) + (local.address == address ? 4 : 0);
}

bool InetSock::overlaps(const InetSock& other) const
{
    const IpAddress &a = local.address, &b = other.local.address;
    if (a == b)
        return !(a.is_v4() && ((family == AF_INET6 && v6_only) || (other.family == AF_INET6 && other.v6_only)));
    if (is_any6(a))
        return !(b.is_v4() && v6_only);
    if (is_any6(b))
        return !(a.is_v4() && other.v6_only);
    return a.is_v4() && b.is_v4() && (a.is_any() || b.is_any());
}

Result<Endpoint> InetSock::bind_address(Task& task, const SocketAddress& address) const
{
    Endpoint wanted;
    if (family == AF_INET) {
        if (address.size() < sizeof(sockaddr_in))
            return Errno(EINVAL);
        auto in = address.as<sockaddr_in>();
        // Some old programs leave the family out (inet_bind).
        if (in.sin_family != AF_INET && !(in.sin_family == AF_UNSPEC && in.sin_addr.s_addr == htonl(INADDR_ANY)))
            return Errno(EAFNOSUPPORT);
        wanted = Endpoint::of(in);
    } else {
        if (address.size() < least_sockaddr_in6)
            return Errno(EINVAL);
        auto in = address.as<sockaddr_in6>();
        if (in.sin6_family != AF_INET6)
            return Errno(EAFNOSUPPORT);
        wanted = Endpoint::of(in);
        if (!wanted.address.is_v4() && wanted.address.is_multicast() && type == SOCK_STREAM)
            return Errno(EINVAL);
    }
    if (wanted.port != 0 && wanted.port < first_unprivileged_port && !task.credentials().capable(CAP_NET_BIND_SERVICE))
        return Errno(EACCES);
    return wanted;
}

Result<void> InetSock::bind(Task& task, const SocketAddress& address)
{
    Endpoint wanted = TRY(bind_address(task, address));
    const IpAddress& to = wanted.address;
    bool here = to.is_any() || to.is_local() || to.is_multicast() || to.is_broadcast();
    if (state != State::closed || port != 0)
        return Errno(EINVAL);
    if (family == AF_INET6) {
        if (to.is_v4() && v6_only)
            return Errno(EINVAL);
        if (to.is_link_local6() && address.as<sockaddr_in6>().sin6_scope_id == 0)
            return Errno(EINVAL);
    }
    if (!here && !ip_options_.get(IP_FREEBIND) && !ip_options_.get(IP_TRANSPARENT))
        return Errno(EADDRNOTAVAIL);
    IpAddress before = std::exchange(local.address, to);
    Result<void> bound;
    std::uint16_t chosen = wanted.port;
    if (chosen != 0) {
        bound = ports().bind(*this, chosen);
    } else if (!ip_options_.get(IP_BIND_ADDRESS_NO_PORT)) {
        auto any = ports().bind_any(*this, net().random(), false);
        if (any.ok())
            chosen = any.value();
        else
            bound = any.error();
    }
    if (!bound.ok()) {
        local.address = before;
        return bound.error();
    }
    port = local.port = chosen;
    address_bound_ = !to.is_any();
    port_bound_ = wanted.port != 0;
    remote = {any(), 0};
    return {};
}

Result<SocketAddress> InetSock::peer_name()
{
    if (remote.port == 0 || state == State::closed || state == State::syn_sent)
        return Errno(ENOTCONN);
    return to_socket_address(family, remote);
}

Result<void> InetSock::autobind()
{
    if (port != 0)
        return {};
    auto any = ports().bind_any(*this, net().random(), false);
    if (!any.ok())
        return Errno(EAGAIN);
    port = local.port = any.value();
    return {};
}

Result<Endpoint> InetSock::destination(const SocketAddress& address) const
{
    if (family == AF_INET || (address.family() == AF_INET && type == SOCK_DGRAM)) {
        if (address.size() < sizeof(sockaddr_in))
            return Errno(EINVAL);
        auto in = address.as<sockaddr_in>();
        if (in.sin_family != AF_INET && !(in.sin_family == AF_UNSPEC && type == SOCK_DGRAM))
            return Errno(EAFNOSUPPORT);
        if (family == AF_INET6 && v6_only)
            return Errno(ENETUNREACH);
        return Endpoint::of(in);
    }
    if (address.size() < least_sockaddr_in6)
        return Errno(EINVAL);
    auto in = address.as<sockaddr_in6>();
    if (in.sin6_family != AF_INET6)
        return Errno(EAFNOSUPPORT);
    Endpoint to = Endpoint::of(in);
    if (to.address.is_link_local6() && in.sin6_scope_id == 0 && !options.bound_to_lo)
        return Errno(EINVAL);
    if (to.address.is_v4() && v6_only)
        return Errno(ENETUNREACH);
    return to;
}

Result<Endpoint> InetSock::route(const Endpoint& wanted) const
{
    Endpoint to = wanted;
    if (to.address.is_any()) {
        bool v4 = to.address.is_v4() || (local.address.is_v4() && !is_any6(local.address));
        to.address = v4 ? IpAddress::loopback4() : IpAddress::loopback6();
        if (address_bound_ && local.address.is_v4() == v4)
            to.address = local.address;
    }
    if (!to.address.is_local())
        return Errno(ENETUNREACH);
    return to;
}

IpAddress InetSock::source_for(const IpAddress& to) const
{
    if (address_bound_ && !local.address.is_any() && local.address.is_local())
        return local.address;
    return to.is_v4() ? IpAddress::loopback4() : IpAddress::loopback6();
}

void InetSock::inherit(const InetSock& listener)
{
    options = listener.options;
    v6_only = listener.v6_only;
    ip_options_ = listener.ip_options_;
    ip6_options_ = listener.ip6_options_;
}

}
