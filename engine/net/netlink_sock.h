// netlink(7): the questions about interfaces, addresses and routes that getifaddrs(3), if_nameindex(3) and ip(8) ask. There is lo.
#pragma once

#include "engine/net/sock.h"

namespace ringside::net {

class NetlinkSock final : public Sock {
public:
    NetlinkSock(Ref<NetState> net, int type, int protocol);
    ~NetlinkSock() override;

    Result<void> bind(Task& task, const SocketAddress& address) override;
    Result<void> connect(Task& task, const SocketAddress& address, bool dont_wait) override;
    SocketAddress name() override;
    Result<SocketAddress> peer_name() override;
    Result<std::size_t> send(Task& task, Outgoing& message) override;
    Result<std::size_t> receive(Task& task, Incoming& message) override;
    Result<void> set_option(int level, int option, const OptionValue& value) override;
    Result<OptionBytes> get_option(int level, int option, std::size_t room) override;
    PollMask poll() override;
    void release() override;
    std::uint32_t port_id() const { return port_id_; }

private:
    Result<void> take_port(std::uint32_t wanted);
    Result<void> autobind(Task& task);
    /// Puts a datagram of netlink messages into the queue.
    void answer(std::vector<std::byte> messages);
    std::uint32_t port_id_ = 0;
    std::uint32_t groups_ = 0;
    std::uint32_t destination_ = 0;
    std::deque<Ref<Packet>> received_;
    std::size_t queued_ = 0;
    NumberOptions netlink_options_;
};

/// The kernel's answers to one datagram of requests, each a datagram itself (rtnetlink(7)).
std::vector<std::vector<std::byte>> answer_route_requests(std::span<const std::byte> requests, std::uint32_t port_id);

}
