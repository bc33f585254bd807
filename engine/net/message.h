// What passes through a socket: a message being sent, a message being received, and one that waits in a queue.
#pragma once

#include "engine/base/ref.h"
#include "engine/fs/file.h"
#include "engine/kernel/credentials.h"
#include "engine/net/address.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <sys/socket.h>
#include <vector>

namespace ringside::net {

class NetState;
class Sock;
using kernel::IoBuffer;
using kernel::Task;

/// Descriptions on their way by SCM_RIGHTS. Counted for their sender while they are (man 7 unix, ETOOMANYREFS).
class Rights final : public RefCounted {
public:
    Rights(Ref<NetState> net, kernel::Uid sender, std::vector<Ref<fs::File>> files);
    ~Rights() override;
    const std::vector<Ref<fs::File>>& files() const { return files_; }

private:
    Ref<NetState> net_;
    kernel::Uid sender_;
    std::vector<Ref<fs::File>> files_;
};

/// One control message that the receiver gets.
struct ControlMessage {
    int level = 0;
    int type = 0;
    std::vector<std::byte> data;
    template<typename T>
    static ControlMessage of(int level, int type, const T& value)
    {
        auto bytes = std::as_bytes(std::span(&value, 1));
        return {level, type, {bytes.begin(), bytes.end()}};
    }
};

/// A message that is being sent.
struct Outgoing {
    explicit Outgoing(IoBuffer& data, int flags = 0) : data(data), flags(flags) { }
    IoBuffer& data;
    int flags;                         ///< MSG_*; MSG_DONTWAIT also where the description is non-blocking
    SocketAddress to;                  ///< empty: none given
    std::optional<ucred> credentials;  ///< SCM_CREDENTIALS, checked
    Ref<Rights> rights;                ///< SCM_RIGHTS
    std::optional<int> ttl, tos;       ///< IP_TTL, IP_TOS, IPV6_HOPLIMIT, IPV6_TCLASS of this message
    std::optional<IpAddress> source;   ///< IP_PKTINFO, IPV6_PKTINFO

    bool dont_wait() const { return (flags & MSG_DONTWAIT) != 0; }
};

/// A message that is being received: flags and room go in, the rest comes back.
struct Incoming {
    explicit Incoming(IoBuffer& data, int flags = 0) : data(data), flags(flags) { }
    IoBuffer& data;
    int flags;                         ///< as in Outgoing
    SocketAddress from;                ///< empty: none to tell
    int result_flags = 0;              ///< MSG_TRUNC, MSG_EOR, MSG_OOB, …
    std::vector<ControlMessage> control;
    Ref<Rights> rights;                ///< to be installed, SCM_RIGHTS

    bool peek() const { return (flags & MSG_PEEK) != 0; }
    bool dont_wait() const { return (flags & MSG_DONTWAIT) != 0; }
};

/// What a datagram knows of its way (IP_PKTINFO and the like).
struct InetMeta {
    Endpoint source;
    IpAddress destination;
    int ttl = 64;
    int tos = 0;
};

/// A message in a receive queue. Charges its payer and the sandbox's account while it exists.
class Packet final : public RefCounted {
public:
    /// `payer` null: the receiver's own account is kept by its queue. `charge` in bytes, as Linux counts (truesize).
    Packet(Ref<NetState> net, Ref<Sock> payer, std::vector<std::byte> data, std::size_t charge);
    ~Packet() override;
    std::span<const std::byte> rest() const { return std::span(data).subspan(taken); }
    std::size_t charge() const { return charge_; }

    const std::vector<std::byte> data;
    std::size_t taken = 0;             ///< of `data`: a stream's reader came this far
    std::optional<ucred> credentials;
    Ref<Rights> rights;
    SocketAddress from;
    InetMeta meta;
    kernel::Nanoseconds time = 0;      ///< CLOCK_REALTIME; datagrams only
    Ref<Sock> connection;              ///< in a listening socket's queue: who wants to be accepted

private:
    Ref<NetState> net_;
    Ref<Sock> payer_;
    std::size_t charge_;
};

/// What Linux counts for a buffer of `linear` bytes and `paged` more in pages (SKB_TRUESIZE of a kmalloc'ed head).
std::size_t buffer_charge(std::size_t linear, std::size_t paged = 0);

}
