// setsockopt(2), getsockopt(2).
#include "engine/net/socket_file.h"
#include "engine/syscalls/handler.h"

namespace ringside::syscalls {

Result<long> setsockopt(Task& task, int fd, int level, int option, GuestAddr value, int length)
{
    if (length < 0)
        return Errno(EINVAL);
    auto file = TRY(net::socket_of(task, fd));
    TRY(file->sock().set_option(level, option, {task, value, static_cast<unsigned>(length)}));
    return 0;
}

Result<long> getsockopt(Task& task, int fd, int level, int option, GuestAddr value, GuestPtr<int> length_address)
{
    auto file = TRY(net::socket_of(task, fd));
    int length = TRY(task.copy_in(length_address));
    if (length < 0)
        return Errno(EINVAL);
    auto room = static_cast<std::size_t>(length);
    net::OptionBytes bytes = TRY(file->sock().get_option(level, option, room));
    if (level == SOL_SOCKET && option == SO_PEERGROUPS && bytes.size() > room) {
        TRY(task.copy_out(length_address, static_cast<int>(bytes.size())));
        return Errno(ERANGE);
    }
    auto part = std::span(std::as_const(bytes)).first(std::min(room, bytes.size()));
    if (!part.empty())
        TRY(task.copy_out(value, part));
    TRY(task.copy_out(length_address, static_cast<int>(part.size())));
    return 0;
}

const Register<SYS_setsockopt, setsockopt> r_setsockopt("IPv6 extension headers, zero copy, socket filters, SO_TXTIME, TCP Fast Open");
const Register<SYS_getsockopt, getsockopt> r_getsockopt("IPv6 extension headers, zero copy, socket filters, SO_TXTIME, TCP Fast Open");

}
