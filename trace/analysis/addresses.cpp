// See addresses.h.
#include "trace/analysis/addresses.h"

#include "trace/decode/guest_data.h"
#include "trace/syscall_table.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace ringside::trace::analysis {

namespace {

template <typename T>
T padded(std::string_view bytes)
{
    T value {};
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
}

Endpoint unix_endpoint(std::string_view bytes)
{
    std::string_view path = bytes.substr(std::min(bytes.size(), offsetof(sockaddr_un, sun_path)));
    Endpoint endpoint {.family = AF_UNIX, .text = "unix socket", .host = {}};
    if (!path.empty() && path.front() == '\0')
        endpoint.text = "@" + std::string(path.substr(1));
    else if (!path.empty())
        endpoint.text = std::string(path.substr(0, path.find('\0')));
    return endpoint;
}

Endpoint inet_endpoint(std::string_view bytes)
{
    auto in = padded<sockaddr_in>(bytes);
    char text[INET_ADDRSTRLEN] {};
    inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    std::uint32_t address = ntohl(in.sin_addr.s_addr);
    return {AF_INET, fmt::format("{}:{}", text, ntohs(in.sin_port)), text, ntohs(in.sin_port), address >> 24 != 127 && address != 0};
}

Endpoint inet6_endpoint(std::string_view bytes)
{
    auto in = padded<sockaddr_in6>(bytes);
    char text[INET6_ADDRSTRLEN] {};
    inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
    const auto& a = in.sin6_addr;
    bool local = IN6_IS_ADDR_LOOPBACK(&a) || IN6_IS_ADDR_UNSPECIFIED(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
    return {AF_INET6, fmt::format("[{}]:{}", text, ntohs(in.sin6_port)), text, ntohs(in.sin6_port), !local};
}

}

std::optional<Endpoint> endpoint_of(std::string_view bytes)
{
    if (bytes.size() < sizeof(sa_family_t))
        return std::nullopt;
    switch (padded<sa_family_t>(bytes)) {
    case AF_UNIX: return unix_endpoint(bytes);
    case AF_INET: return inet_endpoint(bytes);
    case AF_INET6: return inet6_endpoint(bytes);
    default: return std::nullopt;
    }
}

std::optional<Endpoint> endpoint_of(TraceFile& trace, const Event& event)
{
    const SyscallInfo* info = find_syscall(event.nr);
    if (!info)
        return std::nullopt;
    GuestData data;
    for (std::size_t i = 0; i < info->arity; ++i) {
        if (info->slots[i].kind != ArgKind::sockaddr || event.args[i] == 0)
            continue;
        data = GuestData(trace.data(event));
        Direction direction = info->slots[i].flow == Flow::in ? Direction::in : Direction::out;
        return endpoint_of(data.read(event.args[i], sizeof(sockaddr_storage), direction));
    }
    bool sends = event.nr == call_nr("sendmsg"), receives = event.nr == call_nr("recvmsg");
    if (!sends && !receives)
        return std::nullopt;
    data = GuestData(trace.data(event));
    auto head = data.read_as<msghdr>(event.args[1], Direction::in);
    if (!head || !head->msg_name)
        return std::nullopt;
    auto length = std::min<std::size_t>(head->msg_namelen, sizeof(sockaddr_storage));
    return endpoint_of(data.read(reinterpret_cast<std::uint64_t>(head->msg_name), length, sends ? Direction::in : Direction::out));
}

}
