// UDP over the loopback interface. (man 7 udp, man 7 ip, man 7 ipv6)
#include "sockets.h"

#include <csignal>
#include <netinet/ip.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

using namespace guest;

namespace {

int bound(uint32_t address = INADDR_LOOPBACK, int flags = 0)
{
    int fd = expect_ok(socket(AF_INET, SOCK_DGRAM | flags, 0));
    expect_ok(bind_to(fd, inet_at(address, 0)));
    return fd;
}

template <class Address> long send_to(int fd, const char* text, const Address& address, int flags = 0)
{
    return sendto(fd, text, std::strlen(text), flags, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::string receive_text(int fd, int flags = 0)
{
    char buffer[100];
    return std::string(buffer, static_cast<size_t>(expect_ok(recv(fd, buffer, sizeof buffer, flags))));
}

/// Receives a datagram of one byte; `each` gets the control messages that came with it.
template <class Each> void each_control(int fd, Each each)
{
    char buffer[8];
    alignas(cmsghdr) char control[256];
    iovec part {buffer, 8};
    msghdr message {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    expect_eq(1, recvmsg(fd, &message, 0));
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head))
        each(head);
}

}

GUEST_TEST("a datagram arrives whole, with its sender's name")
{
    int server = bound(), client = bound();
    expect_eq(5, send_to(client, "hello", name_of<sockaddr_in>(server)));
    expect_eq(0, sendto(client, "", 0, 0, nullptr, 0) == -1 && errno == EDESTADDRREQ ? 0 : 1);
    char buffer[16];
    sockaddr_in from {};
    socklen_t size = sizeof from;
    expect_eq(5, recvfrom(server, buffer, 3, MSG_PEEK | MSG_TRUNC, reinterpret_cast<sockaddr*>(&from), &size));
    expect_eq(sizeof from, size);
    expect_eq(name_of<sockaddr_in>(client).sin_port, from.sin_port);
    auto cut = receive(server, 0, 0, 3);
    expect_eq("hel", cut.text);
    expect_eq(MSG_TRUNC, cut.flags);
    expect_errno(EAGAIN, recv(server, buffer, 1, MSG_DONTWAIT));
    auto to = name_of<sockaddr_in>(server);
    expect_eq(0, send_to(client, "", to));
    expect_eq(0, recv(server, buffer, 16, 0));
    int count = -1;
    expect_eq(3, send_to(client, "abc", to));
    expect_eq(4, send_to(client, "defg", to));
    expect_ok(ioctl(server, FIONREAD, &count));
    expect_eq(3, count);
}

GUEST_TEST("connected: only the peer is heard, refusal is told, and it can be undone")
{
    int server = bound(), client = bound(), stranger = bound();
    expect_ok(connect_to(client, name_of<sockaddr_in>(server)));
    expect_eq(1, send_to(stranger, "x", name_of<sockaddr_in>(client)));
    expect_eq(1, send_to(server, "y", name_of<sockaddr_in>(client)));
    expect_eq("y", receive_text(client));
    expect_errno(EAGAIN, recv(client, nullptr, 0, MSG_DONTWAIT));
    expect_eq(1, send(client, "z", 1, 0));
    expect_eq("z", receive_text(server));
    close(server);
    expect_eq(1, send(client, "1", 1, 0));
    note(state(client, "OUT|ERR|WRNORM|WRBAND"));
    expect_errno(ECONNREFUSED, send(client, "2", 1, 0));
    expect_eq(1, send(client, "3", 1, 0));
    sleep_ms(5);
    char byte;
    expect_errno(ECONNREFUSED, recv(client, &byte, 1, 0));
    sockaddr none {};
    expect_ok(connect(client, &none, sizeof none));
    expect_errno(EDESTADDRREQ, send(client, "x", 1, 0));
    sockaddr_in peer;
    socklen_t size = sizeof peer;
    expect_errno(ENOTCONN, getpeername(client, reinterpret_cast<sockaddr*>(&peer), &size));
    int unconnected = bound();
    expect_eq(1, send_to(unconnected, "x", inet_at(INADDR_LOOPBACK, 1)));
    expect_eq(0, option(unconnected, SOL_SOCKET, SO_ERROR));
}

GUEST_TEST("wrong destinations")
{
    int fd = expect_ok(socket(AF_INET, SOCK_DGRAM, 0));
    expect_errno(EDESTADDRREQ, send(fd, "x", 1, 0));
    expect_errno(EINVAL, send_to(fd, "x", inet_at(INADDR_LOOPBACK, 0)));
    auto odd = inet_at(INADDR_LOOPBACK, 9);
    odd.sin_family = AF_UNIX;
    expect_errno(EAFNOSUPPORT, send_to(fd, "x", odd));
    expect_errno(EINVAL, sendto(fd, "x", 1, 0, reinterpret_cast<sockaddr*>(&odd), 8));
    std::string big(65508, 'x');
    auto at = inet_at(INADDR_LOOPBACK, 9);
    expect_errno(EMSGSIZE, sendto(fd, big.data(), big.size(), 0, reinterpret_cast<sockaddr*>(&at), sizeof at));
    expect_errno(EMSGSIZE, sendto(fd, big.data(), 70000, 0, reinterpret_cast<sockaddr*>(&at), sizeof at));
    expect_errno(EOPNOTSUPP, send_to(fd, "x", at, MSG_OOB));
    expect_errno(EOPNOTSUPP, listen(fd, 1));
    expect_errno(EOPNOTSUPP, accept(fd, nullptr, nullptr));
    expect_errno(ENOTCONN, shutdown(fd, SHUT_RD));
    note(state(fd));
    int server = bound();
    at = name_of<sockaddr_in>(server);
    expect_eq(65507, sendto(fd, big.data(), 65507, 0, reinterpret_cast<sockaddr*>(&at), sizeof at));
    expect_eq(65507, recv(server, big.data(), big.size(), 0));
}

GUEST_TEST("a full receive buffer drops, and nobody is told")
{
    int server = bound(), client = bound();
    expect_ok(set(server, SOL_SOCKET, SO_RCVBUF, 4096));
    auto at = name_of<sockaddr_in>(server);
    std::string block(1000, 'd');
    for (int i = 0; i < 200; ++i)
        expect_eq(1000, send_to(client, block.c_str(), at));
    int arrived = 0;
    char buffer[1000];
    while (recv(server, buffer, sizeof buffer, MSG_DONTWAIT) == 1000)
        ++arrived;
    expect(arrived > 0 && arrived < 50, "some were dropped");
    expect_eq("OUT|WRNORM|WRBAND", state(client));
}

GUEST_TEST("any address hears all of them; a bound one wins over it")
{
    int any = bound(INADDR_ANY), client = bound();
    auto at = name_of<sockaddr_in>(any);
    expect_eq(1, send_to(client, "1", inet_at(0x7f000005, ntohs(at.sin_port))));
    expect_eq("1", receive_text(any));
    expect_eq(1, send_to(client, "2", inet_at(INADDR_ANY, ntohs(at.sin_port))));
    expect_eq("2", receive_text(any));
    int two = expect_ok(socket(AF_INET, SOCK_DGRAM, 0));
    expect_errno(EADDRINUSE, bind_to(two, inet_at(INADDR_LOOPBACK, ntohs(at.sin_port))));
    expect_ok(set(two, SOL_SOCKET, SO_REUSEADDR, 1));
    expect_errno(EADDRINUSE, bind_to(two, inet_at(INADDR_LOOPBACK, ntohs(at.sin_port))));
    expect_ok(set(any, SOL_SOCKET, SO_REUSEADDR, 1));
    expect_ok(bind_to(two, inet_at(INADDR_LOOPBACK, ntohs(at.sin_port))));
    expect_eq(1, send_to(client, "3", inet_at(INADDR_LOOPBACK, ntohs(at.sin_port))));
    expect_eq("3", receive_text(two));
}

GUEST_TEST("IPv6, IPv4 through it, and what it is told of the way")
{
    int server = socket(AF_INET6, SOCK_DGRAM, 0);
    if (server < 0 || bind_to(server, inet6_at("::", 0)) < 0)
        skip("the kernel has no IPv6: no AF_INET6 socket can be made and bound to ::");
    uint16_t port = ntohs(name_of<sockaddr_in6>(server).sin6_port);
    int six = expect_ok(socket(AF_INET6, SOCK_DGRAM, 0)), four = expect_ok(socket(AF_INET, SOCK_DGRAM, 0));
    char text[INET6_ADDRSTRLEN], buffer[8];
    auto sender = [&] {
        sockaddr_in6 from {};
        socklen_t size = sizeof from;
        expect_eq(1, recvfrom(server, buffer, 8, 0, reinterpret_cast<sockaddr*>(&from), &size));
        expect_eq(sizeof from, size);
        return std::string(inet_ntop(AF_INET6, &from.sin6_addr, text, sizeof text));
    };
    expect_eq(1, send_to(six, "a", inet6_at("::1", port)));
    note(sender());
    expect_eq(1, send_to(four, "b", inet_at(INADDR_LOOPBACK, port)));
    note(sender());
    int mapped = expect_ok(socket(AF_INET6, SOCK_DGRAM, 0));
    expect_eq(1, send_to(mapped, "c", inet6_at("::ffff:127.0.0.1", port)));
    note(sender());
    expect_ok(set(server, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
    expect_ok(set(server, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
    expect_eq(1, send_to(six, "d", inet6_at("::1", port)));
    each_control(server, [](cmsghdr* head) {
        note(std::to_string(head->cmsg_level) + " " + std::to_string(head->cmsg_type) + " " + std::to_string(head->cmsg_len)
            + (head->cmsg_type == IPV6_HOPLIMIT ? " = " + std::to_string(*reinterpret_cast<int*>(CMSG_DATA(head))) : ""));
    });
}

GUEST_TEST("IP_RECVORIGDSTADDR")
{
    int server = bound(), client = bound();
    expect_ok(set(server, IPPROTO_IP, IP_RECVORIGDSTADDR, 1));
    auto to = name_of<sockaddr_in>(server);
    expect_eq(1, send_to(client, "x", to));
    char buffer[8];
    alignas(cmsghdr) char control[256];
    iovec part {buffer, 8};
    msghdr message {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    expect_eq(1, recvmsg(server, &message, 0));
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    expect_eq(true, head != nullptr);
    if (!head)
        return;
    expect_eq(IP_ORIGDSTADDR, head->cmsg_type);
    sockaddr_in went;
    expect_eq(CMSG_LEN(sizeof went), head->cmsg_len);
    std::memcpy(&went, CMSG_DATA(head), sizeof went);
    expect_eq(0, std::memcmp(&went, &to, sizeof went));
}

GUEST_TEST("IP_PKTINFO, IP_RECVTTL, IP_RECVTOS")
{
    int server = bound(), client = bound();
    expect_ok(set(server, IPPROTO_IP, IP_PKTINFO, 1));
    expect_ok(set(server, IPPROTO_IP, IP_RECVTTL, 1));
    expect_ok(set(server, IPPROTO_IP, IP_RECVTOS, 1));
    expect_ok(set(client, IPPROTO_IP, IP_TTL, 17));
    expect_ok(set(client, IPPROTO_IP, IP_TOS, IPTOS_LOWDELAY));
    expect_eq(1, send_to(client, "x", name_of<sockaddr_in>(server)));
    each_control(server, [](cmsghdr* head) {
        if (head->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(head), sizeof info);
            char text[INET_ADDRSTRLEN];
            note("to " + std::string(inet_ntop(AF_INET, &info.ipi_addr, text, sizeof text)) + " at " + std::to_string(info.ipi_ifindex));
        } else if (head->cmsg_type == IP_TTL) {
            note("ttl " + std::to_string(*reinterpret_cast<int*>(CMSG_DATA(head))));
        } else if (head->cmsg_type == IP_TOS) {
            note("tos " + std::to_string(*CMSG_DATA(head)) + ", " + std::to_string(head->cmsg_len));
        }
    });
}

GUEST_TEST("sendmmsg and recvmmsg")
{
    int server = bound(), client = bound();
    expect_ok(connect_to(client, name_of<sockaddr_in>(server)));
    const char* texts[] = {"one", "three", "five5"};
    iovec parts[3];
    mmsghdr messages[3] = {};
    for (int i = 0; i < 3; ++i) {
        parts[i] = {const_cast<char*>(texts[i]), std::strlen(texts[i])};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    expect_eq(3, sendmmsg(client, messages, 3, 0));
    expect_eq(5, messages[1].msg_len);
    char buffers[5][16];
    iovec rooms[5];
    mmsghdr got[5] = {};
    for (int i = 0; i < 5; ++i) {
        rooms[i] = {buffers[i], 16};
        got[i].msg_hdr.msg_iov = &rooms[i];
        got[i].msg_hdr.msg_iovlen = 1;
    }
    expect_eq(3, recvmmsg(server, got, 5, MSG_WAITFORONE, nullptr));
    expect_eq("five5", std::string(buffers[2], got[2].msg_len));
    expect_errno(EAGAIN, recvmmsg(server, got, 5, MSG_DONTWAIT, nullptr));
    timespec bad {0, -1};
    expect_errno(EINVAL, recvmmsg(server, got, 5, MSG_DONTWAIT, &bad));
    expect_errno(EFAULT, sendmmsg(client, nullptr, 1, 0));
    expect_eq(0, sendmmsg(client, messages, 0, 0));
    messages[1].msg_hdr.msg_iovlen = 5000;
    expect_eq(1, sendmmsg(client, messages, 3, 0)); // the second one is wrong
    expect_errno(EMSGSIZE, sendmmsg(client, messages + 1, 1, 0));
}

GUEST_TEST("shutdown, timeouts and MSG_MORE")
{
    int server = bound(), client = bound();
    expect_ok(connect_to(client, name_of<sockaddr_in>(server)));
    expect_eq(2, send(client, "ab", 2, MSG_MORE));
    expect_eq(2, send(client, "cd", 2, 0));
    expect_eq("abcd", receive_text(server));
    set_timeout(server, SO_RCVTIMEO, 20);
    char byte;
    expect_errno(EAGAIN, recv(server, &byte, 1, 0));
    expect_ok(shutdown(client, SHUT_RD));
    note(state(client));
    expect_eq(0, recv(client, &byte, 1, 0));
    expect_errno(EAGAIN, recv(client, &byte, 1, MSG_DONTWAIT));
    expect_ok(shutdown(client, SHUT_WR));
    note(state(client));
    expect_errno(EPIPE, send(client, "x", 1, MSG_NOSIGNAL));
}

GUEST_TEST("SO_TIMESTAMP comes with the datagram")
{
    int server = bound(), client = bound();
    expect_ok(set(server, SOL_SOCKET, SO_TIMESTAMP, 1));
    expect_eq(1, send_to(client, "x", name_of<sockaddr_in>(server)));
    auto got = receive(server);
    expect_eq(CMSG_SPACE(sizeof(timeval)), got.control_length);
}
