// Control messages: SCM_RIGHTS, SCM_CREDENTIALS and what internet sockets take (net/core/scm.c, net/ipv4/ip_sockglue.c).
#include "engine/syscalls/socket_message.h"

#include "engine/fs/file_table.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/thread_group.h"

#include <climits>
#include <cstring>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sys/resource.h>

namespace ringside::syscalls {

namespace {

constexpr std::size_t most_descriptors = 253; // SCM_MAX_FD

template<typename T>
Result<T> data_as(std::span<const std::byte> data, bool exact = false)
{
    if (data.size() < sizeof(T) || (exact && data.size() != sizeof(T)))
        return Errno(EINVAL);
    T value {};
    std::memcpy(&value, data.data(), sizeof value);
    return value;
}

/// scm_check_creds: one's own, or by capability somebody else's.
Result<ucred> checked_credentials(Task& task, const ucred& given)
{
    const kernel::Credentials& who = task.credentials();
    constexpr auto none = static_cast<uid_t>(-1);
    if (given.uid == none || given.gid == none)
        return Errno(EINVAL);
    bool pid_ok = given.pid == task.group().tgid() || who.capable(CAP_SYS_ADMIN);
    bool uid_ok = given.uid == who.uid || given.uid == who.euid || given.uid == who.suid || who.capable(CAP_SETUID);
    bool gid_ok = given.gid == who.gid || given.gid == who.egid || given.gid == who.sgid || who.capable(CAP_SETGID);
    if (!pid_ok || !uid_ok || !gid_ok)
        return Errno(EPERM);
    if (given.pid != task.group().tgid() && !task.kernel().processes().group(given.pid) && !task.kernel().processes().task(given.pid))
        return Errno(ESRCH);
    return given;
}

Result<void> add_descriptors(Task& task, std::span<const std::byte> data, std::vector<Ref<fs::File>>& files)
{
    std::size_t count = data.size() / sizeof(int);
    if (count > most_descriptors || files.size() + count > most_descriptors)
        return Errno(EINVAL);
    for (std::size_t i = 0; i < count; ++i)
        files.push_back(TRY(task.files().get(TRY(data_as<int>(data.subspan(i * sizeof(int)))))));
    return {};
}

/// Control messages of IPPROTO_IP and IPPROTO_IPV6 with a datagram (ip_cmsg_send, ip6_datagram_send_ctl).
Result<void> internet_control(const cmsghdr& head, std::span<const std::byte> data, net::Outgoing& message)
{
    if (head.cmsg_level == IPPROTO_IP) {
        switch (head.cmsg_type) {
        case IP_TTL: {
            int ttl = TRY(data_as<int>(data, true));
            if (ttl < 1 || ttl > 255)
                return Errno(EINVAL);
            message.ttl = ttl;
            return {};
        }
        case IP_TOS: {
            int tos = data.size() == sizeof(int) ? TRY(data_as<int>(data)) : TRY(data_as<unsigned char>(data, true));
            if (tos < 0 || tos > 255)
                return Errno(EINVAL);
            message.tos = tos;
            return {};
        }
        case IP_PKTINFO: {
            auto info = TRY(data_as<in_pktinfo>(data, true));
            if (info.ipi_spec_dst.s_addr != 0)
                message.source = net::IpAddress::of(info.ipi_spec_dst);
            return {};
        }
        case IP_RETOPTS:
            return {};
        default:
            return Errno(EINVAL);
        }
    }
    switch (head.cmsg_type) {
    case IPV6_PKTINFO: {
        auto info = TRY(data_as<in6_pktinfo>(data));
        auto address = net::IpAddress::of(info.ipi6_addr);
        if (info.ipi6_ifindex > 1)
            return Errno(ENODEV);
        if (!address.is_any() && !address.is_local())
            return Errno(EINVAL);
        if (!address.is_any())
            message.source = address;
        return {};
    }
    case IPV6_HOPLIMIT: {
        int limit = TRY(data_as<int>(data, true));
        if (limit < -1 || limit > 255)
            return Errno(EINVAL);
        if (limit >= 0)
            message.ttl = limit;
        return {};
    }
    case IPV6_TCLASS: {
        int traffic = TRY(data_as<int>(data, true));
        if (traffic < -1 || traffic > 255)
            return Errno(EINVAL);
        if (traffic >= 0)
            message.tos = traffic;
        return {};
    }
    case IPV6_DONTFRAG:
        TRY(data_as<int>(data));
        return {};
    default:
        return Errno(EINVAL);
    }
}

Result<void> one_control(Task& task, const net::Sock& sock, const cmsghdr& head, std::span<const std::byte> data, net::Outgoing& message, std::vector<Ref<fs::File>>& files)
{
    bool local = sock.family == AF_UNIX || sock.family == AF_NETLINK;
    if (head.cmsg_level != SOL_SOCKET) {
        if (!local && sock.type == SOCK_DGRAM && (head.cmsg_level == IPPROTO_IP || head.cmsg_level == IPPROTO_IPV6))
            return internet_control(head, data, message);
        return {};
    }
    switch (head.cmsg_type) {
    case SCM_RIGHTS:
        if (!local)
            return {};
        if (sock.family != AF_UNIX)
            return Errno(EINVAL);
        return add_descriptors(task, data, files);
    case SCM_CREDENTIALS:
        if (!local)
            return {};
        message.credentials = TRY(checked_credentials(task, TRY(data_as<ucred>(data, true))));
        return {};
    default:
        return Errno(EINVAL);
    }
}

}

Result<void> copy_in_control(Task& task, const net::Sock& sock, GuestAddr address, std::uint64_t length, net::Outgoing& message)
{
    if (address.is_null() || length == 0)
        return {};
    if (length > INT_MAX || length > net::NetState::control_limit)
        return Errno(ENOBUFS);
    std::vector<std::byte> control(length);
    TRY(task.copy_in(address, control));
    std::vector<Ref<fs::File>> files;
    for (std::size_t at = 0; at + sizeof(cmsghdr) <= control.size();) {
        cmsghdr head {};
        std::memcpy(&head, control.data() + at, sizeof head);
        if (head.cmsg_len < sizeof head || head.cmsg_len > control.size() - at)
            return Errno(EINVAL); // CMSG_OK
        auto data = std::span(std::as_const(control)).subspan(at + sizeof head, head.cmsg_len - sizeof head);
        TRY(one_control(task, sock, head, data, message, files));
        at += CMSG_ALIGN(head.cmsg_len);
    }
    if (files.empty())
        return {};
    const kernel::Credentials& who = task.credentials();
    auto in_flight = sock.net().rights_of.find(who.uid);
    if (in_flight != sock.net().rights_of.end() && in_flight->second > task.limits().soft(RLIMIT_NOFILE) && !who.capable(CAP_SYS_RESOURCE) && !who.capable(CAP_SYS_ADMIN))
        return Errno(ETOOMANYREFS);
    message.rights = make_ref<net::Rights>(sock.net_ref(), who.uid, std::move(files));
    return {};
}

namespace {

/// Where the next control message goes.
struct ControlRoom {
    Task& task;
    GuestAddr at;
    std::uint64_t left;
    std::uint64_t used = 0;

    void advance(std::uint64_t space)
    {
        space = std::min(space, left);
        at = at + space;
        left -= space;
        used += space;
    }
};

/// put_cmsg: what does not fit is cut.
Result<void> put_control(ControlRoom& room, const net::ControlMessage& control, int& flags)
{
    if (room.left < sizeof(cmsghdr)) {
        flags |= MSG_CTRUNC;
        return {};
    }
    std::uint64_t length = CMSG_LEN(control.data.size());
    if (room.left < length) {
        flags |= MSG_CTRUNC;
        length = room.left;
    }
    std::vector<std::byte> bytes(length);
    cmsghdr head {};
    head.cmsg_len = length;
    head.cmsg_level = control.level;
    head.cmsg_type = control.type;
    std::memcpy(bytes.data(), &head, sizeof head);
    std::memcpy(bytes.data() + sizeof head, control.data.data(), length - sizeof head);
    TRY(room.task.copy_out(room.at, bytes));
    room.advance(CMSG_SPACE(control.data.size()));
    return {};
}

/// scm_detach_fds: as many as there is room and numbers for.
void put_descriptors(ControlRoom& room, const std::vector<Ref<fs::File>>& files, bool close_on_exec, int& flags)
{
    std::size_t most = room.left <= sizeof(cmsghdr) ? 0 : std::min<std::size_t>((room.left - sizeof(cmsghdr)) / sizeof(int), files.size());
    std::size_t done = 0;
    for (; done < most; ++done) {
        auto reserved = room.task.files().reserve<1>(room.task);
        if (!reserved.ok())
            break;
        auto number = std::move(reserved).value();
        if (!room.task.copy_out(GuestPtr<int>(room.at + CMSG_LEN(done * sizeof(int))), number.numbers()[0]).ok())
            break;
        number.commit({files[done]}, close_on_exec);
    }
    if (done > 0) {
        cmsghdr head {};
        head.cmsg_len = CMSG_LEN(done * sizeof(int));
        head.cmsg_level = SOL_SOCKET;
        head.cmsg_type = SCM_RIGHTS;
        if (room.task.copy_out(room.at, std::as_bytes(std::span(&head, 1))).ok())
            room.advance(CMSG_SPACE(done * sizeof(int)));
    }
    if (done < files.size())
        flags |= MSG_CTRUNC;
}

}

Result<std::uint64_t> copy_out_control(Task& task, GuestAddr address, std::uint64_t length, net::Incoming& message)
{
    if (address.is_null())
        length = 0;
    ControlRoom room {task, address, length};
    for (const net::ControlMessage& control : message.control)
        TRY(put_control(room, control, message.result_flags));
    if (message.rights) {
        put_descriptors(room, message.rights->files(), (message.flags & MSG_CMSG_CLOEXEC) != 0, message.result_flags);
        message.rights = {};
    }
    return room.used;
}

}
