// Descriptors and credentials in messages. (man 7 unix, SCM_RIGHTS, SCM_CREDENTIALS)
#include "sockets.h"

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace guest;

GUEST_TEST("a descriptor arrives as another number of the same description")
{
    for (int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
        auto [a, b] = make_pair_of(type);
        auto [reader, writer] = make_pipe();
        expect_eq(1, send_fds(a, {writer, reader}));
        close(writer);
        auto got = receive(b);
        expect_eq(1, got.length);
        expect_eq(2, got.fds.size());
        expect_eq(0, got.flags);
        expect_eq(5, write(got.fds[0], "hello", 5));
        char buffer[8];
        expect_eq(5, read(reader, buffer, 8));
        expect_eq(0, fcntl(got.fds[0], F_GETFD));
        expect_eq(1, send_fds(a, {reader}));
        got = receive(b, 512, MSG_CMSG_CLOEXEC);
        expect_eq(FD_CLOEXEC, fcntl(got.fds[0], F_GETFD));
        expect_eq(MSG_CMSG_CLOEXEC, got.flags);
    }
}

GUEST_TEST("a message keeps its description open; thrown away it closes")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    auto [reader, writer] = make_pipe();
    expect_eq(1, send_fds(a, {writer}));
    close(writer);
    expect_eq("none", state(reader));
    close(b);
    close(a);
    expect_eq("HUP", state(reader));
}

GUEST_TEST("without room they are closed, and MSG_CTRUNC tells")
{
    auto [a, b] = make_pair_of(SOCK_DGRAM);
    auto [reader, writer] = make_pipe();
    expect_eq(1, send_fds(a, {writer, writer}));
    auto got = receive(b, CMSG_LEN(4));
    note("one fits: " + std::to_string(got.fds.size()) + (got.flags & MSG_CTRUNC ? " cut" : ""));
    close(got.fds[0]);
    expect_eq(1, send_fds(a, {writer}));
    got = receive(b, 0);
    note(std::string("no control: ") + (got.flags & MSG_CTRUNC ? "cut" : "whole"));
    expect_eq(1, send_fds(a, {writer}));
    close(writer);
    expect_eq("none", state(reader));
    char byte;
    expect_eq(1, read(b, &byte, 1));
    expect_eq("HUP", state(reader));
}

GUEST_TEST("a stream's read stops at descriptors")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    expect_eq(2, write(a, "ab", 2));
    expect_eq(2, send_fds(a, {0}, "cd"));
    expect_eq(2, write(a, "ef", 2));
    auto got = receive(b);
    note("first: " + got.text + " with " + std::to_string(got.fds.size()));
    auto rest = receive(b);
    note("then: " + rest.text + " with " + std::to_string(rest.fds.size()));
    auto last = receive(b, 512, MSG_DONTWAIT);
    note("last: " + last.text);
}

GUEST_TEST("a peek gives descriptors too, each time")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    expect_eq(1, send_fds(a, {0}));
    auto peeked = receive(b, 512, MSG_PEEK);
    expect_eq(1, peeked.fds.size());
    auto taken = receive(b);
    expect_eq(1, taken.fds.size());
    expect(peeked.fds[0] != taken.fds[0], "two numbers");
}

GUEST_TEST("errors: a number that is not open, too many, an odd control message")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    expect_errno(EBADF, send_fds(a, {999}));
    expect_errno(EBADF, send_fds(a, {-1}));
    std::vector<int> many(254, 0);
    std::vector<char> control(CMSG_SPACE(many.size() * sizeof(int)));
    iovec part {const_cast<char*>("x"), 1};
    msghdr message {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(many.size() * sizeof(int));
    expect_errno(EINVAL, sendmsg(a, &message, 0));
    head->cmsg_len = CMSG_LEN(253 * sizeof(int));
    expect_eq(1, sendmsg(a, &message, 0));
    head->cmsg_len = 3;
    expect_errno(EINVAL, sendmsg(a, &message, 0));
    head->cmsg_type = 77;
    head->cmsg_len = CMSG_LEN(4);
    expect_errno(EINVAL, sendmsg(a, &message, 0));
    expect_eq(0, sendmsg(a, &message, 0) == -1 ? 0 : 1);
    message.msg_controllen = 1 << 20;
    expect_errno(ENOBUFS, sendmsg(a, &message, 0));
    char byte;
    expect_eq(1, recv(b, &byte, 1, 0));
    expect_errno(EAGAIN, recv(b, &byte, 1, MSG_DONTWAIT));
}

GUEST_TEST("SO_PASSCRED: who wrote it")
{
    for (int type : {SOCK_STREAM, SOCK_DGRAM}) {
        auto [a, b] = make_pair_of(type);
        expect_ok(set(b, SOL_SOCKET, SO_PASSCRED, 1));
        expect_eq(1, option(b, SOL_SOCKET, SO_PASSCRED));
        expect_eq(1, write(a, "x", 1));
        auto got = receive(b);
        expect(got.has_credentials, "credentials came");
        expect_eq(getpid(), got.credentials.pid);
        expect_eq(getuid(), got.credentials.uid);
        expect_eq(getgid(), got.credentials.gid);
        pid_t child = in_child([a = a] { return write(a, "y", 1) == 1 ? 0 : 1; });
        wait_for(child);
        got = receive(b);
        expect_eq(child, got.credentials.pid);
        got = receive(b, 512, MSG_DONTWAIT);
        expect_eq(-1, got.length);
        expect_eq(1, write(a, "x", 1));
        got = receive(b, sizeof(cmsghdr) + 4);
        note(std::string("cut: ") + (got.flags & MSG_CTRUNC ? "yes, " : "no, ") + std::to_string(got.control_length));
    }
}

GUEST_TEST("a stream does not glue the bytes of different writers")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    expect_ok(set(b, SOL_SOCKET, SO_PASSCRED, 1));
    expect_eq(1, write(a, "1", 1));
    expect_eq(1, write(a, "2", 1));
    wait_for(in_child([a = a] { return write(a, "3", 1) == 1 ? 0 : 1; }));
    note(receive(b).text);
    note(receive(b).text);
}

GUEST_TEST("SCM_CREDENTIALS: one's own, or what root says")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    expect_ok(set(b, SOL_SOCKET, SO_PASSCRED, 1));
    ucred mine {getpid(), getuid(), getgid()};
    expect_eq(1, send_control(a, SOL_SOCKET, SCM_CREDENTIALS, &mine, sizeof mine));
    expect_eq(mine.pid, receive(b).credentials.pid);
    expect_errno(EINVAL, send_control(a, SOL_SOCKET, SCM_CREDENTIALS, &mine, sizeof mine - 4));
    if (geteuid() != 0)
        skip("it takes root to send credentials of another user");
    ucred other {mine.pid, 1234, 4321};
    expect_eq(1, send_control(a, SOL_SOCKET, SCM_CREDENTIALS, &other, sizeof other));
    expect_eq(1234, receive(b).credentials.uid);
    note(fate_of([a = a, other] {
        expect_ok(setresuid(1000, 1000, 1000));
        ucred wanted = other;
        expect_errno(EPERM, send_control(a, SOL_SOCKET, SCM_CREDENTIALS, &wanted, sizeof wanted));
        wanted = {getpid(), 1000, getgid()};
        return send_control(a, SOL_SOCKET, SCM_CREDENTIALS, &wanted, sizeof wanted) == 1 ? 0 : 1;
    }));
}

GUEST_TEST("SO_PEERCRED: who made the pair, who listened, who connected")
{
    auto [a, b] = make_pair_of(SOCK_STREAM);
    ucred who {};
    socklen_t size = sizeof who;
    expect_ok(getsockopt(a, SOL_SOCKET, SO_PEERCRED, &who, &size));
    expect_eq(getpid(), who.pid);
    expect_eq(getuid(), who.uid);
    int none = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_ok(getsockopt(none, SOL_SOCKET, SO_PEERCRED, &who, &size));
    expect_eq(0, who.pid);
    expect_eq(-1, static_cast<int>(who.uid));
    auto name = abstract_name("peer");
    int server = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
    expect_ok(bind_to(server, name.address, name.size));
    expect_ok(listen(server, 5));
    pid_t parent = getpid();
    pid_t child = in_child([&] {
        int client = expect_ok(socket(AF_UNIX, SOCK_STREAM, 0));
        expect_ok(connect_to(client, name.address, name.size));
        ucred listener {};
        socklen_t length = sizeof listener;
        expect_ok(getsockopt(client, SOL_SOCKET, SO_PEERCRED, &listener, &length));
        expect_eq(parent, listener.pid);
        char byte;
        return read(client, &byte, 1) == 0 ? 0 : 1;
    });
    int accepted = expect_ok(accept(server, nullptr, nullptr));
    expect_ok(getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &who, &size));
    expect_eq(child, who.pid);
    close(accepted);
    note(describe(wait_for(child)));
}

GUEST_TEST("sockets in their own queues are collected: what they carry closes")
{
    auto [reader, writer] = make_pipe();
    auto [a, b] = make_pair_of(SOCK_DGRAM);
    expect_eq(1, send_fds(a, {b, writer})); // b waits in b's own queue, and keeps the pipe open
    expect_eq(1, send_fds(b, {a}));
    close(writer);
    close(a);
    close(b);
    auto [c, d] = make_pair_of(SOCK_STREAM); // a close of any unix socket looks for garbage
    close(c);
    close(d);
    expect_eq("HUP", state(reader, "HUP"));
}

GUEST_TEST("a long chain of sockets in sockets ends well")
{
    auto [reader, writer] = make_pipe();
    auto [out, in] = make_pair_of(SOCK_DGRAM);
    expect_eq(1, send_fds(out, {writer}));
    close(writer);
    for (int i = 0; i < 500; ++i) {
        auto [next_out, next_in] = make_pair_of(SOCK_DGRAM);
        long sent = send_fds(next_out, {in, out});
        if (sent != 1) { // newer kernels bound the depth
            close(next_out);
            close(next_in);
            break;
        }
        close(in);
        close(out);
        in = next_in;
        out = next_out;
    }
    close(in);
    close(out);
    expect_eq("HUP", state(reader, "HUP"));
}
