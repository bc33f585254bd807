// socket(2) and the calls that name, connect and shut sockets. Messages are in socket_message.cpp, options in socket_option.cpp.
#include "engine/syscalls/socket_address.h"

#include "engine/fs/file_table.h"
#include "engine/net/socket_file.h"
#include "engine/syscalls/handler.h"

#include <fcntl.h>

namespace ringside::syscalls {

static_assert(SOCK_NONBLOCK == O_NONBLOCK && SOCK_CLOEXEC == O_CLOEXEC);

Result<net::SocketAddress> copy_in_address(Task& task, GuestAddr address, int length)
{
    if (length < 0 || static_cast<std::size_t>(length) > net::SocketAddress::capacity)
        return Errno(EINVAL);
    std::array<std::byte, net::SocketAddress::capacity> bytes {};
    auto given = std::span(bytes).first(static_cast<std::size_t>(length));
    if (!given.empty())
        TRY(task.copy_in(address, given));
    return net::SocketAddress(given);
}

Result<void> copy_out_address(Task& task, const net::SocketAddress& name, GuestAddr address, GuestPtr<int> length_address)
{
    int room = TRY(task.copy_in(length_address));
    if (room < 0)
        return Errno(EINVAL);
    auto part = name.bytes().first(std::min<std::size_t>(static_cast<std::size_t>(room), name.size()));
    if (!part.empty())
        TRY(task.copy_out(address, part));
    return task.copy_out(length_address, static_cast<int>(name.size()));
}

namespace {

constexpr int type_mask = 15; // SOCK_TYPE_MASK

Result<void> check_type(int type)
{
    return check_flags(static_cast<unsigned>(type & ~type_mask), SOCK_CLOEXEC | SOCK_NONBLOCK);
}

}

Result<long> socket(Task& task, int domain, int type, int protocol)
{
    TRY(check_type(type));
    Ref<net::Sock> sock = TRY(net::make_sock(task, domain, type & type_mask, protocol));
    return TRY(task.files().install(task, Ref<fs::File>(make_ref<net::SocketFile>(task, std::move(sock), type)), (type & SOCK_CLOEXEC) != 0));
}

Result<long> socketpair(Task& task, int domain, int type, int protocol, GuestPtr<std::array<int, 2>> pair)
{
    TRY(check_type(type));
    auto reserved = TRY(task.files().reserve<2>(task));
    TRY(task.copy_out(pair, reserved.numbers()));
    std::array<Ref<fs::File>, 2> files;
    std::array<Ref<net::Sock>, 2> socks;
    for (std::size_t i = 0; i < 2; ++i) {
        socks[i] = TRY(net::make_sock(task, domain, type & type_mask, protocol));
        files[i] = make_ref<net::SocketFile>(task, socks[i], type);
    }
    TRY(socks[0]->pair(task, *socks[1]));
    reserved.commit(std::move(files), (type & SOCK_CLOEXEC) != 0);
    return 0;
}

Result<long> bind(Task& task, int fd, GuestAddr address, int length)
{
    auto file = TRY(net::socket_of(task, fd));
    TRY(file->sock().bind(task, TRY(copy_in_address(task, address, length))));
    return 0;
}

Result<long> listen(Task& task, int fd, int backlog)
{
    TRY(TRY(net::socket_of(task, fd))->sock().listen(task, backlog));
    return 0;
}

Result<long> accept4(Task& task, int fd, GuestAddr address, GuestPtr<int> length, int flags)
{
    TRY(task.files().get_for_io(fd)); // EBADF, then EINVAL, then ENOTSOCK
    TRY(check_flags(static_cast<unsigned>(flags), SOCK_CLOEXEC | SOCK_NONBLOCK));
    auto file = TRY(net::socket_of(task, fd));
    auto reserved = TRY(task.files().reserve<1>(task));
    Ref<net::Sock> sock = TRY(file->sock().accept(task, file->nonblocking()));
    auto accepted = make_ref<net::SocketFile>(task, sock, flags);
    if (!address.is_null()) {
        auto name = sock->peer_name();
        // Whoever has gone already still has the name that it came by.
        TRY(copy_out_address(task, name.ok() ? name.value() : sock->accepted_peer_name(), address, length));
    }
    int number = reserved.numbers()[0];
    reserved.commit({Ref<fs::File>(accepted)}, (flags & SOCK_CLOEXEC) != 0);
    return number;
}

Result<long> accept(Task& task, int fd, GuestAddr address, GuestPtr<int> length)
{
    return accept4(task, fd, address, length, 0);
}

Result<long> connect(Task& task, int fd, GuestAddr address, int length)
{
    TRY(task.files().get_for_io(fd)); // EBADF, then what is wrong with the address, then ENOTSOCK
    net::SocketAddress to = TRY(copy_in_address(task, address, length));
    auto file = TRY(net::socket_of(task, fd));
    TRY(file->sock().connect(task, to, file->nonblocking()));
    return 0;
}

Result<long> getsockname(Task& task, int fd, GuestAddr address, GuestPtr<int> length)
{
    auto file = TRY(net::socket_of(task, fd));
    TRY(copy_out_address(task, file->sock().name(), address, length));
    return 0;
}

Result<long> getpeername(Task& task, int fd, GuestAddr address, GuestPtr<int> length)
{
    auto file = TRY(net::socket_of(task, fd));
    TRY(copy_out_address(task, TRY(file->sock().peer_name()), address, length));
    return 0;
}

Result<long> shutdown(Task& task, int fd, int how)
{
    auto file = TRY(net::socket_of(task, fd));
    if (how < SHUT_RD || how > SHUT_RDWR)
        return Errno(EINVAL);
    TRY(file->sock().shutdown(task, how + 1));
    return 0;
}

const Register<SYS_socket, socket> r_socket("vsock, alg, can and xdp; SCTP and MPTCP; netlink other than route, uevent and usersock");
const Register<SYS_socketpair, socketpair> r_socketpair;
const Register<SYS_bind, bind> r_bind;
const Register<SYS_listen, listen> r_listen;
const Register<SYS_accept, accept> r_accept;
const Register<SYS_accept4, accept4> r_accept4;
const Register<SYS_connect, connect> r_connect;
const Register<SYS_getsockname, getsockname> r_getsockname;
const Register<SYS_getpeername, getpeername> r_getpeername;
const Register<SYS_shutdown, shutdown> r_shutdown;

}
