// Unix sockets: streams, datagrams, sequenced packets, names, readiness. (man 7 unix)
#include "sockets.h"

#include <csignal>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

using namespace guest;

GUEST_TEST("a pair of streams carries bytes both ways, without borders")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    expect_eq(3, write(a, "abc", 3));
    expect_eq(3, write(a, "def", 3));
    char buffer[16] = {};
    expect_eq(4, read(b, buffer, 4));
    expect_eq(2, read(b, buffer + 4, 10));
    expect_eq("abcdef", std::string(buffer));
    expect_eq(2, send(b, "xy", 2, 0));
    expect_eq(2, recv(a, buffer, 16, 0));
}

GUEST_TEST("datagrams and packets keep their borders; the rest of a long one is lost")
{
    for (int type : {SOCK_DGRAM, SOCK_SEQPACKET}) {
        auto [a, b] = make_pair_of(type);
        expect_eq(6, write(a, "abcdef", 6));
        expect_eq(0, send(a, "", 0, 0));
        expect_eq(3, write(a, "ghi", 3));
        char buffer[16] = {};
        expect_eq(6, recv(b, buffer, 2, MSG_PEEK | MSG_TRUNC));
        auto first = receive(b, 0, 0, 4);
        note("long one: " + first.text + (first.flags & MSG_TRUNC ? " cut" : " whole"));
        expect_eq(0, recv(b, buffer, 16, 0));
        expect_eq(3, read(b, buffer, 16));
        expect_errno(EAGAIN, recv(b, buffer, 16, MSG_DONTWAIT));
    }
}

GUEST_TEST("a closed peer: end of file, EPIPE, ECONNRESET when something was not read")
{
    signal(SIGPIPE, SIG_IGN);
    char buffer[8];
    {
        auto [a, b] = make_pair_of(SOCK_STREAM);
        expect_eq(2, write(b, "hi", 2));
        close(b);
        expect_eq("IN|OUT|HUP|RDHUP|RDNORM|WRNORM|WRBAND", state(a));
        expect_eq(2, read(a, buffer, 8));
        expect_eq(0, read(a, buffer, 8));
        expect_errno(EPIPE, write(a, "x", 1));
    }
    {
        auto [a, b] = make_pair_of(SOCK_STREAM);
        expect_eq(2, write(a, "hi", 2));
        close(b);
        note(state(a));
        expect_errno(ECONNRESET, read(a, buffer, 8));
        expect_eq(0, read(a, buffer, 8));
        expect_eq(0, option(a, SOL_SOCKET, SO_ERROR));
    }
    {
        auto [a, b] = make_pair_of(SOCK_DGRAM);
        close(b);
        note(state(a));
        expect_errno(ECONNREFUSED, write(a, "x", 1));
        expect_errno(ENOTCONN, write(a, "x", 1));
    }
    {
        auto [a, b] = make_pair_of(SOCK_SEQPACKET);
        close(b);
        note(state(a));
        expect_errno(EPIPE, write(a, "x", 1));
        expect_eq(0, read(a, buffer, 8));
    }
}

GUEST_TEST("SIGPIPE, unless MSG_NOSIGNAL")
{
    note(fate_of([] {
        auto [a, b] = make_pair_of(SOCK_STREAM);
        close(b);
        return send(a, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE ? 0 : 1;
    }));
    note(fate_of([] {
        auto [a, b] = make_pair_of(SOCK_STREAM);
        close(b);
        return static_cast<int>(write(a, "x", 1));
    }));
}

GUEST_TEST("shutdown of one way")
{
    signal(SIGPIPE, SIG_IGN);
    auto [a, b] = make_pair_of(SOCK_STREAM);
    char buffer[8];
    expect_ok(shutdown(a, SHUT_WR));
    note("a: " + state(a) + ", b: " + state(b));
    expect_eq(0, read(b, buffer, 8));
    expect_errno(EPIPE, write(a, "x", 1));
    expect_eq(1, write(b, "x", 1));
    expect_eq(1, read(a, buffer, 8));
    expect_ok(shutdown(b, SHUT_RDWR));
    note("a: " + state(a) + ", b: " + state(b));
    expect_errno(EINVAL, shutdown(a, 3));
    int lonely = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    note("unconnected: " + state(lonely));
    expect_ok(shutdown(lonely, SHUT_RDWR));
    note("shut: " + state(lonely));
}

GUEST_TEST("path names: bind makes a socket, connect finds it, its removal does not close it")
{
    enter_scratch();
    umask(027);
    int server = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    auto name = unix_at("name");
    expect_errno(ENOENT, connect_to(server, name));
    expect_ok(bind_to(server, name));
    struct stat info;
    expect_ok(stat("name", &info));
    expect(S_ISSOCK(info.st_mode), "a socket");
    expect_eq(0750, info.st_mode & 07777);
    expect_errno(ENXIO, open("name", O_RDONLY));
    int second = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_errno(EADDRINUSE, bind_to(second, name));
    expect_errno(EINVAL, bind_to(server, unix_at("other")));
    expect_errno(ENOENT, unlink("other"));
    expect_errno(ECONNREFUSED, connect_to(second, name)); // nobody listens
    expect_ok(listen(server, 1));
    expect_ok(connect_to(second, name));
    int accepted = expect_ok(accept(server, nullptr, nullptr));
    sockaddr_un from {};
    socklen_t size = sizeof from;
    expect_ok(getpeername(second, reinterpret_cast<sockaddr*>(&from), &size));
    expect_eq(offsetof(sockaddr_un, sun_path) + 5, size);
    expect_eq("name", std::string(from.sun_path));
    size = sizeof from;
    expect_ok(getpeername(accepted, reinterpret_cast<sockaddr*>(&from), &size));
    expect_eq(2, size); // the client has no name
    expect_ok(unlink("name"));
    int third = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_errno(ENOENT, connect_to(third, name));
    expect_eq(1, write(second, "x", 1));
    write_file("plain", "");
    expect_errno(ECONNREFUSED, connect_to(third, unix_at("plain")));
    expect_ok(symlink("again", "link"));
    int again = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_ok(bind_to(again, unix_at("again")));
    expect_ok(listen(again, 1));
    expect_ok(connect_to(third, unix_at("link")));
    int dgram = expect_ok(socket(AF_UNIX, SOCK_DGRAM, 0));
    expect_errno(EPROTOTYPE, connect_to(dgram, unix_at("again")));
    close(again);
    expect_errno(ECONNREFUSED, connect_to(expect_ok(socket(AF_UNIX, SOCK_STREAM, 0)), unix_at("again")));
}

GUEST_TEST("a name needs write permission")
{
    if (geteuid() != 0)
        skip("it takes root to become somebody else");
    enter_scratch();
    expect_ok(chmod(".", 0755));
    umask(022);
    int server = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_ok(bind_to(server, unix_at("name")));
    expect_ok(listen(server, 1));
    note(fate_of([] {
        expect_ok(setresuid(1234, 1234, 1234));
        int client = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
        expect_errno(EACCES, connect_to(client, unix_at("name")));
        expect_errno(EACCES, bind_to(client, unix_at("mine")));
        return 0;
    }));
}

GUEST_TEST("abstract names and autobind")
{
    int server = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    auto name = abstract_name("one");
    expect_ok(bind_to(server, name.address, name.size));
    int second = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_errno(EADDRINUSE, bind_to(second, name.address, name.size));
    expect_ok(listen(server, 1));
    expect_errno(ECONNREFUSED, connect_to(second, name.address, name.size - 1));
    expect_ok(connect_to(second, name.address, name.size));
    expect_errno(EISCONN, connect_to(second, name.address, name.size));
    close(server);
    int third = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_errno(ECONNREFUSED, connect_to(third, name.address, name.size));
    expect_ok(bind_to(third, name.address, name.size)); // free again
    int any = expect_ok(socket(AF_UNIX, SOCK_DGRAM, 0));
    sa_family_t family = AF_UNIX;
    expect_ok(bind(any, reinterpret_cast<sockaddr*>(&family), sizeof family));
    sockaddr_un given {};
    socklen_t size = sizeof given;
    expect_ok(getsockname(any, reinterpret_cast<sockaddr*>(&given), &size));
    expect_eq(offsetof(sockaddr_un, sun_path) + 6, size);
    expect_eq(0, given.sun_path[0]);
    expect_errno(EINVAL, bind_to(any, given, 1));
    expect_errno(EINVAL, bind_to(any, given, sizeof given + 1));
    given.sun_family = AF_INET;
    expect_errno(EINVAL, bind_to(any, given));
}

GUEST_TEST("the backlog: one more than asked for, then EAGAIN")
{
    auto name = abstract_name("backlog");
    int server = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_errno(EINVAL, listen(server, 1)); // no name yet
    expect_ok(bind_to(server, name.address, name.size));
    expect_ok(listen(server, 1));
    note(state(server));
    std::vector<int> clients;
    for (int i = 0; i < 3; ++i)
        clients.push_back(expect_ok(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)));
    expect_ok(connect_to(clients[0], name.address, name.size));
    expect_ok(connect_to(clients[1], name.address, name.size));
    expect_errno(EAGAIN, connect_to(clients[2], name.address, name.size));
    note(state(server));
    expect_eq(3, write(clients[0], "abc", 3)); // before it is accepted
    int first = expect_ok(accept4(server, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    expect_eq(FD_CLOEXEC, fcntl(first, F_GETFD));
    expect_eq(O_RDWR | O_NONBLOCK, fcntl(first, F_GETFL));
    char buffer[8];
    expect_eq(3, read(first, buffer, 8));
    expect_ok(connect_to(clients[2], name.address, name.size));
    expect_errno(EINVAL, accept4(server, nullptr, nullptr, 1));
    close(server);
    expect_errno(ECONNRESET, read(clients[1], buffer, 8));
}

GUEST_TEST("accept waits, and connect waits while the backlog is full")
{
    auto name = abstract_name("waits");
    int server = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_ok(bind_to(server, name.address, name.size));
    expect_ok(listen(server, 0));
    pid_t child = in_child([&] {
        for (int i = 0; i < 4; ++i) {
            int client = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
            expect_ok(connect_to(client, name.address, name.size));
            expect_eq(1, write(client, "0123" + i, 1));
        }
        return 0;
    });
    std::string all;
    for (int i = 0; i < 4; ++i) {
        int client = expect_ok(accept(server, nullptr, nullptr));
        char byte;
        expect_eq(1, read(client, &byte, 1));
        all += byte;
        close(client);
        sleep_ms(5);
    }
    expect_eq("0123", all);
    note(describe(wait_for(child)));
}

GUEST_TEST("calls on the wrong kind of socket")
{
    int stream = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    int dgram = expect_ok(socket(AF_UNIX, SOCK_DGRAM, 0));
    int packets = expect_ok(socket(AF_UNIX, SOCK_SEQPACKET, 0));
    char byte;
    expect_errno(EINVAL, recv(stream, &byte, 1, MSG_DONTWAIT));
    expect_errno(ENOTCONN, recv(packets, &byte, 1, MSG_DONTWAIT));
    expect_errno(EAGAIN, recv(dgram, &byte, 1, MSG_DONTWAIT));
    expect_errno(ENOTCONN, send(stream, "x", 1, 0));
    expect_errno(ENOTCONN, send(packets, "x", 1, 0));
    expect_errno(ENOTCONN, send(dgram, "x", 1, 0));
    expect_errno(EINVAL, accept(stream, nullptr, nullptr));
    expect_errno(EOPNOTSUPP, accept(dgram, nullptr, nullptr));
    expect_errno(EOPNOTSUPP, listen(dgram, 1));
    auto nobody = abstract_name("nobody");
    auto* to = reinterpret_cast<sockaddr*>(&nobody.address);
    expect_errno(EOPNOTSUPP, sendto(stream, "x", 1, 0, to, static_cast<socklen_t>(nobody.size)));
    expect_errno(ECONNREFUSED, sendto(dgram, "x", 1, 0, to, static_cast<socklen_t>(nobody.size)));
    auto [a, b] = make_pair_of(SOCK_STREAM);
    expect_errno(EISCONN, sendto(a, "x", 1, 0, to, static_cast<socklen_t>(nobody.size)));
    expect_errno(ENOTSOCK, listen(make_pipe().reader, 1));
    expect_errno(EBADF, listen(1000, 1));
    expect_errno(ESOCKTNOSUPPORT, socket(AF_UNIX, SOCK_RDM, 0));
    expect_errno(EPROTONOSUPPORT, socket(AF_UNIX, SOCK_STREAM, 7));
    expect_errno(EINVAL, socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
    expect_errno(EAFNOSUPPORT, socket(0, SOCK_STREAM, 0));
    expect_errno(EAFNOSUPPORT, socket(1000, SOCK_STREAM, 0));
    expect_errno(ESPIPE, lseek(a, 0, SEEK_SET));
    expect_errno(ESPIPE, pread(a, &byte, 1, 0));
    expect_errno(EINVAL, ftruncate(a, 0));
}

GUEST_TEST("datagrams by name: who sent it, a full queue, one peer only")
{
    auto server_name = abstract_name("dgram"), client_name = abstract_name("client");
    int server = expect_ok(socket(AF_UNIX, SOCK_DGRAM, 0));
    expect_ok(bind_to(server, server_name.address, server_name.size));
    int client = expect_ok(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    auto* to = reinterpret_cast<sockaddr*>(&server_name.address);
    expect_eq(1, sendto(client, "1", 1, 0, to, static_cast<socklen_t>(server_name.size)));
    char buffer[8];
    sockaddr_un from {};
    socklen_t size = sizeof from;
    expect_eq(1, recvfrom(server, buffer, 8, 0, reinterpret_cast<sockaddr*>(&from), &size));
    expect_eq(0, size);
    expect_ok(bind_to(client, client_name.address, client_name.size));
    expect_ok(connect_to(client, server_name.address, server_name.size));
    expect_eq(1, send(client, "2", 1, 0));
    size = sizeof from;
    expect_eq(1, recvfrom(server, buffer, 8, 0, reinterpret_cast<sockaddr*>(&from), &size));
    expect_eq(client_name.size, size);
    int sent = 0;
    while (send(client, "x", 1, 0) == 1)
        ++sent;
    expect_errno(EAGAIN, -1);
    note("queue holds " + std::to_string(sent));
    note(state(client));
    expect_eq(1, read(server, buffer, 8));
    note(state(client));
    // A socket that is connected takes from its peer alone.
    expect_ok(connect_to(server, client_name.address, client_name.size));
    int stranger = expect_ok(socket(AF_UNIX, SOCK_DGRAM, 0));
    expect_errno(EPERM, sendto(stranger, "x", 1, 0, to, static_cast<socklen_t>(server_name.size)));
    expect_errno(EPERM, connect_to(stranger, server_name.address, server_name.size));
    sockaddr none {};
    expect_ok(connect(client, &none, sizeof none));
    expect_errno(ENOTCONN, send(client, "x", 1, 0));
}

GUEST_TEST("how much fits: the send buffer bounds it")
{
    auto [a, b] = make_pair_of(SOCK_STREAM, SOCK_NONBLOCK);
    expect_ok(set(a, SOL_SOCKET, SO_SNDBUF, 8192));
    std::string big(1 << 20, 'x');
    long first = expect_ok(send(a, big.data(), big.size(), 0));
    expect(first >= 8192 && first < 100000, "as much as the buffer takes");
    expect_errno(EAGAIN, send(a, "x", 1, 0));
    note(state(a));
    long total = 0, got;
    while ((got = read(b, big.data(), big.size())) > 0)
        total += got;
    expect_eq(first, total);
    note(state(a));
    auto [c, d] = make_pair_of(SOCK_DGRAM, SOCK_NONBLOCK);
    expect_ok(set(c, SOL_SOCKET, SO_SNDBUF, 8192));
    expect_errno(EMSGSIZE, send(c, big.data(), 16384 - 31, 0));
    expect_eq(16384 - 32, send(c, big.data(), 16384 - 32, 0));
    expect_errno(EAGAIN, send(c, "x", 1, 0));
}

GUEST_TEST("a blocked writer goes on when there is room, and a blocked reader when something comes")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    pid_t child = in_child([a = a, b = b] {
        close(b);
        std::string big(1 << 20, 'y');
        return write(a, big.data(), big.size()) == 1 << 20 ? 0 : 1;
    });
    close(a);
    std::string buffer(65536, '\0');
    long total = 0, got;
    while ((got = read(b, buffer.data(), buffer.size())) > 0)
        total += got;
    expect_eq(1 << 20, total);
    note(describe(wait_for(child)));
}

GUEST_TEST("MSG_PEEK, MSG_WAITALL and SO_PEEK_OFF")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    char buffer[16] = {};
    expect_eq(4, write(a, "abcd", 4));
    expect_eq(2, recv(b, buffer, 2, MSG_PEEK));
    expect_eq(4, recv(b, buffer, 16, MSG_PEEK));
    expect_eq(-1, option(b, SOL_SOCKET, SO_PEEK_OFF));
    expect_ok(set(b, SOL_SOCKET, SO_PEEK_OFF, 1));
    expect_eq(2, recv(b, buffer, 2, MSG_PEEK));
    expect_eq("bc", std::string(buffer, 2));
    expect_eq(1, recv(b, buffer, 2, MSG_PEEK));
    expect_eq("d", std::string(buffer, 1));
    expect_eq(4, option(b, SOL_SOCKET, SO_PEEK_OFF));
    expect_eq(3, recv(b, buffer, 3, 0));
    expect_eq(1, option(b, SOL_SOCKET, SO_PEEK_OFF));
    expect_ok(set(b, SOL_SOCKET, SO_PEEK_OFF, -1));
    pid_t child = in_child([a = a] {
        for (int i = 0; i < 3; ++i) {
            sleep_ms(10);
            expect_eq(3, write(a, "xyz", 3));
        }
        return 0;
    });
    expect_eq(10, recv(b, buffer, 10, MSG_WAITALL));
    expect_eq("dxyzxyzxyz", std::string(buffer, 10));
    wait_for(child);
    expect_eq(3, write(a, "end", 3));
    close(a);
    expect_eq(3, recv(b, buffer, 10, MSG_WAITALL));
}

GUEST_TEST("timeouts end in EAGAIN, and signals in EINTR even with SA_RESTART")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    set_timeout(b, SO_RCVTIMEO, 40);
    char byte;
    long before = now_ms();
    expect_errno(EAGAIN, read(b, &byte, 1));
    expect(now_ms() - before >= 30, "it waited");
    struct sigaction action {};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
    set_timeout(b, SO_RCVTIMEO, 5000);
    pid_t parent = getpid();
    pid_t child = in_child([parent] {
        sleep_ms(50);
        kill(parent, SIGUSR1);
        return 0;
    });
    expect_errno(EINTR, read(b, &byte, 1));
    wait_for(child);
    set_timeout(b, SO_RCVTIMEO, 0);
    child = in_child([parent, a = a] {
        sleep_ms(50);
        kill(parent, SIGUSR1);
        sleep_ms(50);
        return write(a, "z", 1) == 1 ? 0 : 1;
    });
    expect_eq(1, read(b, &byte, 1)); // restarted
    wait_for(child);
}

GUEST_TEST("FIONREAD, SIOCOUTQ, vectors, fstat")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    iovec parts[2] = {{const_cast<char*>("ab"), 2}, {const_cast<char*>("cde"), 3}};
    expect_eq(5, writev(a, parts, 2));
    int count = -1;
    expect_ok(ioctl(b, FIONREAD, &count));
    expect_eq(5, count);
    expect_ok(ioctl(a, TIOCOUTQ, &count));
    expect(count > 0, "something is unread");
    char first[2], second[8];
    iovec rooms[2] = {{first, 2}, {second, 8}};
    expect_eq(5, readv(b, rooms, 2));
    expect_ok(ioctl(a, TIOCOUTQ, &count));
    expect_eq(0, count);
    struct stat info;
    expect_ok(fstat(a, &info));
    expect(S_ISSOCK(info.st_mode), "S_IFSOCK");
    expect_eq(0777, info.st_mode & 0777);
    int on = 1;
    expect_ok(ioctl(b, FIONBIO, &on));
    expect_errno(EAGAIN, read(b, first, 1));
    expect_errno(ENOTTY, ioctl(b, TIOCGWINSZ, &count));
}

GUEST_TEST("bad addresses lose nothing")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    PageEdge edge;
    expect_errno(EFAULT, write(a, edge.edge(), 4));
    expect_eq(4, write(a, "abcd", 4));
    expect_errno(EFAULT, read(b, edge.edge(), 4));
    expect_eq(4, read(b, edge.last(4), 4));
    expect_errno(EFAULT, socketpair(AF_UNIX, SOCK_STREAM, 0, reinterpret_cast<int*>(edge.edge())));
    int next = expect_ok(dup(0));
    expect_eq(b + 1, next); // and leave no descriptor behind
    expect_errno(EFAULT, bind(a, reinterpret_cast<sockaddr*>(edge.edge()), 10));
    expect_errno(EINVAL, bind(a, reinterpret_cast<sockaddr*>(edge.edge()), 1000));
    socklen_t size = 10;
    expect_errno(EFAULT, getsockname(a, reinterpret_cast<sockaddr*>(edge.edge()), &size));
    expect_errno(EFAULT, getsockname(a, nullptr, reinterpret_cast<socklen_t*>(edge.edge())));
}
