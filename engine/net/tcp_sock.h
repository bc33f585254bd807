// tcp(7) inside the sandbox. Both ends of a connection are here: what one sends stands in the other's queue, a FIN or RST is a call.
#pragma once

#include "engine/kernel/timers.h"
#include "engine/net/byte_queue.h"
#include "engine/net/inet_sock.h"

namespace ringside::net {

class TcpSock final : public InetSock {
public:
    TcpSock(Ref<NetState> net, int family);
    ~TcpSock() override;

    Result<void> listen(Task& task, int backlog) override;
    Result<Ref<Sock>> accept(Task& task, bool dont_wait) override;
    Result<void> connect(Task& task, const SocketAddress& address, bool dont_wait) override;
    Result<std::size_t> send(Task& task, Outgoing& message) override;
    Result<std::size_t> receive(Task& task, Incoming& message) override;
    Result<void> shutdown(Task& task, int how) override;
    Result<void> set_option(int level, int option, const OptionValue& value) override;
    Result<OptionBytes> get_option(int level, int option, std::size_t room) override;
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override;
    PollMask poll() override;
    void closing(Task& task) override;
    void release() override;
    Result<int> readable_bytes() override;
    int unsent_bytes() override { return static_cast<int>(backlogged()); }

    std::size_t queued() const { return received_.size(); }
    std::size_t accept_queue_length() const { return accept_queue_.size(); }
    int backlog() const { return backlog_; }

protected:
    void send_space() override;

private:
    /// What connect(2) knows besides the protocol's state (enum socket_state).
    enum class Phase { unconnected, connecting, connected };

    // tcp_connect.cpp
    Result<void> begin_connect(Task& task, const SocketAddress& address);
    TcpSock* find_listener(const Endpoint& to, const Endpoint& from);
    bool accept_queue_full() const { return static_cast<int>(accept_queue_.size()) > backlog_; }
    /// A connection from `client` enters the backlog.
    void establish(TcpSock& client);
    void accept_waiting();
    void stop_connecting();
    void stop_listening();
    /// connect(2) to AF_UNSPEC, shutdown of a listener: back to the beginning.
    void disconnect();

    // The other side's doings, and the states that they lead to.
    void send_fin();
    void receive_fin();
    void receive_reset();
    void reset_peer();
    void done(); ///< tcp_done: state closed, both ways shut
    bool may_reset() const;

    // tcp_data.cpp
    /// Of what this side has sent, what does not fit into the other's window.
    std::size_t backlogged() const;
    std::size_t window() const { return static_cast<std::size_t>(options.receive_buffer) / 2; }
    bool writable() const { return backlogged() * 3 <= static_cast<std::size_t>(options.send_buffer) * 2; }
    Result<void> wait_until_sendable(Task& task, const Patience& patience);
    Errno send_error(Task& task, int error, int flags);
    void deliver(std::vector<std::byte> bytes, bool urgent);
    void data_taken();
    Result<std::size_t> receive_urgent(Incoming& message);
    /// Copies bytes of the stream out (with MSG_TRUNC they are only counted), and takes them unless this is a peek. How many; EFAULT.
    Result<std::size_t> give(Incoming& message, std::span<const std::byte> bytes);
    bool at_mark() const { return urgent_ && urgent_position_ == received_.taken(); }
    /// What may be read before the urgent byte is met.
    std::size_t before_mark(std::size_t offset) const;

    Phase phase_ = Phase::unconnected;
    Ref<TcpSock> peer_;
    ByteQueue received_;
    bool fin_received_ = false; ///< SOCK_DONE
    bool no_space_ = false;     ///< somebody waits until there is room to write
    Ref<TcpSock> waits_at_;     ///< connecting: the listener whose backlog is full
    std::unique_ptr<kernel::Timer> give_up_;
    int backlog_ = 0;
    std::deque<Ref<TcpSock>> accept_queue_, waiting_;
    bool urgent_ = false, urgent_taken_ = false; ///< a byte sent with MSG_OOB; it was received
    std::uint64_t urgent_position_ = 0;          ///< in the received stream
    std::byte urgent_byte_ {};
    std::uint64_t bytes_sent_ = 0;
    NumberOptions tcp_options_;
    std::string congestion_ = "cubic";
};

}
