// Which sockets there are (net/socket.c __sock_create, and the families' own create).
#include "engine/net/netlink_sock.h"
#include "engine/net/tcp_sock.h"
#include "engine/net/udp_sock.h"
#include "engine/net/unix_sock.h"
#include "engine/record/task_recorder.h"

#include <linux/netlink.h>

namespace ringside::net {

namespace {

constexpr int families = 46, types = 11; // AF_MAX, SOCK_MAX
constexpr int protocols_end = 263;       // IPPROTO_MAX

Result<Ref<Sock>> make_unix(Task& task, int type, int protocol)
{
    if (protocol != 0 && protocol != AF_UNIX)
        return Errno(EPROTONOSUPPORT);
    if (type == SOCK_RAW)
        type = SOCK_DGRAM; // as in BSD
    if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
        return Errno(ESOCKTNOSUPPORT);
    return Ref<Sock>(make_ref<UnixSock>(NetState::of(task), type));
}

Result<Ref<Sock>> make_inet(Task& task, int family, int type, int protocol)
{
    if (protocol < 0 || protocol >= protocols_end)
        return Errno(EINVAL);
    switch (type) {
    case SOCK_STREAM:
        if (protocol != 0 && protocol != IPPROTO_TCP) {
            if (protocol == IPPROTO_SCTP || protocol == IPPROTO_MPTCP)
                task.recorder().unsupported();
            return Errno(EPROTONOSUPPORT);
        }
        return Ref<Sock>(make_ref<TcpSock>(NetState::of(task), family));
    case SOCK_DGRAM:
        if (protocol == (family == AF_INET ? int {IPPROTO_ICMP} : int {IPPROTO_ICMPV6}))
            return Errno(EACCES); // net.ipv4.ping_group_range lets nobody
        if (protocol != 0 && protocol != IPPROTO_UDP && protocol != IPPROTO_UDPLITE)
            return Errno(EPROTONOSUPPORT);
        return Ref<Sock>(make_ref<UdpSock>(NetState::of(task), family, protocol == 0 ? int {IPPROTO_UDP} : protocol));
    case SOCK_RAW: // as an unprivileged user, whoever it is: there is no network to put packets on
        return Errno(protocol == 0 ? EPROTONOSUPPORT : EPERM);
    default:
        return Errno(ESOCKTNOSUPPORT);
    }
}

Result<Ref<Sock>> make_netlink(Task& task, int type, int protocol)
{
    if (type != SOCK_RAW && type != SOCK_DGRAM)
        return Errno(ESOCKTNOSUPPORT);
    // Device events may be listened for; none come.
    if (protocol == NETLINK_ROUTE || protocol == NETLINK_KOBJECT_UEVENT || protocol == NETLINK_USERSOCK)
        return Ref<Sock>(make_ref<NetlinkSock>(NetState::of(task), type, protocol));
    if (protocol >= 0 && protocol < MAX_LINKS)
        task.recorder().unsupported();
    return Errno(EPROTONOSUPPORT);
}

}

Result<Ref<Sock>> make_sock(Task& task, int family, int type, int protocol)
{
    if (family < 0 || family >= families)
        return Errno(EAFNOSUPPORT);
    if (type < 0 || type >= types)
        return Errno(EINVAL);
    switch (family) {
    case AF_UNIX:
        return make_unix(task, type, protocol);
    case AF_INET:
        if (type == SOCK_PACKET)
            return Errno(EPERM);
        return make_inet(task, family, type, protocol);
    case AF_INET6:
        return make_inet(task, family, type, protocol);
    case AF_NETLINK:
        return make_netlink(task, type, protocol);
    case AF_PACKET:
        return Errno(EPERM);
    case AF_VSOCK:
    case AF_ALG:
    case AF_CAN:
    case AF_XDP:
        task.recorder().unsupported();
        return Errno(EAFNOSUPPORT);
    default:
        return Errno(EAFNOSUPPORT);
    }
}

}
