// A socket of any family: what all have in common (options, errors, waiting), and the operations that a family gives.
//
// The protocol's end (Sock) and the description that refers to it (SocketFile) are apart, as in Linux: a connection that waits to be
// accepted has no description yet, and one whose description is closed may still have a peer that reads.
#pragma once

#include "engine/net/message.h"
#include "engine/net/net_state.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <sys/socket.h>

namespace ringside::net {

using kernel::Nanoseconds;
using kernel::PollMask;

constexpr int receive_shut = 1; ///< RCV_SHUTDOWN
constexpr int send_shut = 2;    ///< SEND_SHUTDOWN
constexpr int both_shut = 3;

constexpr PollMask readable_events = 0x001 | 0x040;          ///< EPOLLIN | EPOLLRDNORM
constexpr PollMask writable_events = 0x004 | 0x100 | 0x200;  ///< EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND

/// States by the numbers of net/tcp_states.h, which /proc/net and TCP_INFO show. Other families use some of them too.
enum class State { established = 1, syn_sent, syn_received, fin_wait1, fin_wait2, time_wait, closed, close_wait, last_ack, listening, closing };

/// How long a call may wait.
struct Patience {
    bool none = false;
    std::optional<Nanoseconds> deadline; ///< CLOCK_MONOTONIC; a wait with one ends with EINTR, not with a restart (signal(7))
    static Patience of(bool dont_wait, const std::optional<Nanoseconds>& timeout);
};

/// Options of one level that are numbers, by name: those that were set.
class NumberOptions {
public:
    int get(int option, int initial = 0) const
    {
        auto found = values_.find(option);
        return found == values_.end() ? initial : found->second;
    }
    void set(int option, int value) { values_[option] = value; }

private:
    std::map<int, int> values_;
};

/// Options of SOL_SOCKET that are remembered.
struct Options {
    int send_buffer = NetState::default_buffer, receive_buffer = NetState::default_buffer; ///< as Linux keeps them: doubled
    bool send_buffer_set = false, receive_buffer_set = false;
    bool reuse_address = false;
    bool reuse_port = false;
    bool pass_credentials = false;
    bool oob_inline = false;
    bool broadcast = false;
    bool keep_alive = false;
    int low_water = 1;                 ///< SO_RCVLOWAT
    bool linger = false;
    int linger_seconds = 0;
    std::optional<Nanoseconds> receive_timeout, send_timeout;
    int timestamp = 0;                 ///< the option that was set last, SO_TIMESTAMP or SO_TIMESTAMPNS; 0: none
    int peek_offset = -1;
    bool bound_to_lo = false;          ///< SO_BINDTODEVICE, SO_BINDTOIFINDEX
    NumberOptions plain;               ///< those that change nothing here
};

/// What setsockopt(2) is given.
struct OptionValue {
    Task& task;
    GuestAddr address;
    unsigned length;
    /// EINVAL where it is too short, EFAULT.
    template<typename T>
    Result<T> as() const
    {
        if (length < sizeof(T))
            return Errno(EINVAL);
        return task.copy_in(GuestPtr<T>(address));
    }
    /// A name: of an interface (IFNAMSIZ) or a congestion control (TCP_CA_NAME_MAX), cut where it is longer. EFAULT.
    Result<std::string> name() const;
};
using OptionBytes = std::vector<std::byte>;
template<typename T>
OptionBytes option_bytes(const T& value)
{
    auto bytes = std::as_bytes(std::span(&value, 1));
    return {bytes.begin(), bytes.end()};
}

/// A datagram that is to be received; a peek with SO_PEEK_OFF begins `skip` bytes into it.
struct Datagram {
    Ref<Packet> packet; ///< null: none waits
    std::size_t skip = 0;
};

class Sock : public RefCounted {
public:
    Sock(Ref<NetState> net, int family, int type, int protocol);
    ~Sock() override;

    // The operations, with the errnos of their man pages. Defaults answer EOPNOTSUPP as a family without them.
    virtual Result<void> bind(Task& task, const SocketAddress& address);
    virtual Result<void> listen(Task& task, int backlog);
    /// The accepted connection, without a description.
    virtual Result<Ref<Sock>> accept(Task& task, bool dont_wait);
    virtual Result<void> connect(Task& task, const SocketAddress& address, bool dont_wait);
    virtual Result<void> pair(Task& task, Sock& other);
    virtual SocketAddress name() = 0;
    virtual Result<SocketAddress> peer_name() = 0;
    /// Where an accepted connection came from, even if the other side has gone since.
    virtual SocketAddress accepted_peer_name() { return SocketAddress::of(static_cast<sa_family_t>(family)); }
    virtual Result<std::size_t> send(Task& task, Outgoing& message) = 0;
    virtual Result<std::size_t> receive(Task& task, Incoming& message) = 0;
    /// `how`: receive_shut, send_shut or both.
    virtual Result<void> shutdown(Task& task, int how);
    virtual Result<void> set_option(int level, int option, const OptionValue& value);
    /// `room`: how many bytes the caller takes.
    virtual Result<OptionBytes> get_option(int level, int option, std::size_t room);
    virtual Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument);
    virtual PollMask poll() = 0;
    /// Before the last descriptor goes, while there is still a task: SO_LINGER may wait here.
    virtual void closing(Task&) { }
    /// The description is gone.
    virtual void release() = 0;
    /// What FIONREAD says. EINVAL.
    virtual Result<int> readable_bytes() { return Errno(EINVAL); }
    virtual int unsent_bytes() { return 0; }

    const int family, type, protocol;
    State state = State::closed;
    int shut = 0;                       ///< receive_shut | send_shut
    Options options;
    kernel::WaitQueue queue;            ///< all who wait for this socket
    fs::File* file = nullptr;           ///< null: not accepted yet, or closed
    bool released = false;              ///< SOCK_DEAD after it had a description, or was never to get one
    std::uint64_t inode = 0;            ///< /proc/net
    kernel::Uid owner = 0;

    NetState& net() const { return *net_; }
    Ref<NetState> net_ref() const { return net_; }
    /// sk_err: told once, by the next call or by SO_ERROR.
    int take_error() { return std::exchange(error_, 0); }
    int pending_error() const { return error_; }
    /// Sets the error and wakes everybody.
    void report_error(int error);
    /// A message of this socket has been taken from its receiver, or thrown away.
    virtual void uncharge(std::size_t bytes);
    std::size_t charged() const { return charged_; }
    void charge(std::size_t bytes) { charged_ += bytes; }
    /// The sent bytes leave room for more (sock_writeable differs by family).
    bool has_send_room() const { return charged_ < static_cast<std::size_t>(options.send_buffer); }

protected:
    /// Sleeps until `queue` is woken with one of `events`. EAGAIN when there is no time (left), EINTR or ERESTARTSYS at a signal.
    Result<void> wait(Task& task, kernel::WaitQueue& queue, const Patience& patience, PollMask events, bool exclusive = false);
    Patience receive_patience(bool dont_wait) const { return Patience::of(dont_wait, options.receive_timeout); }
    Patience send_patience(bool dont_wait) const { return Patience::of(dont_wait, options.send_timeout); }
    /// How many bytes a stream's reader waits for (sock_rcvlowat).
    std::size_t low_water(int flags, std::uint64_t wanted) const;
    /// Where a peek begins (SO_PEEK_OFF); 0 for a read.
    std::size_t peek_start(const Incoming& message) const;
    /// Which of `received` comes next: a peek with an offset passes over the datagrams before it, a read gets the first.
    Datagram next_datagram(const std::deque<Ref<Packet>>& received, const Incoming& message) const;
    /// Copies a datagram out, which the caller has taken from its queue unless this is a peek. What the call returns; EFAULT.
    Result<std::size_t> give_datagram(Incoming& message, const Datagram& datagram);
    /// SO_PEEK_OFF moves with what was peeked at and taken.
    void peeked(std::size_t bytes);
    void consumed(std::size_t bytes);
    void add_timestamp(Incoming& message, Nanoseconds time) const;
    virtual void send_space();
    virtual bool has_peek_offset() const { return false; }
    virtual std::optional<ucred> peer_credentials() const { return {}; }
    virtual const std::vector<kernel::Gid>* peer_groups() const { return nullptr; }

private:
    Result<void> set_socket_option(int option, const OptionValue& value);
    Result<void> set_buffer(int option, int value, const Task& task);
    Result<void> set_timeout(std::optional<Nanoseconds>& timeout, const OptionValue& value);
    Result<OptionBytes> get_socket_option(int option, std::size_t room);
    std::optional<int> integer_option(int option);
    Ref<NetState> net_;
    std::list<Sock*>::iterator place_;
    int error_ = 0;
    std::size_t charged_ = 0; ///< sk_wmem_alloc
};

/// Makes a socket as socket(2) says. EAFNOSUPPORT, EINVAL, ESOCKTNOSUPPORT, EPROTONOSUPPORT, EPERM.
Result<Ref<Sock>> make_sock(Task& task, int family, int type, int protocol);

}
