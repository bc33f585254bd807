// send(2), recv(2) and their kin: messages between guest memory and sockets (net/socket.c, net/core/scm.c).
#include "engine/syscalls/socket_message.h"

#include "engine/fs/file_table.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/io_buffer.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/iovec.h"
#include "engine/syscalls/socket_address.h"

#include <climits>
#include <sys/uio.h>

namespace ringside::syscalls {

using kernel::IoBuffer;
using kernel::Nanoseconds;

namespace {

constexpr int most_vectors = 1024;           // UIO_MAXIOV
constexpr unsigned compat_flag = 0x80000000; // MSG_CMSG_COMPAT

GuestAddr guest_address(const void* pointer)
{
    return GuestAddr(reinterpret_cast<std::uintptr_t>(pointer));
}

/// A msghdr with its lengths checked (copy_msghdr_from_user).
struct Header {
    msghdr raw;
    std::vector<IoBuffer::Range> ranges;
};

Result<Header> copy_in_header(Task& task, GuestPtr<msghdr> address)
{
    Header header {TRY(task.copy_in(address)), {}};
    if (static_cast<int>(header.raw.msg_namelen) < 0)
        return Errno(EINVAL);
    if (!header.raw.msg_name)
        header.raw.msg_namelen = 0;
    header.raw.msg_namelen = std::min<socklen_t>(header.raw.msg_namelen, net::SocketAddress::capacity);
    if (header.raw.msg_iovlen > most_vectors)
        return Errno(EMSGSIZE);
    header.ranges = TRY(copy_in_iovec(task, guest_address(header.raw.msg_iov), static_cast<int>(header.raw.msg_iovlen)));
    return header;
}

Result<long> send_header(Task& task, net::SocketFile& file, const Header& header, int flags)
{
    IoBuffer data(task, header.ranges);
    net::Outgoing message(data, flags);
    if (header.raw.msg_namelen > 0)
        message.to = TRY(copy_in_address(task, guest_address(header.raw.msg_name), static_cast<int>(header.raw.msg_namelen)));
    TRY(copy_in_control(task, file.sock(), guest_address(header.raw.msg_control), header.raw.msg_controllen, message));
    return static_cast<long>(TRY(file.send(task, message)));
}

Result<long> receive_header(Task& task, net::SocketFile& file, GuestPtr<msghdr> address, int flags)
{
    Header header = TRY(copy_in_header(task, address));
    IoBuffer data(task, header.ranges);
    net::Incoming message(data, flags);
    message.result_flags = flags & MSG_CMSG_CLOEXEC;
    std::size_t received = TRY(file.receive(task, message));
    auto place = [&](std::size_t offset) { return address.addr() + offset; };
    std::uint64_t control_length = TRY(copy_out_control(task, guest_address(header.raw.msg_control), header.raw.msg_controllen, message));
    if (header.raw.msg_name)
        TRY(copy_out_address(task, message.from, guest_address(header.raw.msg_name), GuestPtr<int>(place(offsetof(msghdr, msg_namelen)))));
    TRY(task.copy_out(GuestPtr<int>(place(offsetof(msghdr, msg_flags))), message.result_flags));
    TRY(task.copy_out(GuestPtr<std::uint64_t>(place(offsetof(msghdr, msg_controllen))), control_length));
    return static_cast<long>(received);
}

Result<void> check_message_flags(unsigned flags)
{
    return flags & compat_flag ? Result<void>(Errno(EINVAL)) : Result<void>();
}

}

Result<long> sendto(Task& task, int fd, GuestPtr<const void> buffer, std::uint64_t length, unsigned flags, GuestAddr address, int address_length)
{
    IoBuffer data = TRY(buffer_at(task, buffer.addr(), std::min(length, max_count)));
    auto file = TRY(net::socket_of(task, fd));
    net::Outgoing message(data, static_cast<int>(flags & ~compat_flag));
    if (!address.is_null())
        message.to = TRY(copy_in_address(task, address, address_length));
    return static_cast<long>(TRY(file->send(task, message)));
}

Result<long> recvfrom(Task& task, int fd, GuestPtr<void> buffer, std::uint64_t length, unsigned flags, GuestAddr address, GuestPtr<int> address_length)
{
    IoBuffer data = TRY(buffer_at(task, buffer, std::min(length, max_count)));
    auto file = TRY(net::socket_of(task, fd));
    net::Incoming message(data, static_cast<int>(flags & ~compat_flag));
    std::size_t received = TRY(file->receive(task, message));
    if (!address.is_null())
        TRY(copy_out_address(task, message.from, address, address_length));
    return static_cast<long>(received);
}

Result<long> sendmsg(Task& task, int fd, GuestPtr<msghdr> address, unsigned flags)
{
    TRY(check_message_flags(flags));
    auto file = TRY(net::socket_of(task, fd));
    return send_header(task, *file, TRY(copy_in_header(task, address)), static_cast<int>(flags));
}

Result<long> recvmsg(Task& task, int fd, GuestPtr<msghdr> address, unsigned flags)
{
    TRY(check_message_flags(flags));
    auto file = TRY(net::socket_of(task, fd));
    return receive_header(task, *file, address, static_cast<int>(flags));
}

namespace {

constexpr std::size_t length_offset = offsetof(mmsghdr, msg_len);

GuestPtr<msghdr> header_at(GuestAddr vector, unsigned index)
{
    return GuestPtr<msghdr>(vector + std::uint64_t {index} * sizeof(mmsghdr));
}

}

Result<long> sendmmsg(Task& task, int fd, GuestAddr vector, unsigned count, unsigned flags)
{
    TRY(check_message_flags(flags));
    count = std::min<unsigned>(count, most_vectors);
    auto file = TRY(net::socket_of(task, fd));
    Errno error(0);
    unsigned sent = 0;
    for (; sent < count; ++sent) {
        auto one = [&]() -> Result<void> {
            GuestPtr<msghdr> address = header_at(vector, sent);
            long length = TRY(send_header(task, *file, TRY(copy_in_header(task, address)), static_cast<int>(flags)));
            return task.copy_out(GuestPtr<unsigned>(address.addr() + length_offset), static_cast<unsigned>(length));
        }();
        if (!one.ok()) {
            error = one.error();
            break;
        }
    }
    if (sent == 0 && count > 0)
        return error;
    return static_cast<long>(sent);
}

Result<long> recvmmsg(Task& task, int fd, GuestAddr vector, unsigned count, unsigned flags_value, GuestPtr<timespec> timeout)
{
    TRY(check_message_flags(flags_value));
    auto flags = static_cast<int>(flags_value);
    std::optional<Nanoseconds> deadline;
    if (!timeout.is_null())
        deadline = kernel::monotonic_now() + TRY(kernel::from_timespec(TRY(task.copy_in(timeout))));
    auto file = TRY(net::socket_of(task, fd));
    if (int error = file->sock().take_error())
        return Errno(error);
    count = std::min<unsigned>(count, most_vectors);
    Errno error(0);
    unsigned received = 0;
    while (received < count) {
        auto one = [&]() -> Result<void> {
            GuestPtr<msghdr> address = header_at(vector, received);
            long length = TRY(receive_header(task, *file, address, flags & ~MSG_WAITFORONE));
            return task.copy_out(GuestPtr<unsigned>(address.addr() + length_offset), static_cast<unsigned>(length));
        }();
        if (!one.ok()) {
            error = one.error();
            break;
        }
        ++received;
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (deadline && kernel::monotonic_now() >= *deadline) // looked at after each message only (recvmmsg(2), BUGS)
            break;
    }
    if (!timeout.is_null() && received > 0) {
        Nanoseconds now = kernel::monotonic_now();
        TRY(task.copy_out(timeout, kernel::to_timespec(*deadline > now ? *deadline - now : 0)));
    }
    if (received == 0 && count > 0)
        return error;
    if (error != 0 && error != EAGAIN && error != ERESTARTSYS && error != EINTR)
        file->sock().report_error(error.value()); // for the next call
    return static_cast<long>(received);
}

const Register<SYS_sendto, sendto> r_sendto("MSG_FASTOPEN; MSG_OOB of unix sockets");
const Register<SYS_recvfrom, recvfrom> r_recvfrom;
const Register<SYS_sendmsg, sendmsg> r_sendmsg("MSG_FASTOPEN; MSG_OOB of unix sockets");
const Register<SYS_recvmsg, recvmsg> r_recvmsg;
const Register<SYS_sendmmsg, sendmmsg> r_sendmmsg("MSG_FASTOPEN; MSG_OOB of unix sockets");
const Register<SYS_recvmmsg, recvmmsg> r_recvmmsg;

}
