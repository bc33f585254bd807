// /proc/net, /proc/sys/net and /sys/class/net: what the network stack says of itself.
#include "engine/fs/proc/process.h"

#include "engine/kernel/kernel.h"
#include "engine/net/interfaces.h"
#include "engine/net/proc_net.h"

#include <algorithm>
#include <dirent.h>
#include <fmt/format.h>

namespace ringside::fs {

namespace {

/// /proc/PID/net. Its files are made when they are looked for: a directory of a process is made anew at each look-up.
class NetDirectory final : public PseudoDirectory {
public:
    using PseudoDirectory::PseudoDirectory;

protected:
    Result<Ref<Inode>> find(Task&, const std::string& name) override
    {
        auto files = net::proc_net_files();
        auto found = std::ranges::find_if(files, [&](const net::ProcNetFile& file) { return name == file.name; });
        if (found == files.end())
            return Errno(ENOENT);
        auto text = found->text;
        return Ref<Inode>(make_ref<TextNode>(*fs_, 0444, [text](Task& task) -> Result<std::string> { return text(*net::NetState::of(task)); }));
    }
    Result<std::vector<DirectoryEntry>> more(Task&) override
    {
        std::vector<DirectoryEntry> result;
        ino_t number = 0xf1000000;
        for (const net::ProcNetFile& file : net::proc_net_files())
            result.push_back({file.name, ++number, DT_REG});
        return result;
    }
};

void add_numbers(PseudoDirectory& directory, std::initializer_list<std::pair<const char*, std::string>> values)
{
    for (const auto& [name, value] : values)
        directory.add_text(name, constant(value + "\n"));
}

}

Ref<Inode> make_net_directory(PseudoFs& fs)
{
    return make_ref<NetDirectory>(fs);
}

void add_net_settings(PseudoDirectory& settings)
{
    using net::NetState;
    std::string buffer = std::to_string(NetState::default_buffer);
    auto root = settings.add_directory("net");
    add_numbers(*root->add_directory("core"), {{"somaxconn", std::to_string(NetState::max_backlog)}, {"rmem_default", buffer}, {"rmem_max", buffer}, {"wmem_default", buffer}, {"wmem_max", buffer},
        {"optmem_max", std::to_string(NetState::control_limit)}, {"netdev_max_backlog", "1000"}});
    add_numbers(*root->add_directory("unix"), {{"max_dgram_qlen", std::to_string(NetState::dgram_queue_length)}});
    auto ipv4 = root->add_directory("ipv4");
    add_numbers(*ipv4, {{"ip_local_port_range", fmt::format("{}\t{}", net::PortTable::ephemeral_first, net::PortTable::ephemeral_last)}, {"ip_forward", "0"}, {"ip_default_ttl", "64"},
        {"ip_nonlocal_bind", "0"}, {"ip_unprivileged_port_start", "1024"}, {"ping_group_range", "1\t0"}, {"tcp_rmem", "4096\t131072\t6291456"}, {"tcp_wmem", "4096\t16384\t4194304"},
        {"tcp_fin_timeout", "60"}, {"tcp_keepalive_time", "7200"}, {"tcp_keepalive_intvl", "75"}, {"tcp_keepalive_probes", "9"}, {"tcp_syn_retries", "6"}, {"tcp_synack_retries", "5"},
        {"tcp_max_syn_backlog", "4096"}, {"tcp_tw_reuse", "2"}, {"tcp_fastopen", "0"}, {"tcp_congestion_control", "cubic"}, {"tcp_available_congestion_control", "reno cubic"},
        {"tcp_timestamps", "1"}, {"tcp_sack", "1"}, {"tcp_window_scaling", "1"}, {"tcp_syncookies", "1"}});
    auto ipv6 = root->add_directory("ipv6");
    add_numbers(*ipv6, {{"bindv6only", "0"}, {"ip_nonlocal_bind", "0"}});
    auto interfaces = ipv6->add_directory("conf");
    for (const char* name : {"all", "default", "lo"})
        add_numbers(*interfaces->add_directory(name), {{"disable_ipv6", "0"}, {"forwarding", "0"}, {"mtu", std::to_string(net::loopback_mtu)}});
}

void add_net_class(PseudoDirectory& classes)
{
    auto lo = classes.add_directory("net")->add_directory("lo");
    add_numbers(*lo, {{"address", "00:00:00:00:00:00"}, {"broadcast", "00:00:00:00:00:00"}, {"addr_len", "6"}, {"carrier", "1"}, {"dev_id", "0x0"}, {"dormant", "0"}, {"flags", "0x9"},
        {"ifindex", std::to_string(net::loopback_index)}, {"iflink", std::to_string(net::loopback_index)}, {"link_mode", "0"}, {"mtu", std::to_string(net::loopback_mtu)},
        {"operstate", "unknown"}, {"tx_queue_len", "1000"}, {"type", "772"}});
    lo->add_text("uevent", constant("INTERFACE=lo\nIFINDEX=1\n"));
    auto counts = lo->add_directory("statistics");
    for (const char* name : {"rx_bytes", "rx_packets", "rx_errors", "rx_dropped", "tx_bytes", "tx_packets", "tx_errors", "tx_dropped"})
        add_numbers(*counts, {{name, "0"}});
}

}
