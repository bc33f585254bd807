// What the network stack keeps for the whole sandbox: names, ports, counts. Hangs on kernel::Kernel, and lives as long as any socket.
#pragma once

#include "engine/base/ref.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"
#include "engine/net/port_table.h"

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <string>

namespace ringside::fs {
class Inode;
}

namespace ringside::net {

class Packet;
class Sock;
class UnixSock;

class NetState final : public RefCounted {
public:
    explicit NetState(kernel::Kernel& kernel);
    ~NetState() override;
    /// The task's sandbox', made on demand.
    static Ref<NetState> of(kernel::Task& task);

    /// Null once the kernel has gone: sockets that outlive it only free what they hold.
    kernel::Kernel* kernel;
    /// Every socket, in the order of creation (/proc/net).
    std::list<Sock*> socks;

    // unix(7). Abstract names are apart by type (net/unix/af_unix.c, unix_abstract_hash).
    std::map<std::pair<int, std::string>, UnixSock*> abstract_names;
    std::map<const fs::Inode*, UnixSock*> bound_inodes;
    std::uint64_t rights_in_flight = 0;
    std::map<kernel::Uid, std::uint64_t> rights_of;
    std::size_t closes_since_collection = 0;

    PortTable tcp_ports, udp_ports, udplite_ports;
    std::map<std::uint32_t, Sock*> netlink_ports;

    /// Bytes in socket queues. Past the limit senders get ENOBUFS, so that buffers cannot eat the Sentry.
    std::uint64_t memory = 0;
    std::uint64_t memory_limit;
    bool short_of_memory() const { return memory > memory_limit; }

    /// A random number of the sandbox.
    std::uint32_t random();
    /// Throws messages away. One at a time, however deep: a message may carry a socket whose queue holds a message that carries a socket …
    void dispose(std::deque<Ref<Packet>> packets);

    // net.core and net.unix, as Linux sets them.
    static constexpr int default_buffer = 212992; ///< rmem_default, wmem_default, rmem_max, wmem_max
    static constexpr int max_backlog = 4096;      ///< somaxconn
    static constexpr int dgram_queue_length = 10; ///< net.unix.max_dgram_qlen
    static constexpr std::size_t control_limit = 20480; ///< optmem_max

private:
    std::deque<Ref<Packet>> doomed_;
    bool disposing_ = false;
};

}
