// udp(7) inside the sandbox: a datagram that is sent stands in its receiver's queue, or is dropped where that is full.
#pragma once

#include "engine/net/inet_sock.h"

namespace ringside::net {

class UdpSock final : public InetSock {
public:
    /// `protocol`: IPPROTO_UDP, or IPPROTO_UDPLITE, which has ports of its own.
    UdpSock(Ref<NetState> net, int family, int protocol);

    Result<void> connect(Task& task, const SocketAddress& address, bool dont_wait) override;
    Result<std::size_t> send(Task& task, Outgoing& message) override;
    Result<std::size_t> receive(Task& task, Incoming& message) override;
    Result<void> shutdown(Task& task, int how) override;
    Result<void> set_option(int level, int option, const OptionValue& value) override;
    Result<OptionBytes> get_option(int level, int option, std::size_t room) override;
    PollMask poll() override;
    void release() override;
    Result<int> readable_bytes() override;
    std::size_t queued() const { return queued_; }

protected:
    bool has_peek_offset() const override { return true; }

private:
    /// As route(). EACCES for a broadcast without SO_BROADCAST.
    Result<Endpoint> way_to(const Endpoint& wanted) const;
    /// The destination of one message. EDESTADDRREQ, EINVAL, ENETUNREACH, EACCES.
    Result<Endpoint> target(const Outgoing& message) const;
    UdpSock* find_receiver(const Endpoint& to, const Endpoint& from);
    void deliver(Ref<Packet> packet);

    std::deque<Ref<Packet>> received_;
    std::size_t queued_ = 0; ///< what received_ charges against SO_RCVBUF
    NumberOptions udp_options_;
    std::vector<std::byte> corked_; ///< UDP_CORK, MSG_MORE: what waits for the rest
};

}
