// Socket addresses: the bytes that bind(2) takes, and internet addresses in one form for IPv4 and IPv6 (v4-mapped, as ipv6(7) has it).
#pragma once

#include "engine/base/result.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <span>
#include <string>
#include <sys/socket.h>

namespace ringside::net {

/// A struct sockaddr of any family, as the guest gives and gets it. Empty: none was given.
class SocketAddress {
public:
    static constexpr std::size_t capacity = sizeof(sockaddr_storage);
    SocketAddress() = default;
    /// `bytes` has at most `capacity` bytes.
    explicit SocketAddress(std::span<const std::byte> bytes) : size_(bytes.size()) { std::memcpy(bytes_.data(), bytes.data(), bytes.size()); }
    template<typename T>
    static SocketAddress of(const T& value, std::size_t size = sizeof(T))
    {
        return SocketAddress(std::as_bytes(std::span(&value, 1)).first(size));
    }
    /// What is missing reads as zero.
    template<typename T>
    T as() const
    {
        static_assert(sizeof(T) <= capacity);
        T value {};
        std::memcpy(&value, bytes_.data(), sizeof value);
        return value;
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    sa_family_t family() const { return size_ < sizeof(sa_family_t) ? sa_family_t {AF_UNSPEC} : as<sockaddr>().sa_family; }
    std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }

private:
    std::array<std::byte, capacity> bytes_ {};
    std::size_t size_ = 0;
};

/// An IPv6 address; IPv4 ones are v4-mapped (::ffff:a.b.c.d).
struct IpAddress {
    std::array<std::uint8_t, 16> bytes {};

    static IpAddress any6() { return {}; }
    static IpAddress loopback6();
    /// In host order.
    static IpAddress v4(std::uint32_t value);
    static IpAddress any4() { return v4(INADDR_ANY); }
    static IpAddress loopback4() { return v4(INADDR_LOOPBACK); }
    static IpAddress of(const in_addr& address) { return v4(ntohl(address.s_addr)); }
    static IpAddress of(const in6_addr& address);

    bool is_v4() const;
    std::uint32_t v4() const; ///< host order; meaningful where is_v4()
    in6_addr v6() const;
    bool is_any() const;
    /// 127/8 without its broadcast address, or ::1: the addresses of this sandbox.
    bool is_local() const;
    bool is_multicast() const;
    bool is_loopback_broadcast() const; ///< 127.255.255.255
    bool is_broadcast() const;          ///< that, or 255.255.255.255
    bool is_link_local6() const;
    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
};

/// One end of a connection.
struct Endpoint {
    IpAddress address;
    std::uint16_t port = 0;
    static Endpoint of(const sockaddr_in& in) { return {IpAddress::of(in.sin_addr), ntohs(in.sin_port)}; }
    static Endpoint of(const sockaddr_in6& in) { return {IpAddress::of(in.sin6_addr), ntohs(in.sin6_port)}; }
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// As a socket of `family` shows it: a v4 address is mapped in a sockaddr_in6.
SocketAddress to_socket_address(int family, const Endpoint& endpoint);
/// "0100007F:1F90" and the 32-digit form, as /proc/net/tcp and tcp6 have them.
std::string proc_text(int family, const Endpoint& endpoint);

}
