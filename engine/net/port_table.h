// Ports of one protocol (TCP or UDP): who is bound where, conflicts, ephemeral ports, connections in TIME_WAIT. ip(7), socket(7).
#pragma once

#include "engine/base/result.h"
#include "engine/kernel/clock.h"
#include "engine/net/address.h"

#include <deque>
#include <map>
#include <vector>

namespace ringside::net {

class InetSock;

class PortTable {
public:
    static constexpr std::uint16_t ephemeral_first = 32768, ephemeral_last = 60999; ///< ip_local_port_range

    /// A connection that both sides have closed: its port stays taken for a minute against who does not set SO_REUSEADDR.
    struct TimeWait {
        Endpoint local, remote;
        int family = 0;
        bool reuse_address = false;
        kernel::Nanoseconds until = 0;
    };
    static constexpr kernel::Nanoseconds time_wait_length = 60 * kernel::second;
    static constexpr std::size_t max_time_waits = 4096;

    /// Takes `port` for the socket with its local address as it is set. EADDRINUSE.
    Result<void> bind(InetSock& sock, std::uint16_t port);
    /// Any free port. EADDRINUSE where there is none. `for_connect`: for a connection from `sock` (Linux takes even ports for these, odd ones for bind).
    Result<std::uint16_t> bind_any(InetSock& sock, std::uint32_t random, bool for_connect);
    /// The same socket's place again, for an accepted one: shares its listener's port.
    void share(InetSock& sock, std::uint16_t port) { bound_[port].push_back(&sock); }
    void release(InetSock& sock, std::uint16_t port);
    const std::vector<InetSock*>& at(std::uint16_t port) const;
    /// Those at `port` whose `score` is the highest, in the order they were bound; none where it is 0 for all.
    template<typename Score>
    std::vector<InetSock*> best_at(std::uint16_t port, Score&& score) const
    {
        std::vector<InetSock*> best;
        int highest = 1;
        for (InetSock* sock : at(port)) {
            int here = score(*sock);
            if (here < highest)
                continue;
            if (here > highest)
                best.clear();
            highest = here;
            best.push_back(sock);
        }
        return best;
    }
    /// The one of `equals` that SO_REUSEPORT gives to what comes from `sender`.
    static InetSock* spread(const std::vector<InetSock*>& equals, std::uint16_t sender) { return equals[sender * 2654435761U % equals.size()]; }
    void add_time_wait(TimeWait entry);
    /// Those that have not run out.
    const std::deque<TimeWait>& time_waits();

private:
    bool conflicts(const InetSock& sock, std::uint16_t port);
    std::map<std::uint16_t, std::vector<InetSock*>> bound_;
    std::deque<TimeWait> time_waits_;
};

}
