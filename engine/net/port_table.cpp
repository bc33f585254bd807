// Ports: conflicts and choice (net/ipv4/inet_connection_sock.c, inet_csk_get_port; net/ipv4/udp.c, udp_lib_get_port).
#include "engine/net/port_table.h"

#include "engine/net/inet_sock.h"

#include <algorithm>

namespace ringside::net {

bool PortTable::conflicts(const InetSock& sock, std::uint16_t port)
{
    bool stream = sock.type == SOCK_STREAM;
    bool reuse = sock.options.reuse_address;
    for (const InetSock* other : at(port)) {
        if (other == &sock || !sock.overlaps(*other))
            continue;
        // Streams share a port by SO_REUSEADDR where nobody listens on it; datagrams where both ask for it.
        if (reuse && other->options.reuse_address && (!stream || other->state != State::listening))
            continue;
        if (sock.options.reuse_port && other->options.reuse_port && sock.owner == other->owner)
            continue;
        return true;
    }
    return stream && std::ranges::any_of(time_waits(), [&](const TimeWait& entry) {
        if (entry.local.port != port || (reuse && entry.reuse_address))
            return false;
        const IpAddress& mine = sock.local.address;
        return mine == entry.local.address || mine == IpAddress::any6() || (mine == IpAddress::any4() && entry.local.address.is_v4());
    });
}

Result<void> PortTable::bind(InetSock& sock, std::uint16_t port)
{
    if (conflicts(sock, port))
        return Errno(EADDRINUSE);
    auto& socks = bound_[port];
    if (std::ranges::find(socks, &sock) == socks.end())
        socks.push_back(&sock);
    return {};
}

Result<std::uint16_t> PortTable::bind_any(InetSock& sock, std::uint32_t random, bool for_connect)
{
    constexpr std::uint32_t count = ephemeral_last - ephemeral_first + 1;
    auto taken_by_time_wait = [&](std::uint16_t port) { return std::ranges::any_of(time_waits_, [&](const TimeWait& entry) { return entry.local.port == port; }); };
    time_waits(); // forgets old ones
    std::uint32_t offset = random % count;
    offset = for_connect ? offset & ~1U : offset | 1U;
    for (std::uint32_t parity = 0; parity < 2; ++parity, offset ^= 1U)
        for (std::uint32_t i = 0; i < count; i += 2) {
            auto port = static_cast<std::uint16_t>(ephemeral_first + (offset + i) % count);
            bool free = for_connect ? at(port).empty() && !taken_by_time_wait(port) : !conflicts(sock, port) && (sock.type == SOCK_DGRAM || at(port).empty());
            if (!free)
                continue;
            bound_[port].push_back(&sock);
            return port;
        }
    return Errno(EADDRINUSE);
}

void PortTable::release(InetSock& sock, std::uint16_t port)
{
    auto found = bound_.find(port);
    if (found == bound_.end())
        return;
    auto& socks = found->second;
    auto place = std::find(socks.rbegin(), socks.rend(), &sock); // connections come after their listener
    if (place != socks.rend()) {
        std::iter_swap(place, socks.rbegin());
        socks.pop_back();
    }
    if (socks.empty())
        bound_.erase(found);
}

const std::vector<InetSock*>& PortTable::at(std::uint16_t port) const
{
    static const std::vector<InetSock*> none;
    auto found = bound_.find(port);
    return found == bound_.end() ? none : found->second;
}

void PortTable::add_time_wait(TimeWait entry)
{
    entry.until = kernel::monotonic_now() + time_wait_length;
    if (time_waits_.size() >= max_time_waits)
        time_waits_.pop_front();
    time_waits_.push_back(entry);
}

const std::deque<PortTable::TimeWait>& PortTable::time_waits()
{
    kernel::Nanoseconds now = kernel::monotonic_now();
    while (!time_waits_.empty() && time_waits_.front().until <= now)
        time_waits_.pop_front();
    return time_waits_;
}

}
