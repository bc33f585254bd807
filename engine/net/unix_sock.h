// unix(7): streams, datagrams and sequenced packets between processes of the sandbox.
#pragma once

#include "engine/fs/mount.h"
#include "engine/net/sock.h"

namespace ringside::net {

class UnixSock final : public Sock {
public:
    UnixSock(Ref<NetState> net, int type);
    ~UnixSock() override;

    Result<void> bind(Task& task, const SocketAddress& address) override;
    Result<void> listen(Task& task, int backlog) override;
    Result<Ref<Sock>> accept(Task& task, bool dont_wait) override;
    Result<void> connect(Task& task, const SocketAddress& address, bool dont_wait) override;
    Result<void> pair(Task& task, Sock& other) override;
    SocketAddress name() override;
    Result<SocketAddress> peer_name() override;
    Result<std::size_t> send(Task& task, Outgoing& message) override;
    Result<std::size_t> receive(Task& task, Incoming& message) override;
    Result<void> shutdown(Task& task, int how) override;
    PollMask poll() override;
    void release() override;
    Result<int> readable_bytes() override;
    int unsent_bytes() override { return static_cast<int>(charged()); }

    bool keeps_connections() const { return type != SOCK_DGRAM; }
    const std::deque<Ref<Packet>>& received() const { return received_; }
    std::deque<Ref<Packet>>& received() { return received_; }
    const SocketAddress& bound_to() const { return name_; }
    const UnixSock* peer() const { return peer_.get(); }

protected:
    void send_space() override;
    bool has_peek_offset() const override { return true; }
    std::optional<ucred> peer_credentials() const override { return peer_credentials_; }
    const std::vector<kernel::Gid>* peer_groups() const override { return peer_credentials_ ? &peer_groups_ : nullptr; }

private:
    /// A connected datagram socket waits in its peer's queue for room: tells its own pollers.
    struct PeerWaiter final : kernel::Waiter {
        explicit PeerWaiter(UnixSock& sock) : sock(sock) { }
        void woken(PollMask events) override;
        UnixSock& sock;
    };

    // Names.
    /// unix_validate_addr: EINVAL where it names no socket of this family.
    static Result<void> check_address(const SocketAddress& address);
    Result<void> bind_path(Task& task, const SocketAddress& address);
    Result<void> bind_abstract(const SocketAddress& address);
    Result<void> autobind();
    Result<Ref<UnixSock>> find(Task& task, const SocketAddress& address);
    void forget_name();
    /// The credentials that the other side sees by SO_PEERCRED.
    void set_peer_credentials(Task& task);

    Result<void> connect_stream(Task& task, const SocketAddress& address, bool dont_wait);
    Result<void> connect_datagram(Task& task, const SocketAddress& address);
    /// Forgets what an earlier peer sent.
    void disconnected(UnixSock& other);
    void release_as(bool embryo);
    bool may_send_to(const UnixSock& other) const { return !other.peer_ || other.peer_.get() == this; }
    bool queue_full() const { return static_cast<int>(received_.size()) > backlog_; }
    bool writable() const { return state != State::listening && charged() * 4 <= static_cast<std::size_t>(options.send_buffer); }

    Result<std::size_t> send_stream(Task& task, Outgoing& message);
    Result<std::size_t> send_datagram(Task& task, Outgoing& message);
    Result<std::size_t> receive_stream(Task& task, Incoming& message);
    Result<std::size_t> receive_datagram(Task& task, Incoming& message);
    /// The receiver of a datagram, when it has room. Waits.
    Result<Ref<UnixSock>> datagram_target(Task& task, const Outgoing& message);
    /// Waits for room in the send buffer.
    Result<void> wait_for_room(Task& task, const Outgoing& message);
    Ref<Packet> make_packet(Task& task, const Outgoing& message, std::vector<std::byte> data, std::size_t charge, const UnixSock& other);
    void deliver(Ref<Packet> packet);
    void add_credentials(Incoming& message, const Packet& packet) const;

    Ref<UnixSock> peer_;
    std::deque<Ref<Packet>> received_;
    SocketAddress name_;           ///< empty: unbound
    fs::Path place_;               ///< of a path name
    bool name_holder_ = false;     ///< the name leads here (not to the listener that this was accepted from)
    int backlog_;                  ///< of connections, or datagrams
    kernel::WaitQueue peer_queue_; ///< who waits for room in received_
    PeerWaiter peer_waiter_ {*this};
    std::optional<ucred> peer_credentials_;
    std::vector<kernel::Gid> peer_groups_;
};

/// Throws away sockets that nothing but messages in their own queues keeps (net/unix/garbage.c). Called when a socket closes.
void collect_unreachable(NetState& net);

}
