// setsockopt and getsockopt: what is remembered, doubled, clamped, refused. (man 7 socket, tcp, ip, ipv6)
#include "sockets.h"

#include <linux/tcp.h>
#include <sys/ioctl.h>

using namespace guest;

namespace {

void show_option(int fd, const char* name, int level, int number)
{
    int value = -1;
    socklen_t size = sizeof value;
    long result = getsockopt(fd, level, number, &value, &size);
    note(std::string(name) + " = " + (result < 0 ? errno_name(errno) : std::to_string(value) + " of " + std::to_string(size)));
}

#define SHOW(fd, level, name) show_option(fd, #name, level, name)

}

GUEST_TEST("what a new socket says of itself")
{
    const struct {
        const char* name;
        int family, type;
    } kinds[] = {{"unix stream", AF_UNIX, SOCK_STREAM}, {"unix dgram", AF_UNIX, SOCK_DGRAM}, {"tcp", AF_INET, SOCK_STREAM}, {"udp", AF_INET, SOCK_DGRAM}};
    for (const auto& kind : kinds) {
        int fd = expect_ok(socket(kind.family, kind.type, 0));
        note(kind.name);
        SHOW(fd, SOL_SOCKET, SO_TYPE);
        SHOW(fd, SOL_SOCKET, SO_DOMAIN);
        SHOW(fd, SOL_SOCKET, SO_PROTOCOL);
        SHOW(fd, SOL_SOCKET, SO_ACCEPTCONN);
        SHOW(fd, SOL_SOCKET, SO_ERROR);
        SHOW(fd, SOL_SOCKET, SO_REUSEADDR);
        SHOW(fd, SOL_SOCKET, SO_KEEPALIVE);
        SHOW(fd, SOL_SOCKET, SO_BROADCAST);
        SHOW(fd, SOL_SOCKET, SO_SNDBUF);
        SHOW(fd, SOL_SOCKET, SO_RCVBUF);
        SHOW(fd, SOL_SOCKET, SO_RCVLOWAT);
        SHOW(fd, SOL_SOCKET, SO_SNDLOWAT);
        SHOW(fd, SOL_SOCKET, SO_PRIORITY);
        SHOW(fd, SOL_SOCKET, SO_OOBINLINE);
        if (kind.family == AF_UNIX) // newer kernels refuse it elsewhere
            SHOW(fd, SOL_SOCKET, SO_PASSCRED);
        SHOW(fd, SOL_SOCKET, SO_MARK);
        SHOW(fd, SOL_SOCKET, SO_BINDTOIFINDEX);
        SHOW(fd, SOL_SOCKET, SO_PEERSEC);
        SHOW(fd, SOL_SOCKET, 9999);
        SHOW(fd, IPPROTO_TCP, TCP_NODELAY);
        SHOW(fd, IPPROTO_IP, IP_TTL);
        SHOW(fd, IPPROTO_IPV6, IPV6_V6ONLY);
        SHOW(fd, 77, 1);
    }
}

GUEST_TEST("buffer sizes are doubled and have a least")
{
    for (int family : {AF_UNIX, AF_INET}) {
        int fd = expect_ok(socket(family, SOCK_DGRAM, 0));
        expect_ok(set(fd, SOL_SOCKET, SO_SNDBUF, 10000));
        expect_eq(20000, option(fd, SOL_SOCKET, SO_SNDBUF));
        expect_ok(set(fd, SOL_SOCKET, SO_SNDBUF, 1));
        expect_eq(4608, option(fd, SOL_SOCKET, SO_SNDBUF));
        expect_ok(set(fd, SOL_SOCKET, SO_RCVBUF, 0));
        expect_eq(2304, option(fd, SOL_SOCKET, SO_RCVBUF));
        expect_ok(set(fd, SOL_SOCKET, SO_RCVBUF, 100000));
        expect_eq(200000, option(fd, SOL_SOCKET, SO_RCVBUF));
    }
}

GUEST_TEST("values that are kept, and those that are not taken")
{
    int fd = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    for (int name : {SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE, SO_BROADCAST, SO_OOBINLINE, SO_DONTROUTE, SO_TIMESTAMP}) {
        expect_ok(set(fd, SOL_SOCKET, name, 5));
        expect_eq(1, option(fd, SOL_SOCKET, name));
        expect_ok(set(fd, SOL_SOCKET, name, 0));
        expect_eq(0, option(fd, SOL_SOCKET, name));
    }
    expect_ok(set(fd, SOL_SOCKET, SO_PRIORITY, 6));
    expect_eq(6, option(fd, SOL_SOCKET, SO_PRIORITY));
    expect_ok(set(fd, SOL_SOCKET, SO_RCVLOWAT, 0));
    expect_eq(1, option(fd, SOL_SOCKET, SO_RCVLOWAT));
    expect_errno(ENOPROTOOPT, set(fd, SOL_SOCKET, SO_SNDLOWAT, 3));
    expect_errno(ENOPROTOOPT, set(fd, SOL_SOCKET, SO_TYPE, 3));
    expect_errno(ENOPROTOOPT, set(fd, SOL_SOCKET, SO_ERROR, 3));
    expect_errno(ENOPROTOOPT, set(fd, SOL_SOCKET, 9999, 3));
    expect_errno(ENOPROTOOPT, set(fd, 77, 1, 3));
    short small = 1;
    expect_errno(EINVAL, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &small, sizeof small));
    expect_errno(EFAULT, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, nullptr, 4));
    expect_errno(EINVAL, setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &small, static_cast<socklen_t>(-1)));
    int local = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_errno(EOPNOTSUPP, set(local, IPPROTO_TCP, TCP_NODELAY, 1));
    expect_errno(EOPNOTSUPP, set(local, SOL_SOCKET, SO_REUSEPORT, 1));
    expect_errno(ENOTSOCK, set(make_pipe().reader, SOL_SOCKET, SO_REUSEADDR, 1));
}

GUEST_TEST("getsockopt cuts to the room and tells the length")
{
    int fd = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    unsigned char byte = 9;
    socklen_t size = 1;
    expect_ok(getsockopt(fd, SOL_SOCKET, SO_TYPE, &byte, &size));
    expect_eq(1, size);
    expect_eq(SOCK_STREAM, byte);
    long wide = -1;
    size = sizeof wide;
    expect_ok(getsockopt(fd, SOL_SOCKET, SO_TYPE, &wide, &size));
    expect_eq(4, size);
    size = static_cast<socklen_t>(-1);
    expect_errno(EINVAL, getsockopt(fd, SOL_SOCKET, SO_TYPE, &wide, &size));
    size = 1;
    expect_ok(getsockopt(fd, IPPROTO_IP, IP_TTL, &byte, &size));
    expect_eq(64, byte);
    size = 4;
    expect_errno(EFAULT, getsockopt(fd, SOL_SOCKET, SO_TYPE, nullptr, &size));
    expect_errno(EFAULT, getsockopt(fd, SOL_SOCKET, SO_TYPE, &wide, nullptr));
}

GUEST_TEST("linger and timeouts")
{
    int fd = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    linger value {7, 9};
    expect_ok(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value));
    socklen_t size = sizeof value;
    expect_ok(getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &size));
    note(std::to_string(value.l_onoff) + " " + std::to_string(value.l_linger));
    value = {0, 3};
    expect_ok(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value));
    expect_ok(getsockopt(fd, SOL_SOCKET, SO_LINGER, &value, &size));
    note(std::to_string(value.l_onoff) + " " + std::to_string(value.l_linger));
    expect_errno(EINVAL, setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, 4));
    timeval time {3, 500000};
    expect_ok(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    size = sizeof time;
    expect_ok(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, &size));
    note(std::to_string(time.tv_sec) + "." + std::to_string(time.tv_usec));
    time = {0, 1000000};
    expect_errno(EDOM, setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    time = {-1, 0};
    expect_ok(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    expect_ok(getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, &size));
    note(std::to_string(time.tv_sec) + "." + std::to_string(time.tv_usec));
    expect_errno(EINVAL, setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, 4));
}

GUEST_TEST("options of TCP")
{
    int fd = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    SHOW(fd, IPPROTO_TCP, TCP_NODELAY);
    SHOW(fd, IPPROTO_TCP, TCP_MAXSEG);
    SHOW(fd, IPPROTO_TCP, TCP_CORK);
    SHOW(fd, IPPROTO_TCP, TCP_KEEPIDLE);
    SHOW(fd, IPPROTO_TCP, TCP_KEEPINTVL);
    SHOW(fd, IPPROTO_TCP, TCP_KEEPCNT);
    SHOW(fd, IPPROTO_TCP, TCP_SYNCNT);
    SHOW(fd, IPPROTO_TCP, TCP_LINGER2);
    SHOW(fd, IPPROTO_TCP, TCP_USER_TIMEOUT);
    SHOW(fd, IPPROTO_TCP, TCP_FASTOPEN);
    SHOW(fd, IPPROTO_TCP, 9999);
    expect_ok(set(fd, IPPROTO_TCP, TCP_NODELAY, 7));
    expect_eq(1, option(fd, IPPROTO_TCP, TCP_NODELAY));
    expect_ok(set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 100));
    expect_eq(100, option(fd, IPPROTO_TCP, TCP_KEEPIDLE));
    expect_errno(EINVAL, set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 0));
    expect_errno(EINVAL, set(fd, IPPROTO_TCP, TCP_KEEPCNT, 128));
    expect_errno(EINVAL, set(fd, IPPROTO_TCP, TCP_MAXSEG, 10));
    expect_errno(EINVAL, set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, -1));
    expect_errno(ENOPROTOOPT, set(fd, IPPROTO_TCP, 9999, 1));
    expect_errno(ENOENT, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8));
    expect_ok(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
    char name[16] = {};
    socklen_t size = sizeof name;
    expect_ok(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size));
    expect_eq("reno", std::string(name));
    int server = listener();
    auto [client, accepted] = tcp_pair();
    for (int each : {fd, server, client}) {
        tcp_info info {};
        size = sizeof info;
        expect_ok(getsockopt(each, IPPROTO_TCP, TCP_INFO, &info, &size));
        note("state " + std::to_string(info.tcpi_state));
    }
    expect(option(client, IPPROTO_TCP, TCP_MAXSEG) > 10000, "the segments of lo are large");
    expect_ok(set(server, IPPROTO_TCP, TCP_NODELAY, 1));
    expect_ok(set(server, SOL_SOCKET, SO_KEEPALIVE, 1));
    expect_ok(set(server, SOL_SOCKET, SO_RCVBUF, 50000));
    int third = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(connect_to(third, name_of<sockaddr_in>(server)));
    int inherits = expect_ok(accept(server, nullptr, nullptr));
    SHOW(inherits, IPPROTO_TCP, TCP_NODELAY);
    SHOW(inherits, SOL_SOCKET, SO_KEEPALIVE);
    SHOW(inherits, SOL_SOCKET, SO_RCVBUF);
    SHOW(server, SOL_SOCKET, SO_ACCEPTCONN);
}

GUEST_TEST("options of IP and IPv6")
{
    int fd = expect_ok(socket(AF_INET, SOCK_DGRAM, 0));
    SHOW(fd, IPPROTO_IP, IP_TTL);
    SHOW(fd, IPPROTO_IP, IP_TOS);
    SHOW(fd, IPPROTO_IP, IP_MULTICAST_TTL);
    SHOW(fd, IPPROTO_IP, IP_MULTICAST_LOOP);
    SHOW(fd, IPPROTO_IP, IP_PKTINFO);
    SHOW(fd, IPPROTO_IP, IP_RECVERR);
    SHOW(fd, IPPROTO_IP, IP_MTU_DISCOVER);
    SHOW(fd, IPPROTO_IP, IP_MTU);
    SHOW(fd, IPPROTO_IP, IP_FREEBIND);
    SHOW(fd, IPPROTO_IP, 9999);
    expect_ok(set(fd, IPPROTO_IP, IP_TTL, 200));
    expect_eq(200, option(fd, IPPROTO_IP, IP_TTL));
    expect_errno(EINVAL, set(fd, IPPROTO_IP, IP_TTL, 0));
    expect_errno(EINVAL, set(fd, IPPROTO_IP, IP_TTL, 256));
    expect_ok(set(fd, IPPROTO_IP, IP_TTL, -1));
    expect_eq(64, option(fd, IPPROTO_IP, IP_TTL));
    unsigned char byte = 0x10;
    expect_ok(setsockopt(fd, IPPROTO_IP, IP_TOS, &byte, 1));
    expect_eq(0x10, option(fd, IPPROTO_IP, IP_TOS));
    expect_errno(ENOPROTOOPT, set(fd, IPPROTO_IP, IP_HDRINCL, 1));
    expect_errno(ENOPROTOOPT, set(fd, IPPROTO_IP, 9999, 1));
    expect_errno(ENOPROTOOPT, set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    expect_errno(EINVAL, set(expect_ok(socket(AF_INET, SOCK_STREAM, 0)), IPPROTO_IP, IP_MULTICAST_TTL, 1));
    int six = socket(AF_INET6, SOCK_DGRAM, 0);
    if (six < 0)
        skip("the kernel has no IPv6: no AF_INET6 socket can be made");
    SHOW(six, IPPROTO_IPV6, IPV6_V6ONLY);
    SHOW(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS);
    SHOW(six, IPPROTO_IPV6, IPV6_MULTICAST_HOPS);
    SHOW(six, IPPROTO_IPV6, IPV6_RECVPKTINFO);
    SHOW(six, IPPROTO_IPV6, IPV6_TCLASS);
    SHOW(six, IPPROTO_IPV6, IPV6_MTU);
    SHOW(six, IPPROTO_IP, IP_TTL);
    expect_ok(set(six, IPPROTO_IPV6, IPV6_V6ONLY, 4));
    SHOW(six, IPPROTO_IPV6, IPV6_V6ONLY);
    expect_errno(EINVAL, set(six, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256));
    expect_errno(ENOPROTOOPT, set(six, IPPROTO_IPV6, 9999, 1));
}

GUEST_TEST("kinds of socket that there are not")
{
    expect_errno(EPROTONOSUPPORT, socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    expect_errno(EPROTONOSUPPORT, socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP));
    expect_errno(ESOCKTNOSUPPORT, socket(AF_INET, SOCK_RDM, 0));
    expect_errno(EINVAL, socket(AF_INET, SOCK_STREAM, -1));
    expect_errno(EINVAL, socket(AF_INET, 14, 0));
    expect_errno(EINVAL, socket(AF_INET, SOCK_STREAM | 0x40, 0));
    int pair[2];
    expect_errno(EOPNOTSUPP, socketpair(AF_INET, SOCK_STREAM, 0, pair));
    note(fate_of([] {
        if (geteuid() == 0)
            expect_ok(setresuid(1234, 1234, 1234));
        expect_errno(EPERM, socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
        expect_errno(EPERM, socket(AF_PACKET, SOCK_RAW, 0));
        return 0;
    }));
}
