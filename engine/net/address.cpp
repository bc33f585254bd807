// Internet addresses in one form.
#include "engine/net/address.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::net {

IpAddress IpAddress::loopback6()
{
    IpAddress result;
    result.bytes[15] = 1;
    return result;
}

IpAddress IpAddress::v4(std::uint32_t value)
{
    IpAddress result;
    result.bytes[10] = result.bytes[11] = 0xff;
    for (std::size_t i = 0; i < 4; ++i)
        result.bytes[12 + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    return result;
}

IpAddress IpAddress::of(const in6_addr& address)
{
    IpAddress result;
    std::copy_n(address.s6_addr, result.bytes.size(), result.bytes.begin());
    return result;
}

bool IpAddress::is_v4() const
{
    return bytes[10] == 0xff && bytes[11] == 0xff && std::all_of(bytes.begin(), bytes.begin() + 10, [](auto byte) { return byte == 0; });
}

std::uint32_t IpAddress::v4() const
{
    std::uint32_t value = 0;
    for (std::size_t i = 12; i < 16; ++i)
        value = value << 8 | bytes[i];
    return value;
}

in6_addr IpAddress::v6() const
{
    in6_addr result;
    std::ranges::copy(bytes, result.s6_addr);
    return result;
}

bool IpAddress::is_any() const
{
    return *this == any6() || *this == any4();
}

bool IpAddress::is_local() const
{
    if (!is_v4())
        return *this == loopback6();
    return v4() >> 24 == 127 && !is_loopback_broadcast();
}

bool IpAddress::is_multicast() const
{
    return is_v4() ? v4() >> 28 == 0xe : bytes[0] == 0xff;
}

bool IpAddress::is_loopback_broadcast() const
{
    return *this == v4(0x7fffffff);
}

bool IpAddress::is_broadcast() const
{
    return *this == v4(INADDR_BROADCAST) || is_loopback_broadcast();
}

bool IpAddress::is_link_local6() const
{
    return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

SocketAddress to_socket_address(int family, const Endpoint& endpoint)
{
    if (family == AF_INET) {
        sockaddr_in result {};
        result.sin_family = AF_INET;
        result.sin_port = htons(endpoint.port);
        result.sin_addr.s_addr = htonl(endpoint.address.is_v4() ? endpoint.address.v4() : 0);
        return SocketAddress::of(result);
    }
    sockaddr_in6 result {};
    result.sin6_family = AF_INET6;
    result.sin6_port = htons(endpoint.port);
    result.sin6_addr = endpoint.address.v6();
    return SocketAddress::of(result);
}

std::string proc_text(int family, const Endpoint& endpoint)
{
    std::string text;
    std::size_t first = family == AF_INET ? 12 : 0;
    for (std::size_t word = first; word < 16; word += 4) { // words of the machine's own order
        std::uint32_t value = 0;
        std::memcpy(&value, endpoint.address.bytes.data() + word, sizeof value);
        text += fmt::format("{:08X}", value);
    }
    return text + fmt::format(":{:04X}", endpoint.port);
}

}
