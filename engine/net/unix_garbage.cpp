// Sockets that are reachable only through messages that wait in sockets that are reachable only so (net/unix/garbage.c). Descriptions
// are counted references, so such circles would never end.
#include "engine/net/socket_file.h"
#include "engine/net/unix_sock.h"

#include <deque>
#include <vector>

namespace ringside::net {

namespace {

constexpr std::size_t always = 1024; // past this many sockets not every close looks for garbage: the whole costs no more than a look at each once

UnixSock* unix_sock_of(fs::File& file)
{
    auto* socket = dynamic_cast<SocketFile*>(&file);
    return socket && socket->sock().family == AF_UNIX ? static_cast<UnixSock*>(&socket->sock()) : nullptr;
}

/// Calls `visit` for each unix socket that a message in the queue of `sock` carries; those in its backlog count as its own.
template<typename Visit>
void for_each_carried(UnixSock& sock, Visit&& visit)
{
    for (const Ref<Packet>& packet : sock.received()) {
        if (packet->connection)
            for_each_carried(static_cast<UnixSock&>(*packet->connection), visit);
        if (packet->rights)
            for (const Ref<fs::File>& file : packet->rights->files())
                if (UnixSock* carried = unix_sock_of(*file))
                    visit(*carried);
    }
}

}

void collect_unreachable(NetState& net)
{
    std::map<UnixSock*, std::uint32_t> in_flight;
    std::size_t work = net.socks.size() + net.rights_in_flight;
    if (work > always && ++net.closes_since_collection * always < work * 16)
        return;
    net.closes_since_collection = 0;
    for (Sock* sock : net.socks)
        if (sock->family == AF_UNIX)
            for_each_carried(static_cast<UnixSock&>(*sock), [&](UnixSock& carried) { ++in_flight[&carried]; });
    // A backlog's connections are walked with their listener and by themselves: they stand in `socks` too. Count them once.
    for (Sock* sock : net.socks)
        if (sock->family == AF_UNIX)
            for (const Ref<Packet>& packet : static_cast<UnixSock&>(*sock).received())
                if (packet->connection)
                    for_each_carried(static_cast<UnixSock&>(*packet->connection), [&](UnixSock& carried) { --in_flight[&carried]; });

    // Candidates are known to messages alone. What the others carry is reachable, and what that carries in turn.
    std::vector<UnixSock*> reachable;
    std::map<UnixSock*, bool> candidates;
    for (auto [sock, count] : in_flight)
        if (sock->file && sock->file->ref_count() == count)
            candidates[sock] = true;
    for (Sock* sock : net.socks)
        if (sock->family == AF_UNIX && sock->file && !candidates.contains(static_cast<UnixSock*>(sock)))
            reachable.push_back(static_cast<UnixSock*>(sock));
    while (!reachable.empty()) {
        UnixSock* sock = reachable.back();
        reachable.pop_back();
        for_each_carried(*sock, [&](UnixSock& carried) {
            auto found = candidates.find(&carried);
            if (found != candidates.end() && std::exchange(found->second, false))
                reachable.push_back(&carried);
        });
    }
    std::deque<Ref<Packet>> garbage;
    for (auto [sock, unreachable] : candidates) {
        if (!unreachable)
            continue;
        std::ranges::move(std::exchange(sock->received(), {}), std::back_inserter(garbage));
    }
    net.dispose(std::move(garbage));
}

}
