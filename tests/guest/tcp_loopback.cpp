// TCP over the loopback interface: beginning, ending, resetting, waiting. (man 7 tcp, man 7 ip, man 7 ipv6)
#include "sockets.h"

#include <csignal>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <linux/sockios.h>

using namespace guest;

namespace {

/// Something that the other side does arrives a moment later on a real network stack.
void settle()
{
    sleep_ms(20);
}

std::string text_of(const sockaddr_in& address)
{
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
}

}

GUEST_TEST("a connection carries bytes both ways; both ends know their names")
{
    int server = listener();
    auto at = name_of<sockaddr_in>(server);
    expect(ntohs(at.sin_port) >= 32768, "an ephemeral port");
    int client = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(connect_to(client, at));
    sockaddr_in from {};
    socklen_t size = sizeof from;
    int accepted = expect_ok(accept(server, reinterpret_cast<sockaddr*>(&from), &size));
    expect_eq(sizeof from, size);
    expect_eq(name_of<sockaddr_in>(client).sin_port, from.sin_port);
    expect_eq("127.0.0.1", text_of(from));
    sockaddr_in peer {};
    expect_ok(getpeername(client, reinterpret_cast<sockaddr*>(&peer), &size));
    expect_eq(at.sin_port, peer.sin_port);
    expect_eq(5, write(client, "hello", 5));
    char buffer[8] = {};
    expect_eq(5, read(accepted, buffer, 8));
    expect_eq(2, send(accepted, "ok", 2, 0));
    expect_eq(2, recv(client, buffer, 2, MSG_WAITALL));
    expect_errno(EISCONN, connect_to(client, at));
    expect_errno(EINVAL, listen(client, 1));
    expect_errno(EINVAL, accept(client, nullptr, nullptr));
    expect_errno(EINVAL, bind_to(client, inet_at(INADDR_LOOPBACK, 0)));
}

GUEST_TEST("nobody listens: ECONNREFUSED, and the socket can try again")
{
    int server = listener();
    auto at = name_of<sockaddr_in>(server);
    close(server);
    int client = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_errno(ECONNREFUSED, connect_to(client, at));
    expect_errno(ECONNREFUSED, connect_to(client, at));
    server = listener();
    expect_ok(connect_to(client, name_of<sockaddr_in>(server)));
}

GUEST_TEST("a socket that is not connected")
{
    signal(SIGPIPE, SIG_IGN);
    int fd = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    char byte;
    note(state(fd));
    expect_errno(ENOTCONN, recv(fd, &byte, 1, 0));
    expect_errno(EPIPE, send(fd, "x", 1, 0));
    expect_errno(ENOTCONN, shutdown(fd, SHUT_RDWR));
    sockaddr_in peer;
    socklen_t size = sizeof peer;
    expect_errno(ENOTCONN, getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size));
    expect_eq(0, name_of<sockaddr_in>(fd).sin_port);
    expect_errno(EINVAL, accept(fd, nullptr, nullptr));
    expect_errno(EINVAL, connect_to(fd, inet_at(INADDR_LOOPBACK, 1), 8));
    auto odd = inet_at(INADDR_LOOPBACK, 1);
    odd.sin_family = AF_UNIX;
    expect_errno(EAFNOSUPPORT, connect_to(fd, odd));
    int server = listener();
    expect_errno(ENOTCONN, recv(server, &byte, 1, 0));
    expect_errno(EPIPE, send(server, "x", 1, 0));
    expect_errno(EISCONN, connect_to(server, inet_at(INADDR_LOOPBACK, 1)));
    expect_eq("none", state(server));
}

GUEST_TEST("close: end of file, then RST for what comes after, EPIPE")
{
    signal(SIGPIPE, SIG_IGN);
    auto [client, server] = tcp_pair();
    char buffer[8];
    expect_eq(3, write(server, "bye", 3));
    close(server);
    expect_eq("IN|OUT|RDHUP|RDNORM|WRNORM", state(client, "IN|OUT|RDHUP|RDNORM|WRNORM"));
    expect_eq(3, read(client, buffer, 8));
    expect_eq(0, read(client, buffer, 8));
    expect_eq(1, write(client, "x", 1)); // goes, and is answered by a reset
    note(state(client, "IN|OUT|ERR|HUP|RDHUP|RDNORM|WRNORM"));
    expect_eq(0, read(client, buffer, 8));
    expect_errno(EPIPE, write(client, "x", 1));
    note(state(client));
    expect_errno(EPIPE, write(client, "x", 1));
}

GUEST_TEST("close with something unread resets the other side")
{
    signal(SIGPIPE, SIG_IGN);
    auto [client, server] = tcp_pair();
    expect_eq(4, write(server, "late", 4));
    expect_eq(3, write(client, "abc", 3));
    settle();
    close(server);
    note(state(client, "IN|OUT|ERR|HUP|RDHUP|RDNORM|WRNORM"));
    char buffer[8];
    expect_eq(4, read(client, buffer, 8)); // what came before stays
    expect_errno(ECONNRESET, read(client, buffer, 8));
    expect_eq(0, read(client, buffer, 8));
    expect_errno(EPIPE, write(client, "x", 1));
}

GUEST_TEST("a reset is told once: by SO_ERROR, or by the next write without a signal")
{
    auto [client, server] = tcp_pair();
    linger now {1, 0};
    expect_ok(setsockopt(server, SOL_SOCKET, SO_LINGER, &now, sizeof now));
    close(server);
    expect_eq("IN|OUT|ERR|HUP|RDHUP|RDNORM|WRNORM", state(client, "IN|OUT|ERR|HUP|RDHUP|RDNORM|WRNORM"));
    expect_eq(ECONNRESET, option(client, SOL_SOCKET, SO_ERROR));
    expect_eq(0, option(client, SOL_SOCKET, SO_ERROR));
    sockaddr_in peer;
    socklen_t size = sizeof peer;
    expect_errno(ENOTCONN, getpeername(client, reinterpret_cast<sockaddr*>(&peer), &size));
    auto [second, other] = tcp_pair();
    expect_ok(setsockopt(other, SOL_SOCKET, SO_LINGER, &now, sizeof now));
    close(other);
    settle();
    expect_errno(ECONNRESET, write(second, "x", 1));
    note(fate_of([second = second] { return static_cast<int>(write(second, "x", 1)); }));
}

GUEST_TEST("half close: the other way stays open")
{
    auto [client, server] = tcp_pair();
    char buffer[8];
    expect_ok(shutdown(client, SHUT_WR));
    note("server " + state(server, "IN|OUT|RDHUP|RDNORM|WRNORM") + ", client " + state(client));
    expect_eq(0, read(server, buffer, 8));
    expect_eq(5, write(server, "still", 5));
    expect_eq(5, recv(client, buffer, 5, MSG_WAITALL));
    expect_ok(shutdown(server, SHUT_WR));
    note("client " + state(client, "IN|OUT|HUP|RDHUP|RDNORM|WRNORM"));
    note("server " + state(server, "IN|OUT|HUP|RDHUP|RDNORM|WRNORM"));
    expect_eq(0, read(client, buffer, 8));
    expect_errno(ENOTCONN, shutdown(client, SHUT_RD));
    auto [a, b] = tcp_pair();
    expect_ok(shutdown(a, SHUT_RD));
    note("read side shut " + state(a));
    expect_eq(0, read(a, buffer, 8));
    expect_eq(2, write(b, "hi", 2)); // still taken
    settle();
    expect_eq(2, read(a, buffer, 8));
}

GUEST_TEST("non-blocking connect: EINPROGRESS, writable, SO_ERROR, then EISCONN")
{
    int server = listener();
    auto at = name_of<sockaddr_in>(server);
    int client = expect_ok(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    expect_errno(EINPROGRESS, connect_to(client, at));
    expect_eq("OUT|WRNORM", state(client, "OUT|WRNORM"));
    expect_eq(0, option(client, SOL_SOCKET, SO_ERROR));
    expect_ok(connect_to(client, at)); // tells that it is done
    expect_errno(EISCONN, connect_to(client, at));
    close(server);
    int refused = expect_ok(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    expect_errno(EINPROGRESS, connect_to(refused, at));
    note(state(refused, "IN|OUT|ERR|HUP|RDHUP|RDNORM|WRNORM"));
    expect_eq(ECONNREFUSED, option(refused, SOL_SOCKET, SO_ERROR));
    note(state(refused));
    int again = expect_ok(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    expect_errno(EINPROGRESS, connect_to(again, at));
    settle();
    expect_errno(ECONNREFUSED, connect_to(again, at)); // the error by connect itself
    expect_errno(EINPROGRESS, connect_to(again, at));
}

GUEST_TEST("a full backlog: connecting goes on until there is room")
{
    int server = listener(0);
    auto at = name_of<sockaddr_in>(server);
    int first = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(connect_to(first, at));
    settle();
    int second = expect_ok(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    expect_errno(EINPROGRESS, connect_to(second, at));
    settle();
    expect_eq("none", state(second));
    expect_errno(EALREADY, connect_to(second, at));
    expect_errno(EAGAIN, send(second, "x", 1, 0));
    char byte;
    expect_errno(EAGAIN, recv(second, &byte, 1, 0));
    set_timeout(second, SO_SNDTIMEO, 30);
    expect_ok(fcntl(second, F_SETFL, 0));
    expect_errno(EALREADY, connect_to(second, at));
    expect_ok(accept(server, nullptr, nullptr));
    expect_ok(fcntl(second, F_SETFL, O_NONBLOCK));
    for (int i = 0; i < 40 && state(second) == "none"; ++i)
        sleep_ms(100); // a real SYN is repeated after a second
    expect_eq("OUT|WRNORM", state(second));
    expect_ok(accept(server, nullptr, nullptr));
}

GUEST_TEST("closing a listener resets who waits in its backlog")
{
    int server = listener();
    int client = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(connect_to(client, name_of<sockaddr_in>(server)));
    expect_eq(1, write(client, "x", 1));
    settle();
    close(server);
    settle();
    char byte;
    expect_errno(ECONNRESET, read(client, &byte, 1));
    int another = listener();
    expect_errno(EAGAIN, (fcntl(another, F_SETFL, O_NONBLOCK), accept(another, nullptr, nullptr)));
    expect_ok(shutdown(another, SHUT_RD)); // no listener any more
    expect_errno(EINVAL, accept(another, nullptr, nullptr));
    note(state(another));
}

GUEST_TEST("shutdown of a listener wakes who accepts")
{
    int server = listener();
    pid_t child = in_child([server] {
        sleep_ms(50);
        return shutdown(server, SHUT_RDWR);
    });
    expect_errno(EINVAL, accept(server, nullptr, nullptr));
    wait_for(child);
}

GUEST_TEST("ports: taken, shared by SO_REUSEADDR and SO_REUSEPORT, kept in TIME_WAIT")
{
    int server = listener();
    auto at = name_of<sockaddr_in>(server);
    int second = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_errno(EADDRINUSE, bind_to(second, at));
    auto any = at;
    any.sin_addr.s_addr = htonl(INADDR_ANY);
    expect_errno(EADDRINUSE, bind_to(second, any));
    expect_ok(set(second, SOL_SOCKET, SO_REUSEADDR, 1));
    expect_errno(EADDRINUSE, bind_to(second, at)); // somebody listens
    auto elsewhere = at;
    elsewhere.sin_addr.s_addr = htonl(0x7f000002);
    expect_ok(bind_to(second, elsewhere));
    int a = expect_ok(socket(AF_INET, SOCK_STREAM, 0)), b = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(set(a, SOL_SOCKET, SO_REUSEADDR, 1));
    expect_ok(set(b, SOL_SOCKET, SO_REUSEADDR, 1));
    expect_ok(bind_to(a, inet_at(INADDR_LOOPBACK, 0)));
    expect_ok(bind_to(b, name_of<sockaddr_in>(a)));
    expect_ok(listen(a, 1));
    expect_errno(EADDRINUSE, listen(b, 1));
    int c = expect_ok(socket(AF_INET, SOCK_STREAM, 0)), d = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(set(c, SOL_SOCKET, SO_REUSEPORT, 1));
    expect_ok(bind_to(c, inet_at(INADDR_LOOPBACK, 0)));
    expect_errno(EADDRINUSE, bind_to(d, name_of<sockaddr_in>(c)));
    expect_ok(set(d, SOL_SOCKET, SO_REUSEPORT, 1));
    expect_ok(bind_to(d, name_of<sockaddr_in>(c)));
    expect_ok(listen(c, 1));
    expect_ok(listen(d, 1));
    // The server closes first: its port waits.
    int client = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(connect_to(client, at));
    int accepted = expect_ok(accept(server, nullptr, nullptr));
    close(accepted);
    settle();
    close(client);
    close(server);
    close(second);
    settle();
    int again = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_errno(EADDRINUSE, bind_to(again, at));
    expect_ok(set(again, SOL_SOCKET, SO_REUSEADDR, 1));
    expect_errno(EADDRINUSE, bind_to(again, at)); // the connection that waits did not have it set
}

GUEST_TEST("addresses: 127/8 is here, others are not ours")
{
    int fd = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_errno(EADDRNOTAVAIL, bind_to(fd, inet_at(0x08080808, 0)));
    expect_errno(EINVAL, bind_to(fd, inet_at(INADDR_LOOPBACK, 0), 8));
    auto odd = inet_at(INADDR_LOOPBACK, 0);
    odd.sin_family = AF_UNSPEC;
    expect_errno(EAFNOSUPPORT, bind_to(fd, odd));
    odd.sin_addr.s_addr = 0;
    expect_ok(bind_to(fd, odd));
    expect_ok(listen(fd, 5));
    auto at = name_of<sockaddr_in>(fd);
    expect_eq("0.0.0.0", text_of(at));
    for (uint32_t address : {0x7f000001u, 0x7f010203u, 0u}) {
        int client = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
        expect_ok(connect_to(client, inet_at(address, ntohs(at.sin_port))));
        int accepted = expect_ok(accept(fd, nullptr, nullptr));
        note(text_of(name_of<sockaddr_in>(client)) + " to " + text_of(name_of<sockaddr_in>(accepted)));
    }
    if (geteuid() != 0)
        expect_errno(EACCES, bind_to(expect_ok(socket(AF_INET, SOCK_STREAM, 0)), inet_at(INADDR_LOOPBACK, 80)));
}

GUEST_TEST("IPv6, and IPv4 through it")
{
    int server = socket(AF_INET6, SOCK_STREAM, 0);
    if (server < 0 || bind_to(server, inet6_at("::1", 0)) < 0)
        skip("the kernel has no IPv6, or lo has no ::1: no AF_INET6 socket can be made and bound to ::1");
    close(server);
    server = expect_ok(socket(AF_INET6, SOCK_STREAM, 0));
    expect_eq(0, option(server, IPPROTO_IPV6, IPV6_V6ONLY));
    expect_ok(bind_to(server, inet6_at("::", 0)));
    expect_errno(EINVAL, set(server, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    expect_ok(listen(server, 5));
    uint16_t port = ntohs(name_of<sockaddr_in6>(server).sin6_port);
    char text[INET6_ADDRSTRLEN];
    auto accepted_from = [&] {
        sockaddr_in6 from {};
        socklen_t size = sizeof from;
        expect_ok(accept(server, reinterpret_cast<sockaddr*>(&from), &size));
        return std::string(inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof text));
    };
    int six = expect_ok(socket(AF_INET6, SOCK_STREAM, 0));
    expect_ok(connect_to(six, inet6_at("::1", port)));
    note(accepted_from());
    int four = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(connect_to(four, inet_at(INADDR_LOOPBACK, port)));
    note(accepted_from());
    int mapped = expect_ok(socket(AF_INET6, SOCK_STREAM, 0));
    expect_ok(connect_to(mapped, inet6_at("::ffff:127.0.0.1", port)));
    note(accepted_from());
    int taken = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_errno(EADDRINUSE, bind_to(taken, inet_at(INADDR_ANY, port)));
    int only = expect_ok(socket(AF_INET6, SOCK_STREAM, 0));
    expect_ok(set(only, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    expect_errno(ENETUNREACH, connect_to(only, inet6_at("::ffff:127.0.0.1", port)));
    expect_errno(EINVAL, bind_to(only, inet6_at("::ffff:127.0.0.1", 0)));
    expect_ok(bind_to(only, inet6_at("::", 0)));
    expect_ok(listen(only, 1));
    int beside = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(bind_to(beside, inet_at(INADDR_ANY, ntohs(name_of<sockaddr_in6>(only).sin6_port))));
    expect_errno(EINVAL, connect_to(expect_ok(socket(AF_INET6, SOCK_STREAM, 0)), inet_at(INADDR_LOOPBACK, port)));
}

GUEST_TEST("a large transfer, and writers that wait for room")
{
    auto [client, server] = tcp_pair();
    constexpr long size = 8 << 20;
    pid_t child = in_child([client = client, server = server] {
        close(server);
        std::string block(size, 'z');
        long done = 0;
        while (done < size) {
            long part = write(client, block.data() + done, static_cast<size_t>(size - done));
            expect(part > 0, "written");
            done += part;
        }
        return 0;
    });
    close(client);
    std::string buffer(100000, '\0');
    long total = 0, got;
    while ((got = read(server, buffer.data(), buffer.size())) > 0)
        total += got;
    expect_eq(size, total);
    note(describe(wait_for(child)));
}

GUEST_TEST("a non-blocking writer fills the way and is told when there is room again")
{
    auto [client, server] = tcp_pair();
    expect_ok(fcntl(client, F_SETFL, O_NONBLOCK));
    std::string block(65536, 'q');
    long total = 0, part;
    while ((part = write(client, block.data(), block.size())) > 0)
        total += part;
    expect_errno(EAGAIN, part);
    expect(total > 65536, "more than one block");
    expect_eq("none", state(client, "none"));
    int unsent = 0;
    expect_ok(ioctl(client, SIOCOUTQ, &unsent));
    expect(unsent > 0, "something waits");
    long got = 0;
    while (got < total)
        got += expect_ok(recv(server, block.data(), block.size(), 0));
    expect_eq(total, got);
    expect_eq("OUT|WRNORM", state(client, "OUT|WRNORM"));
}

GUEST_TEST("peeking, waiting for all, throwing away, FIONREAD")
{
    auto [client, server] = tcp_pair();
    expect_eq(6, write(client, "abcdef", 6));
    char buffer[16] = {};
    expect_eq(6, recv(server, buffer, 6, MSG_PEEK | MSG_WAITALL));
    int count = 0;
    expect_ok(ioctl(server, FIONREAD, &count));
    expect_eq(6, count);
    expect_eq(2, recv(server, nullptr, 2, MSG_TRUNC));
    expect_eq(4, recv(server, buffer, 16, 0));
    expect_eq("cdef", std::string(buffer, 4));
    expect_errno(EAGAIN, recv(server, buffer, 1, MSG_DONTWAIT));
    expect_errno(EAGAIN, recv(server, buffer, 1, MSG_ERRQUEUE));
    set_timeout(server, SO_RCVTIMEO, 30);
    expect_eq(3, write(client, "xyz", 3));
    expect_eq(3, recv(server, buffer, 10, MSG_WAITALL)); // until the time is over
    expect_errno(EAGAIN, recv(server, buffer, 10, MSG_WAITALL));
    expect_ok(set(server, SOL_SOCKET, SO_RCVLOWAT, 4));
    expect_eq(2, write(client, "12", 2));
    settle();
    expect_eq("OUT|WRNORM", state(server));
    expect_eq(2, write(client, "34", 2));
    expect_eq("IN|OUT|RDNORM|WRNORM", state(server, "IN|OUT|RDNORM|WRNORM"));
    expect_eq(0, recv(server, buffer, 0, 0));
}

GUEST_TEST("urgent data: out of band, POLLPRI, the mark")
{
    auto [client, server] = tcp_pair();
    char buffer[16] = {};
    expect_errno(EINVAL, recv(server, buffer, 1, MSG_OOB));
    expect_eq(3, send(client, "abc", 3, MSG_OOB)); // c is urgent
    expect_eq(2, send(client, "de", 2, 0));
    note(state(server, "IN|PRI|OUT|RDNORM|WRNORM"));
    settle();
    int mark = -1;
    expect_ok(ioctl(server, SIOCATMARK, &mark));
    expect_eq(0, mark);
    expect_eq(2, recv(server, buffer, 16, 0)); // up to the mark
    expect_ok(ioctl(server, SIOCATMARK, &mark));
    expect_eq(1, mark);
    expect_eq(1, recv(server, buffer, 16, MSG_OOB));
    expect_eq("c", std::string(buffer, 1));
    expect_errno(EINVAL, recv(server, buffer, 16, MSG_OOB));
    expect_eq(2, recv(server, buffer, 16, 0));
    expect_eq("de", std::string(buffer, 2));
    expect_ok(set(server, SOL_SOCKET, SO_OOBINLINE, 1));
    expect_eq(2, send(client, "xy", 2, MSG_OOB));
    settle();
    expect_eq(1, recv(server, buffer, 16, 0));
    expect_eq(1, recv(server, buffer, 16, 0));
    expect_eq("y", std::string(buffer, 1));
}

GUEST_TEST("edge-triggered epoll: one event for what came, none without news")
{
    auto [client, server] = tcp_pair();
    int epoll = expect_ok(epoll_create1(0));
    epoll_event wanted {EPOLLIN | EPOLLRDHUP | EPOLLET, {}};
    expect_ok(epoll_ctl(epoll, EPOLL_CTL_ADD, server, &wanted));
    epoll_event got[4];
    expect_eq(0, epoll_wait(epoll, got, 4, 0));
    expect_eq(2, write(client, "ab", 2));
    expect_eq(1, epoll_wait(epoll, got, 4, 1000));
    expect_eq(0, epoll_wait(epoll, got, 4, 20));
    expect_eq(2, write(client, "cd", 2));
    expect_eq(1, epoll_wait(epoll, got, 4, 1000));
    char buffer[8];
    expect_eq(4, read(server, buffer, 8));
    expect_eq(0, epoll_wait(epoll, got, 4, 20));
    close(client);
    expect_eq(1, epoll_wait(epoll, got, 4, 1000));
    expect_eq(EPOLLIN | EPOLLRDHUP, got[0].events);
}

GUEST_TEST("files go into a socket by sendfile, and through a pipe by splice")
{
    enter_scratch();
    write_file("data", "0123456789");
    auto [client, server] = tcp_pair();
    int file = expect_ok(open("data", O_RDONLY));
    off_t offset = 2;
    expect_eq(5, sendfile(client, file, &offset, 5));
    expect_eq(7, offset);
    char buffer[16] = {};
    expect_eq(5, recv(server, buffer, 5, MSG_WAITALL));
    expect_eq("23456", std::string(buffer, 5));
    auto [reader, writer] = make_pipe();
    expect_eq(3, write(client, "abc", 3));
    expect_eq(3, splice(server, nullptr, writer, nullptr, 100, 0));
    expect_eq(3, splice(reader, nullptr, server, nullptr, 100, 0));
    expect_eq(3, recv(client, buffer, 16, 0));
    expect_eq("abc", std::string(buffer, 3));
    expect_errno(EINVAL, sendfile(client, server, nullptr, 1));
}

GUEST_TEST("connect to nothing undoes a connection")
{
    auto [client, server] = tcp_pair();
    sockaddr none {};
    expect_ok(connect(client, &none, sizeof none));
    settle();
    char byte;
    expect_errno(ECONNRESET, read(server, &byte, 1));
    int other = listener();
    expect_ok(connect_to(client, name_of<sockaddr_in>(other)));
}
