// Steps on sockets: pairs, names in the scratch directory, and loopback ports that the kernel chooses.
#include "machine.h"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

namespace fuzz {
namespace {

long type_of(Call& c) { return c.random.pick({SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM, 7}) | SOCK_NONBLOCK | (c.random.one_in(4) ? SOCK_CLOEXEC : 0); }
long message_flags(Call& c, std::initializer_list<long> some) { return MSG_DONTWAIT | MSG_NOSIGNAL * c.random.below(2) | (c.random.one_in(2) ? 0 : c.random.flags(some)); }
constexpr long quiet = ~static_cast<long>(MSG_ERRQUEUE | MSG_ZEROCOPY | MSG_FASTOPEN | MSG_OOB);

void pair_(Call& c) { c.go("socketpair", SYS_socketpair, c.random.one_in(8) ? c.random.pick({AF_INET, 99, 0}) : AF_UNIX, type_of(c), c.random.one_in(12) ? 5 : 0, c.out(8)); }
void socket_(Call& c)
{
    long family = c.random.one_in(10) ? c.random.pick({0, 99, -1}) : c.random.pick({AF_UNIX, AF_UNIX, AF_INET, AF_INET6});
    long type = type_of(c);
    if ((family == AF_INET || family == AF_INET6) && (type & 15) == SOCK_SEQPACKET)
        type = SOCK_DGRAM | SOCK_NONBLOCK; // SCTP is a module of the host
    c.go("socket", SYS_socket, family, type, c.random.one_in(12) ? c.random.pick({6, 17, 300}) : 0);
}

// Text that is printed in place of the address, and the address.
long address(Call& c, const char*& shown, long& bytes)
{
    sockaddr_storage storage{};
    switch (c.random.below(6)) {
    case 0:
    case 1: {
        auto& unix_name = reinterpret_cast<sockaddr_un&>(storage);
        unix_name.sun_family = AF_UNIX;
        shown = c.random.one_in(2) ? "s" : c.random.one_in(2) ? "d/s" : "a";
        strcpy(unix_name.sun_path, shown);
        bytes = 2 + static_cast<long>(strlen(shown)) + c.random.below(2);
        break;
    }
    case 2: {
        auto& unix_name = reinterpret_cast<sockaddr_un&>(storage);
        unix_name.sun_family = AF_UNIX;
        bytes = 3 + snprintf(unix_name.sun_path + 1, 80, "call-fuzz-%016lx-%ld", static_cast<unsigned long>(current_seed), c.random.below(2));
        shown = "abstract";
        break;
    }
    case 3: {
        auto& name = reinterpret_cast<sockaddr_in&>(storage);
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(c.random.one_in(5) ? 0 : INADDR_LOOPBACK);
        bytes = sizeof name;
        shown = "loopback:0";
        break;
    }
    case 4: {
        auto& name = reinterpret_cast<sockaddr_in6&>(storage);
        name.sin6_family = AF_INET6;
        name.sin6_addr = in6addr_loopback;
        bytes = sizeof name;
        shown = "loopback6:0";
        break;
    }
    default:
        storage.ss_family = static_cast<sa_family_t>(c.random.pick({0, 99, AF_UNIX}));
        bytes = c.random.pick({0, 1, 2, 200, -1, 16});
        if (storage.ss_family == AF_UNIX && bytes == 2)
            bytes = 1; // a name that the kernel chooses
        shown = "odd";
    }
    if (c.random.one_in(12))
        bytes = c.random.pick({-1, 0, 1, 300, 7});
    if (bytes == 2)
        bytes = 1;
    return c.in(&storage, sizeof storage);
}
void bind_(Call& c) { const char* s; long n; int fd = c.fd(); long at = address(c, s, n); c.go("bind", SYS_bind, fd, Arg(at, s), n); }
void connect_unix(Call& c)
{
    const char* s;
    long n;
    int fd = c.fd();
    long at = address(c, s, n);
    c.go("connect", SYS_connect, fd, Arg(at, s), n);
}
// To the port that another socket has.
void connect_loopback(Call& c)
{
    int to = c.fd();
    sockaddr_storage name{};
    socklen_t bytes = sizeof name;
    if (getsockname(to, reinterpret_cast<sockaddr*>(&name), &bytes) < 0 || (name.ss_family != AF_INET && name.ss_family != AF_INET6))
        return;
    long at = c.good(sizeof name);
    memcpy(reinterpret_cast<void*>(at), &name, sizeof name);
    c.go("connect", SYS_connect, c.fd(), hidden(at), bytes);
    memset(reinterpret_cast<void*>(at), 0xa5, sizeof name);
}
void listen_(Call& c) { c.go("listen", SYS_listen, c.fd(), c.random.pick({0, 1, 5, -1, 5})); }
void accept_(Call& c) { c.go("accept4", SYS_accept4, c.fd(), 0, 0, SOCK_NONBLOCK | (c.random.one_in(10) ? 1L << c.random.below(20) : 0)); }
void shutdown_(Call& c) { c.go("shutdown", SYS_shutdown, c.fd(), c.random.one_in(8) ? c.random.pick({3, -1}) : c.random.below(3)); }
void name_(Call& c)
{
    int fd = c.fd();
    bool peer = c.random.one_in(2);
    socklen_t given = static_cast<socklen_t>(c.random.one_in(4) ? c.random.pick({0, 2, -1}) : 128);
    long at = c.good(128);
    long n = c.in(given);
    long result = c.go(peer ? "getpeername" : "getsockname", peer ? SYS_getpeername : SYS_getsockname, fd, at, n);
    if (result != 0)
        return;
    sa_family_t family;
    memcpy(&family, reinterpret_cast<void*>(at), 2);
    c.scrub(at, 2, family == AF_UNIX ? 0 : 2); // the port
}
long text(Call& c, long n)
{
    static char data[20000];
    memset(data, 'a' + static_cast<int>(c.step() % 26), sizeof data);
    return c.in(data, n < 0 || n > 12000 ? 12000 : n);
}
long amount(Call& c) { return c.random.one_in(10) ? c.random.pick({0, -1, 12000, 9000}) : c.random.below(600); }
void send_(Call& c)
{
    long n = amount(c);
    c.go("sendto", SYS_sendto, c.fd(), text(c, n), n, message_flags(c, {MSG_MORE, MSG_EOR, MSG_DONTROUTE, MSG_CONFIRM}) & quiet, 0, 0);
}
void send_to(Call& c)
{
    const char* s;
    long bytes;
    long n = amount(c);
    long at = address(c, s, bytes);
    c.go("sendto", SYS_sendto, c.fd(), text(c, n), n, MSG_DONTWAIT, Arg(at, s), bytes);
}
void receive_(Call& c)
{
    long n = amount(c);
    c.go("recvfrom", SYS_recvfrom, c.fd(), c.out(n), n, message_flags(c, {MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_CMSG_CLOEXEC}) & quiet, 0, 0);
}

struct Parts {
    iovec vectors[2];
    msghdr header;
    alignas(8) char control[64];
};
Parts* parts(Call& c, bool in)
{
    long base = c.good(sizeof(Parts));
    auto* all = reinterpret_cast<Parts*>(base);
    memset(all, 0, sizeof *all);
    for (iovec& part : all->vectors) {
        long n = c.random.below(300);
        part = {reinterpret_cast<void*>(in ? text(c, n) : c.out(n)), static_cast<size_t>(n)};
    }
    all->header.msg_iov = all->vectors;
    all->header.msg_iovlen = static_cast<size_t>(c.random.one_in(12) ? c.random.pick({1025, -1}) : c.random.below(3));
    return all;
}
void send_message(Call& c)
{
    Parts* all = parts(c, true);
    if (c.random.one_in(2)) {
        all->header.msg_control = all->control;
        all->header.msg_controllen = CMSG_SPACE(sizeof(int));
        auto* head = reinterpret_cast<cmsghdr*>(all->control);
        *head = {static_cast<size_t>(c.random.one_in(8) ? c.random.pick({0, 15, 16, 100}) : static_cast<long>(CMSG_LEN(sizeof(int)))), SOL_SOCKET, static_cast<int>(c.random.one_in(8) ? 77 : SCM_RIGHTS)};
        int fd = c.fd();
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
        c.note("passing %d ", fd);
    }
    c.go("sendmsg", SYS_sendmsg, c.fd(), c.random.one_in(15) ? 1 : reinterpret_cast<long>(&all->header), message_flags(c, {MSG_MORE, MSG_EOR}) & quiet);
}
void receive_message(Call& c)
{
    Parts* all = parts(c, false);
    all->header.msg_control = all->control;
    all->header.msg_controllen = static_cast<size_t>(c.random.pick({0, 15, 16, 20, 24, 64}));
    c.go("recvmsg", SYS_recvmsg, c.fd(), reinterpret_cast<long>(&all->header), message_flags(c, {MSG_PEEK, MSG_TRUNC, MSG_CMSG_CLOEXEC}) & quiet);
}
void set_option(Call& c)
{
    long at = c.in(static_cast<int>(c.random.pick({0, 1, 100, -1})));
    long n = c.random.one_in(6) ? c.random.pick({0, 1, 3, -1, 8}) : 4;
    switch (c.random.below(4)) {
    case 0: c.go("setsockopt", SYS_setsockopt, c.fd(), IPPROTO_TCP, c.random.pick({TCP_NODELAY, TCP_CORK, TCP_KEEPIDLE, 999}), at, n); break;
    case 1: c.go("setsockopt", SYS_setsockopt, c.fd(), IPPROTO_IP, c.random.pick({IP_TTL, IP_TOS, 999}), at, n); break;
    default: c.go("setsockopt", SYS_setsockopt, c.fd(), SOL_SOCKET, c.random.pick({SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_OOBINLINE, SO_LINGER, 9999}), at, n);
    }
}
void get_option(Call& c)
{
    socklen_t given = static_cast<socklen_t>(c.random.one_in(4) ? c.random.pick({0, 1, -1, 100}) : 4);
    long n = c.in(given);
    long at = c.out(128);
    c.go("getsockopt", SYS_getsockopt, c.fd(), c.random.one_in(4) ? IPPROTO_TCP : SOL_SOCKET,
        c.random.pick({SO_REUSEADDR, SO_KEEPALIVE, SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_DOMAIN, SO_PROTOCOL, SO_LINGER, SO_BROADCAST, 9999}), at, n);
}

const Entry steps[] = {{"network", 6, pair_}, {"network", 6, socket_}, {"network", 5, bind_}, {"network", 4, connect_unix}, {"network", 5, connect_loopback}, {"network", 4, listen_}, {"network", 4, accept_},
    {"network", 2, shutdown_}, {"network", 3, name_}, {"network", 8, send_}, {"network", 3, send_to}, {"network", 8, receive_}, {"network", 6, send_message}, {"network", 6, receive_message},
    {"network", 2, set_option}, {"network", 2, get_option}};

}

std::span<const Entry> network_steps() { return steps; }

}
