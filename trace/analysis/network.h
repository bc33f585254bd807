// Which sockets a program made, with whom they talked and what they carried: from its socket calls alone.
#pragma once

#include "trace/analysis/addresses.h"
#include "trace/analysis/input.h"

#include <string>
#include <vector>

namespace ringside::trace::analysis {

struct Connection {
    enum class State : std::uint8_t { made, listening, connected, failed };

    ObjectId object = 0;
    std::string protocol;      ///< "tcp", "udp", "unix", "netlink", …
    std::string local, peer;   ///< addresses, as far as calls named them
    bool outside = false;      ///< the peer is not this machine
    State state = State::made;
    int error = 0;             ///< of the connect that failed
    EventId failed_at = 0;
    std::uint64_t sent = 0, received = 0;
    std::uint64_t sends = 0, receives = 0;
    EventId first = 0, last = 0;
    ProcessId process = 0;     ///< that made it
};

std::string_view state_name(Connection::State state); ///< "listening"
/// How far it came: its state, or the errno that it failed with.
std::string_view outcome(const Connection& connection);

/// In the order in which they were made. One pass over the rows; socket calls that make or name cost a look-up each.
std::vector<Connection> network(const Input& input, const Processes& processes);

/// One piece of what a socket carried.
struct StreamPiece {
    EventId event = 0;
    std::uint64_t ts = 0;
    bool sent = false;
    std::string bytes;
    std::uint64_t length = 0; ///< true length; more than bytes.size() where the recording kept less
};
/// What this call carried over its socket or pipe; nothing where it carried nothing.
std::optional<StreamPiece> carried_by(TraceFile& trace, const Event& event);
/// All that went through the socket, in both directions and in order, at most `limit` bytes.
std::vector<StreamPiece> stream(const Input& input, ObjectId socket, std::size_t limit = std::size_t {16} << 20);

}
