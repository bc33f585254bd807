// /proc/net as netstat, ss, lsof and the like read it (tcp4_seq_show, unix_seq_show and their kin).
#include "engine/net/proc_net.h"

#include "engine/kernel/clock.h"
#include "engine/net/netlink_sock.h"
#include "engine/net/tcp_sock.h"
#include "engine/net/udp_sock.h"
#include "engine/net/unix_sock.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <sys/un.h>

namespace ringside::net {

namespace {

constexpr std::size_t tcp_width = 149, udp_width = 127, route_width = 127; // lines of IPv4 are padded
constexpr std::string_view udp6_header = "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
constexpr int accepting = 0x10000;                   // __SO_ACCEPTCON

std::string padded(std::string_view line, std::size_t width)
{
    return fmt::format("{:<{}}\n", line, width);
}

template<typename S>
std::vector<S*> socks_of(NetState& net, int family, int protocol)
{
    std::vector<S*> result;
    for (Sock* sock : net.socks)
        if (sock->family == family && sock->protocol == protocol)
            result.push_back(static_cast<S*>(sock));
    return result;
}

std::string tcp_line(std::size_t number, int family, const Endpoint& local, const Endpoint& remote, State state, std::size_t send_queue, std::size_t receive_queue,
    unsigned timer, Nanoseconds left, unsigned uid, std::uint64_t inode)
{
    std::string line = fmt::format("{:4}: {} {} {:02X} {:08X}:{:08X} {:02X}:{:08X} {:08X} {:5} {:8} {} 1 0000000000000000", number, proc_text(family, local),
        proc_text(family, remote), static_cast<int>(state), send_queue, receive_queue, timer, left / 10'000'000, 0, uid, 0, inode);
    line += state == State::listening ? " 100 0 0 10 0" : timer == 3 ? "" : " 20 4 30 10 -1";
    return line;
}

std::string tcp_text(NetState& net, int family)
{
    std::string text = family == AF_INET ? padded("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", tcp_width)
                                         : "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    std::size_t number = 0;
    auto add = [&](std::string line) { text += family == AF_INET ? padded(line, tcp_width) : line + "\n"; };
    auto socks = socks_of<TcpSock>(net, family, IPPROTO_TCP);
    std::ranges::stable_partition(socks, [](const TcpSock* sock) { return sock->state == State::listening; });
    for (TcpSock* sock : socks) {
        if (sock->state == State::closed)
            continue;
        bool listens = sock->state == State::listening;
        add(tcp_line(number++, family, sock->local, sock->remote, sock->state, listens ? 0 : static_cast<std::size_t>(sock->unsent_bytes()),
            listens ? sock->accept_queue_length() : sock->queued(), 0, 0, sock->owner, sock->file ? sock->inode : 0));
    }
    Nanoseconds now = kernel::monotonic_now();
    for (const PortTable::TimeWait& entry : net.tcp_ports.time_waits())
        if (entry.family == family)
            add(tcp_line(number++, family, entry.local, entry.remote, State::time_wait, 0, 0, 3, entry.until - now, 0, 0));
    return text;
}

std::string udp_text(NetState& net, int family, int protocol)
{
    std::string text = family == AF_INET
        ? padded("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops", udp_width)
        : std::string(udp6_header);
    for (UdpSock* sock : socks_of<UdpSock>(net, family, protocol)) {
        if (sock->port == 0)
            continue;
        std::string line = fmt::format("{:5}: {} {} {:02X} {:08X}:{:08X} {:02X}:{:08X} {:08X} {:5} {:8} {} {} {:016x} {}", sock->port % 4096, proc_text(family, sock->local),
            proc_text(family, sock->remote), static_cast<int>(sock->state), 0, sock->queued(), 0, 0, 0, sock->owner, 0, sock->inode, 2, 0, 0);
        text += family == AF_INET ? padded(line, udp_width) : line + "\n";
    }
    return text;
}

std::string unix_text(NetState& net)
{
    std::string text = "Num       RefCount Protocol Flags    Type St Inode Path\n";
    for (Sock* each : net.socks) {
        if (each->family != AF_UNIX)
            continue;
        auto& sock = static_cast<UnixSock&>(*each);
        bool connected = sock.state == State::established;
        int phase = sock.file ? (connected ? 3 : 1) : (connected ? 2 : 4); // enum socket_state
        text += fmt::format("{:016x}: {:08X} {:08X} {:08X} {:04X} {:02X} {:5}", 0, sock.ref_count() + 1, 0, sock.state == State::listening ? accepting : 0, sock.type, phase,
            sock.file ? sock.inode : 0);
        if (auto bytes = sock.bound_to().bytes(); bytes.size() > offsetof(sockaddr_un, sun_path)) {
            bytes = bytes.subspan(offsetof(sockaddr_un, sun_path));
            if (bytes[0] != std::byte {0})
                bytes = bytes.first(bytes.size() - 1);
            text += ' ';
            for (std::byte byte : bytes)
                text += byte == std::byte {0} ? '@' : static_cast<char>(byte);
        }
        text += '\n';
    }
    return text;
}

std::string netlink_text(NetState& net)
{
    std::string text = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n";
    for (Sock* each : net.socks) {
        if (each->family != AF_NETLINK)
            continue;
        auto& sock = static_cast<NetlinkSock&>(*each);
        text += fmt::format("{:016x} {:<3} {:<10} {:08x} {:<8} {:<8} {:<5} {:<8} {:<8} {:<8}\n", 0, sock.protocol, sock.port_id(), 0, 0, 0, 0, 2, 0, sock.inode);
    }
    return text;
}

std::string sockstat_text(NetState& net)
{
    std::size_t used = 0;
    for (const Sock* sock : net.socks)
        used += sock->file != nullptr;
    auto tcp = socks_of<TcpSock>(net, AF_INET, IPPROTO_TCP);
    auto udp = socks_of<UdpSock>(net, AF_INET, IPPROTO_UDP);
    auto in_use = std::ranges::count_if(tcp, [](const TcpSock* sock) { return sock->state != State::closed; });
    auto orphans = std::ranges::count_if(tcp, [](const TcpSock* sock) { return sock->released; });
    return fmt::format("sockets: used {}\nTCP: inuse {} orphan {} tw {} alloc {} mem {}\nUDP: inuse {} mem 0\nUDPLITE: inuse 0\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n", used, in_use, orphans,
        net.tcp_ports.time_waits().size(), tcp.size(), net.memory / page_size, udp.size());
}

std::string dev_text(NetState&)
{
    return "Inter-|   Receive                                                |  Transmit\n"
           " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"
           "    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n";
}

constexpr ProcNetFile files[] = {
    {"arp", [](NetState&) -> std::string { return "IP address       HW type     Flags       HW address            Mask     Device\n"; }},
    {"dev", dev_text},
    {"if_inet6", [](NetState&) -> std::string { return "00000000000000000000000000000001 01 80 10 80       lo\n"; }},
    {"ipv6_route",
        [](NetState&) -> std::string {
            return "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n";
        }},
    {"netlink", netlink_text},
    {"packet", [](NetState&) -> std::string { return "sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n"; }},
    {"raw", [](NetState&) -> std::string { return "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"; }},
    {"raw6", [](NetState&) { return std::string(udp6_header); }},
    {"route", [](NetState&) -> std::string { return padded("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT", route_width); }},
    {"sockstat", sockstat_text},
    {"tcp", [](NetState& net) { return tcp_text(net, AF_INET); }},
    {"tcp6", [](NetState& net) { return tcp_text(net, AF_INET6); }},
    {"udp", [](NetState& net) { return udp_text(net, AF_INET, IPPROTO_UDP); }},
    {"udp6", [](NetState& net) { return udp_text(net, AF_INET6, IPPROTO_UDP); }},
    {"udplite", [](NetState& net) { return udp_text(net, AF_INET, IPPROTO_UDPLITE); }},
    {"udplite6", [](NetState& net) { return udp_text(net, AF_INET6, IPPROTO_UDPLITE); }},
    {"unix", unix_text},
};

}

std::span<const ProcNetFile> proc_net_files()
{
    return files;
}

}
