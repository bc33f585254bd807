// What the tests of sockets share: addresses, pairs, small waits.
#pragma once

#include "guest_test.h"

#include <arpa/inet.h>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <initializer_list>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace guest {

struct Pair {
    int a;
    int b;
};

inline Pair make_pair_of(int type, int flags = 0)
{
    int fds[2];
    expect_ok(socketpair(AF_UNIX, type | flags, 0, fds));
    return {fds[0], fds[1]};
}

inline sockaddr_in inet_at(uint32_t address, uint16_t port)
{
    sockaddr_in result {};
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = htonl(address);
    result.sin_port = htons(port);
    return result;
}

inline sockaddr_in6 inet6_at(const char* address, uint16_t port)
{
    sockaddr_in6 result {};
    result.sin6_family = AF_INET6;
    inet_pton(AF_INET6, address, &result.sin6_addr);
    result.sin6_port = htons(port);
    return result;
}

template <class Address> int bind_to(int fd, const Address& address, size_t size = sizeof(Address))
{
    return bind(fd, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
}

template <class Address> int connect_to(int fd, const Address& address, size_t size = sizeof(Address))
{
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(size));
}

template <class Address> Address name_of(int fd)
{
    Address address {};
    socklen_t size = sizeof address;
    expect_ok(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size));
    return address;
}

/// A listener on 127.0.0.1 at a port of the kernel's choice.
inline int listener(int backlog = 5, int flags = 0)
{
    int fd = expect_ok(socket(AF_INET, SOCK_STREAM | flags, 0));
    expect_ok(bind_to(fd, inet_at(INADDR_LOOPBACK, 0)));
    expect_ok(listen(fd, backlog));
    return fd;
}

/// Both ends of a TCP connection over lo.
inline Pair tcp_pair()
{
    int server = listener();
    int client = expect_ok(socket(AF_INET, SOCK_STREAM, 0));
    expect_ok(connect_to(client, name_of<sockaddr_in>(server)));
    int accepted = expect_ok(accept(server, nullptr, nullptr));
    close(server);
    return {client, accepted};
}

inline sockaddr_un unix_at(const char* path)
{
    sockaddr_un address {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path);
    return address;
}

struct Abstract {
    sockaddr_un address;
    size_t size;
};

/// A name of this process' own.
inline Abstract abstract_name(const std::string& what)
{
    Abstract result {};
    result.address.sun_family = AF_UNIX;
    std::string name = "ringside-test-" + what + "-" + std::to_string(getpid());
    std::memcpy(result.address.sun_path + 1, name.data(), name.size());
    result.size = offsetof(sockaddr_un, sun_path) + 1 + name.size();
    return result;
}

inline std::string events(short mask)
{
    std::string text;
    const struct {
        short bit;
        const char* name;
    } names[] = {{POLLIN, "IN"}, {POLLPRI, "PRI"}, {POLLOUT, "OUT"}, {POLLERR, "ERR"}, {POLLHUP, "HUP"}, {POLLRDHUP, "RDHUP"}, {POLLNVAL, "NVAL"},
        {POLLRDNORM, "RDNORM"}, {POLLWRNORM, "WRNORM"}, {POLLWRBAND, "WRBAND"}, {POLLRDBAND, "RDBAND"}};
    for (const auto& each : names)
        if (mask & each.bit)
            text += std::string(text.empty() ? "" : "|") + each.name;
    return text.empty() ? "none" : text;
}

/// What poll says of a descriptor; TCP over lo may take a moment, so it is asked again until it is `wanted`, for a while.
inline std::string state(int fd, const char* wanted = nullptr)
{
    std::string text;
    for (int i = 0; i < 100; ++i) {
        pollfd entry {fd, POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLWRNORM | POLLWRBAND, 0};
        expect_ok(poll(&entry, 1, 0));
        text = events(entry.revents);
        if (!wanted || text == wanted)
            break;
        sleep_ms(10);
    }
    return text;
}

inline int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    expect_ok(getsockopt(fd, level, name, &value, &size));
    return value;
}

inline int set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

inline void set_timeout(int fd, int name, long milliseconds)
{
    timeval time {milliseconds / 1000, milliseconds % 1000 * 1000};
    expect_ok(setsockopt(fd, SOL_SOCKET, name, &time, sizeof time));
}

/// sendmsg with control data of one message.
inline long send_control(int fd, int level, int type, const void* data, size_t size, const char* text = "x", int flags = 0)
{
    iovec part {const_cast<char*>(text), std::strlen(text)};
    char control[1024] = {};
    msghdr message {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(size);
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = level;
    head->cmsg_type = type;
    head->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(head), data, size);
    return sendmsg(fd, &message, flags);
}

inline long send_fds(int fd, std::initializer_list<int> fds, const char* text = "x")
{
    return send_control(fd, SOL_SOCKET, SCM_RIGHTS, fds.begin(), fds.size() * sizeof(int), text);
}

struct Received {
    long length = 0;
    std::string text;
    int flags = 0;
    std::vector<int> fds;
    bool has_credentials = false;
    ucred credentials {};
    size_t control_length = 0;
};

inline Received receive(int fd, size_t control_room = 512, int flags = 0, size_t data_room = 256)
{
    Received result;
    std::string buffer(data_room, '\0');
    iovec part {buffer.data(), buffer.size()};
    alignas(cmsghdr) char control[512] = {};
    msghdr message {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control_room ? control : nullptr;
    message.msg_controllen = control_room;
    result.length = recvmsg(fd, &message, flags);
    if (result.length < 0)
        return result;
    result.text = buffer.substr(0, std::min<size_t>(static_cast<size_t>(result.length), buffer.size()));
    result.flags = message.msg_flags;
    result.control_length = message.msg_controllen;
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET)
            continue;
        if (head->cmsg_type == SCM_RIGHTS) {
            size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            result.fds.resize(count);
            std::memcpy(result.fds.data(), CMSG_DATA(head), count * sizeof(int));
        } else if (head->cmsg_type == SCM_CREDENTIALS) {
            result.has_credentials = true;
            std::memcpy(&result.credentials, CMSG_DATA(head), sizeof(ucred));
        }
    }
    return result;
}

} // namespace guest
