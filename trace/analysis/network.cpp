// See network.h.
#include "trace/analysis/network.h"

#include "trace/syscall_table.h"

#include <algorithm>
#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ringside::trace::analysis {

namespace {

std::string protocol_name(std::uint64_t family, std::uint64_t type)
{
    bool datagrams = (type & 0xf) == SOCK_DGRAM;
    switch (family) {
    case AF_UNIX: return "unix";
    case AF_INET:
    case AF_INET6: return (type & 0xf) == SOCK_RAW ? "raw" : datagrams ? "udp" : "tcp";
    case AF_NETLINK: return "netlink";
    case AF_PACKET: return "packet";
    default: return "socket";
    }
}

class Collector {
public:
    Collector(const Input& input, const Processes& processes) : input_(input), processes_(processes) { }

    std::vector<Connection> run()
    {
        input_.each([&](std::size_t row) {
            if (input_.columns.is_call(row) && input_.columns.has_ret(row))
                take(row);
        });
        return std::move(connections_);
    }

private:
    void take(std::size_t row)
    {
        const HotColumns& columns = input_.columns;
        bool failed = (columns.state[row] & hot_state::failed) != 0;
        switch (columns.nr[row]) {
        case call_nr("socket"): return failed ? refused(row) : made(row);
        case call_nr("socketpair"): return pair(row);
        case call_nr("bind"):
            if (!failed)
                name(row, false);
            return;
        case call_nr("connect"): return connected(row);
        case call_nr("listen"):
            if (Connection* c = of(row); c && !failed)
                c->state = Connection::State::listening;
            return;
        case call_nr("accept"):
        case call_nr("accept4"):
            if (!failed)
                accepted(row);
            return;
        case call_nr("getsockname"):
            if (!failed)
                name(row, false);
            return;
        case call_nr("getpeername"):
            if (!failed)
                name(row, true);
            return;
        case call_nr("sendto"):
        case call_nr("sendmsg"):
            carried(row, true);
            return peer_of_datagram(row);
        case call_nr("recvfrom"):
        case call_nr("recvmsg"):
            carried(row, false);
            return peer_of_datagram(row);
        case call_nr("write"):
        case call_nr("writev"): return carried(row, true);
        case call_nr("read"):
        case call_nr("readv"): return carried(row, false);
        default: return;
        }
    }

    Connection* of(std::size_t row) { return find(input_.columns.object[row], row); }

    /// Sockets that were there before the rows that are asked about are met in use.
    Connection* find(ObjectId object, std::size_t row)
    {
        if (object == 0)
            return nullptr;
        auto known = index_.find(object);
        if (known == index_.end()) {
            bool is_socket = input_.trace.object(object).kind == ObjectKind::socket;
            known = index_.emplace(object, is_socket ? connections_.size() : none).first;
            if (is_socket) {
                connections_.push_back({.object = object, .protocol = "socket", .local = {}, .peer = {}});
                connections_.back().process = processes_.of(input_.columns.thread[row]);
            }
        }
        if (known->second == none)
            return nullptr;
        Connection& connection = connections_[known->second];
        if (connection.first == 0)
            connection.first = row + 1;
        connection.last = row + 1;
        return &connection;
    }

    Connection* returned(std::size_t row, int fd)
    {
        ProcessId process = processes_.of(input_.columns.thread[row]);
        return find(input_.trace.fd_object(process, fd, row + 2), row);
    }

    void made(std::size_t row)
    {
        auto event = input_.trace.event(row + 1);
        Connection* connection = returned(row, input_.columns.ret[row]);
        if (!event || !connection)
            return;
        connection->protocol = protocol_name(event->args[0], event->args[1]);
    }

    /// A socket that the program did not get.
    void refused(std::size_t row)
    {
        auto event = input_.trace.event(row + 1);
        if (!event)
            return;
        Connection connection {.protocol = protocol_name(event->args[0], event->args[1]), .local = {}, .peer = {}, .state = Connection::State::failed, .error = input_.columns.error(row)};
        connection.failed_at = connection.first = connection.last = row + 1;
        connection.process = processes_.of(input_.columns.thread[row]);
        connections_.push_back(std::move(connection));
    }

    void pair(std::size_t row)
    {
        auto event = input_.trace.event(row + 1);
        if (!event || event->failed())
            return;
        for (const DataChunk& chunk : input_.trace.data(*event)) {
            std::array<int, 2> ends {};
            if (chunk.direction != Direction::out || chunk.bytes.size() != sizeof ends)
                continue;
            std::memcpy(ends.data(), chunk.bytes.data(), sizeof ends);
            for (int end : ends) {
                Connection* connection = returned(row, end);
                if (!connection)
                    continue;
                connection->protocol = "unix";
                connection->peer = "pair";
                connection->state = Connection::State::connected;
            }
        }
    }

    void name(std::size_t row, bool peer)
    {
        Connection* connection = of(row);
        auto event = connection ? input_.trace.event(row + 1) : std::nullopt;
        auto endpoint = event ? endpoint_of(input_.trace, *event) : std::nullopt;
        if (!endpoint)
            return;
        if (peer)
            set_peer(*connection, *endpoint);
        else
            connection->local = endpoint->text;
    }

    static void set_peer(Connection& connection, const Endpoint& endpoint)
    {
        connection.peer = endpoint.text;
        connection.outside = endpoint.outside;
    }

    void connected(std::size_t row)
    {
        name(row, true);
        Connection* connection = of(row);
        if (!connection)
            return;
        int error = input_.columns.error(row);
        if (error == 0 || error == EINPROGRESS || error == EISCONN) {
            connection->state = Connection::State::connected;
            return;
        }
        connection->state = Connection::State::failed;
        connection->error = error;
        connection->failed_at = row + 1;
    }

    void accepted(std::size_t row)
    {
        Connection* listener = of(row);
        std::string protocol = listener ? listener->protocol : "socket", local = listener ? listener->local : "";
        Connection* connection = returned(row, input_.columns.ret[row]);
        if (!connection)
            return;
        connection->protocol = protocol;
        connection->local = local;
        connection->state = Connection::State::connected;
        auto event = input_.trace.event(row + 1);
        if (auto endpoint = event ? endpoint_of(input_.trace, *event) : std::nullopt)
            set_peer(*connection, *endpoint);
    }

    void carried(std::size_t row, bool sent)
    {
        Connection* connection = of(row);
        if (!connection || (input_.columns.state[row] & hot_state::failed))
            return;
        auto bytes = static_cast<std::uint64_t>(std::max(input_.columns.ret[row], 0));
        (sent ? connection->sent : connection->received) += bytes;
        ++(sent ? connection->sends : connection->receives);
    }

    void peer_of_datagram(std::size_t row)
    {
        Connection* connection = of(row);
        if (!connection || !connection->peer.empty())
            return;
        auto event = input_.trace.event(row + 1);
        if (auto endpoint = event ? endpoint_of(input_.trace, *event) : std::nullopt)
            set_peer(*connection, *endpoint);
        if (connection && input_.columns.error(row) != 0 && !connection->peer.empty()) {
            connection->state = Connection::State::failed;
            connection->error = input_.columns.error(row);
            connection->failed_at = row + 1;
        }
    }

    static constexpr std::size_t none = SIZE_MAX;
    const Input& input_;
    const Processes& processes_;
    std::vector<Connection> connections_;
    std::unordered_map<ObjectId, std::size_t> index_;
};

}

std::string_view state_name(Connection::State state)
{
    constexpr std::string_view names[] = {"made", "listening", "connected", "failed"};
    return names[static_cast<int>(state)];
}

std::string_view outcome(const Connection& connection)
{
    return connection.error ? errno_name(connection.error) : state_name(connection.state);
}

std::vector<Connection> network(const Input& input, const Processes& processes)
{
    return Collector(input, processes).run();
}

}
