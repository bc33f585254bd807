// What sockets carried, as packets in a pcapng file. There were none: the sandbox's sockets work without. Addresses, ports and
// order are the calls' own; headers, sequence numbers and handshakes are made up so that Wireshark can follow the streams.
#include "trace/analysis/network.h"
#include "trace/export/export_trace.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <arpa/inet.h>
#include <map>

namespace ringside::trace {

namespace {

using namespace analysis;

constexpr std::size_t most_payload = 60'000; ///< of one packet: an IP packet has 65,535 bytes
constexpr std::uint8_t syn = 2, push = 8, ack = 16;

/// Appends integers in network order, or as the file's own (little-endian).
struct Bytes {
    std::string text;
    void u8(unsigned value) { text += static_cast<char>(value); }
    void be16(unsigned value) { u8(value >> 8 & 255), u8(value & 255); }
    void be32(std::uint32_t value) { be16(value >> 16), be16(value & 0xffff); }
    void le16(unsigned value) { u8(value & 255), u8(value >> 8 & 255); }
    void le32(std::uint32_t value) { le16(value & 0xffff), le16(value >> 16); }
    void pad() { text.resize((text.size() + 3) & ~std::size_t {3}); }
};

std::uint16_t checksum(std::string_view bytes, std::uint32_t sum = 0)
{
    for (std::size_t i = 0; i < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]) << 8 | (i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0));
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

struct Address {
    bool six = false;
    std::string bytes; ///< 4 or 16
    std::uint16_t port = 0;
    bool operator==(const Address&) const = default;
};

/// From "127.0.0.1:80" or "[::1]:80".
std::optional<Address> address_of(const std::string& text)
{
    auto colon = text.rfind(':');
    if (colon == text.npos)
        return std::nullopt;
    Address address;
    address.port = static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1));
    std::string host = text.substr(0, colon);
    address.six = host.starts_with('[');
    if (address.six)
        host = host.substr(1, host.size() - 2);
    address.bytes.resize(address.six ? 16 : 4);
    if (inet_pton(address.six ? AF_INET6 : AF_INET, host.c_str(), address.bytes.data()) != 1)
        return std::nullopt;
    return address;
}

bool is_any(const Address& address)
{
    return std::ranges::all_of(address.bytes, [](char c) { return c == 0; });
}

struct Flow {
    Address local, peer;
    bool tcp = false;
    bool mirrored = false; ///< the other end is in the trace as well: what it received was sent there
    bool greeted = false;
    std::uint32_t sent = 1, received = 1; ///< next sequence numbers
};

class Writer {
public:
    Writer(const Input& input, const ExportOptions& options, const ExportSink& sink) : input_(input), options_(options), sink_(sink) { }

    std::optional<std::uint64_t> run(const ExportProgress& progress)
    {
        find_flows(network(input_.whole(), Processes(input_.trace))); // who talks with whom is known from all calls
        head();
        bool good = true;
        std::size_t seen = 0;
        input_.each([&](std::size_t row) {
            if (!good || flows_.find(input_.columns.object[row]) == flows_.end() || !input_.columns.is_call(row))
                return;
            if (progress && ++seen % 1024 == 0)
                good = progress(row + 1);
            if (auto event = input_.trace.event(row + 1))
                take(*event);
            if (out_.text.size() > 65'536)
                good = good && flush();
        });
        if (!good || input_.cancelled() || !flush())
            return std::nullopt;
        return packets_;
    }

private:
    void find_flows(const std::vector<Connection>& connections)
    {
        std::vector<ObjectId> order;
        for (const Connection& connection : connections) {
            bool tcp = connection.protocol == "tcp", udp = connection.protocol == "udp";
            auto peer = address_of(connection.peer);
            if ((!tcp && !udp) || !peer)
                continue;
            Flow flow {.local = {}, .peer = *peer, .tcp = tcp};
            auto local = address_of(connection.local);
            flow.local = local && local->six == peer->six ? *local : Address {peer->six, std::string(peer->bytes.size(), '\0'), 0};
            flows_[connection.object] = flow;
            order.push_back(connection.object);
        }
        // A client did not name its own port: the one that accepted it did.
        for (ObjectId a : order)
            for (ObjectId b : order) {
                Flow &client = flows_[a], &server = flows_[b];
                bool fits = a < b && client.tcp == server.tcp && server.local.port == client.peer.port && server.peer.six == client.peer.six && !client.mirrored && !server.mirrored;
                if (!fits || (client.local.port != 0 && client.local.port != server.peer.port))
                    continue;
                client.local = server.peer;
                server.local = client.peer;
                client.mirrored = server.mirrored = true;
            }
        for (ObjectId object : order) {
            Flow& flow = flows_[object];
            if (flow.local.port == 0)
                flow.local.port = static_cast<std::uint16_t>(49'152 + object % 16'000);
            if (is_any(flow.local))
                flow.local.bytes = flow.peer.bytes;
        }
    }

    void head()
    {
        out_.le32(0x0a0d0d0a); // section header
        out_.le32(28), out_.le32(0x1a2b3c4d), out_.le16(1), out_.le16(0), out_.le32(0xffffffff), out_.le32(0xffffffff), out_.le32(28);
        out_.le32(1); // interface: raw IP, times in nanoseconds
        out_.le32(32), out_.le16(101), out_.le16(0), out_.le32(0), out_.le16(9), out_.le16(1), out_.u8(9), out_.u8(0), out_.u8(0), out_.u8(0), out_.le32(0), out_.le32(32);
    }

    void take(const Event& event)
    {
        Flow& flow = flows_[event.object];
        auto piece = carried_by(input_.trace, event);
        if (!piece)
            return;
        if (!piece->sent && flow.mirrored)
            return; // the sender's call has it
        if (flow.tcp && !flow.greeted)
            greet(event.ts, flow);
        for (std::size_t at = 0; at < piece->bytes.size(); at += most_payload)
            packet(event.ts, flow, piece->sent, push | ack, std::string_view(piece->bytes).substr(at, most_payload));
    }

    void greet(std::uint64_t ts, Flow& flow)
    {
        flow.greeted = true;
        bool client = !flow.mirrored || flow.local.port > flow.peer.port;
        for (auto& [object, other] : flows_)
            if (flow.mirrored && other.local == flow.peer && other.peer == flow.local)
                other.greeted = true;
        flow.sent = flow.received = 0;
        packet(ts, flow, client, syn, {});
        (client ? flow.sent : flow.received) = 1;
        packet(ts, flow, !client, syn | ack, {});
        (client ? flow.received : flow.sent) = 1;
        packet(ts, flow, client, ack, {});
        share(flow);
    }

    /// Both ends of a flow count the same bytes.
    void share(const Flow& flow)
    {
        for (auto& [object, other] : flows_)
            if (flow.mirrored && &other != &flow && other.local == flow.peer && other.peer == flow.local) {
                other.sent = flow.received;
                other.received = flow.sent;
            }
    }

    void packet(std::uint64_t ts, Flow& flow, bool sent, std::uint8_t flags, std::string_view payload)
    {
        const Address &from = sent ? flow.local : flow.peer, &to = sent ? flow.peer : flow.local;
        Bytes segment;
        segment.be16(from.port), segment.be16(to.port);
        if (flow.tcp) {
            std::uint32_t& next = sent ? flow.sent : flow.received;
            segment.be32(next), segment.be32(flags & ack ? (sent ? flow.received : flow.sent) : 0);
            segment.u8(5 << 4), segment.u8(flags), segment.be16(65'535), segment.be16(0), segment.be16(0);
            next += static_cast<std::uint32_t>(payload.size());
        } else {
            segment.be16(static_cast<unsigned>(8 + payload.size())), segment.be16(0);
        }
        segment.text += payload;
        std::uint8_t protocol = flow.tcp ? 6 : 17;
        set_checksum(segment.text, from, to, protocol, flow.tcp ? 16 : 6);
        Bytes ip;
        auto length = static_cast<std::uint32_t>(segment.text.size());
        if (from.six) {
            ip.be32(6U << 28), ip.be16(length), ip.u8(protocol), ip.u8(64);
            ip.text += from.bytes + to.bytes;
        } else {
            ip.u8(0x45), ip.u8(0), ip.be16(length + 20), ip.be16(0), ip.be16(0x4000), ip.u8(64), ip.u8(protocol), ip.be16(0);
            ip.text += from.bytes + to.bytes;
            std::uint16_t sum = checksum(ip.text);
            ip.text[10] = static_cast<char>(sum >> 8);
            ip.text[11] = static_cast<char>(sum & 255);
        }
        block(options_.started_ns + ts, ip.text + segment.text);
        if (flow.tcp && !payload.empty())
            share(flow);
    }

    static void set_checksum(std::string& segment, const Address& from, const Address& to, std::uint8_t protocol, std::size_t at)
    {
        Bytes pseudo;
        pseudo.text = from.bytes + to.bytes;
        pseudo.be32(static_cast<std::uint32_t>(segment.size())), pseudo.be32(protocol);
        std::uint32_t sum = static_cast<std::uint16_t>(~checksum(pseudo.text));
        std::uint16_t value = checksum(segment, sum);
        segment[at] = static_cast<char>(value >> 8);
        segment[at + 1] = static_cast<char>(value & 255);
    }

    void block(std::uint64_t ns, const std::string& bytes)
    {
        auto captured = static_cast<std::uint32_t>(bytes.size());
        std::uint32_t total = 32 + ((captured + 3) & ~3U);
        out_.le32(6), out_.le32(total), out_.le32(0), out_.le32(static_cast<std::uint32_t>(ns >> 32)), out_.le32(static_cast<std::uint32_t>(ns)), out_.le32(captured), out_.le32(captured);
        out_.text += bytes;
        out_.pad();
        out_.le32(total);
        ++packets_;
    }

    bool flush()
    {
        bool good = sink_(out_.text);
        out_.text.clear();
        return good;
    }

    const Input& input_;
    const ExportOptions& options_;
    const ExportSink& sink_;
    std::map<ObjectId, Flow> flows_;
    Bytes out_;
    std::uint64_t packets_ = 0;
};

}

std::optional<std::uint64_t> export_packets(const Input& input, const ExportOptions& options, const ExportSink& sink, const ExportProgress& progress)
{
    return Writer(input, options, sink).run(progress);
}

}
