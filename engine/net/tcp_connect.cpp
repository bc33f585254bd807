// TCP connections: how they begin and end (net/ipv4/af_inet.c, tcp.c, tcp_input.c).
#include "engine/net/tcp_sock.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"

namespace ringside::net {

namespace {
constexpr Nanoseconds connect_timeout = 127 * kernel::second; // six repetitions of SYN (tcp_syn_retries)
constexpr int connected_send_buffer = 2626560;                // what tcp_init_buffer_space makes of it over lo
}

TcpSock::TcpSock(Ref<NetState> net, int family) : InetSock(net, family, SOCK_STREAM, IPPROTO_TCP), received_(net)
{
    options.send_buffer = 16384;
    options.receive_buffer = 131072;
}

TcpSock::~TcpSock() = default;

Result<void> TcpSock::listen(Task&, int backlog)
{
    if (phase_ != Phase::unconnected || (state != State::closed && state != State::listening))
        return Errno(EINVAL);
    backlog_ = static_cast<int>(std::min<unsigned>(static_cast<unsigned>(backlog), NetState::max_backlog));
    if (state == State::listening) {
        accept_waiting();
        return {};
    }
    if (port == 0)
        TRY(autobind());
    else
        TRY(ports().bind(*this, port));
    state = State::listening;
    shut = 0;
    return {};
}

Result<Ref<Sock>> TcpSock::accept(Task& task, bool dont_wait)
{
    if (state != State::listening)
        return Errno(EINVAL);
    const Patience patience = receive_patience(dont_wait);
    while (accept_queue_.empty()) {
        TRY(wait(task, queue, patience, ~PollMask {0}, true));
        if (state != State::listening)
            return Errno(EINVAL);
    }
    Ref<TcpSock> connection = std::move(accept_queue_.front());
    accept_queue_.pop_front();
    accept_waiting();
    return Ref<Sock>(connection);
}

TcpSock* TcpSock::find_listener(const Endpoint& to, const Endpoint& from)
{
    auto best = ports().best_at(to.port, [&](const InetSock& sock) { return sock.state == State::listening ? sock.fitness(to.address) : 0; });
    return best.empty() ? nullptr : static_cast<TcpSock*>(PortTable::spread(best, from.port));
}

Result<void> TcpSock::begin_connect(Task&, const SocketAddress& address)
{
    Endpoint to = TRY(route(TRY(destination(address))));
    IpAddress before = local.address;
    local.address = source_for(to.address);
    if (local.address.is_v4() != to.address.is_v4()) {
        local.address = before;
        return Errno(ENETUNREACH);
    }
    if (port == 0) {
        auto any = ports().bind_any(*this, net().random(), true);
        if (!any.ok()) {
            local.address = before;
            return Errno(EADDRNOTAVAIL);
        }
        port = local.port = any.value();
    } else {
        for (const InetSock* other : ports().at(port))
            if (other != this && other->remote == to && other->local == local && other->state != State::closed) {
                local.address = before;
                return Errno(EADDRNOTAVAIL);
            }
    }
    remote = to;
    state = State::syn_sent;
    TcpSock* listener = find_listener(to, local);
    if (!listener || listener == this) {
        receive_reset();
    } else if (listener->accept_queue_full()) { // the SYN is dropped, and sent again
        listener->waiting_.push_back(Ref<TcpSock>(this));
        waits_at_ = Ref<TcpSock>(listener);
        give_up_ = std::make_unique<kernel::Timer>(net().kernel->timers(), [this] {
            Ref<TcpSock> keep(this);
            stop_connecting();
            done();
            report_error(ETIMEDOUT);
        });
        give_up_->arm(kernel::monotonic_now() + connect_timeout);
    } else {
        listener->establish(*this);
    }
    return {};
}

Result<void> TcpSock::connect(Task& task, const SocketAddress& address, bool dont_wait)
{
    if (address.size() < sizeof(sa_family_t))
        return Errno(EINVAL);
    if (address.family() == AF_UNSPEC) {
        disconnect();
        return {};
    }
    int in_progress = EINPROGRESS;
    switch (phase_) {
    case Phase::connected:
        return Errno(EISCONN);
    case Phase::connecting:
        in_progress = EALREADY;
        break;
    case Phase::unconnected:
        if (state != State::closed)
            return Errno(EISCONN);
        TRY(begin_connect(task, address));
        phase_ = Phase::connecting;
        // Over lo the answer is there before connect looks, but a non-blocking one never looks (__inet_stream_connect).
        if (dont_wait)
            return Errno(EINPROGRESS);
        break;
    }
    const Patience patience = send_patience(dont_wait);
    while (state == State::syn_sent) {
        auto waited = wait(task, queue, patience, ~PollMask {0});
        if (!waited.ok())
            return Errno(waited.error() == EAGAIN ? in_progress : waited.error().value());
    }
    if (state == State::closed) {
        int error = take_error();
        disconnect();
        return Errno(error ? error : ECONNABORTED);
    }
    phase_ = Phase::connected;
    return {};
}

void TcpSock::establish(TcpSock& client)
{
    auto connection = make_ref<TcpSock>(net_ref(), family);
    connection->inherit(*this);
    connection->tcp_options_ = tcp_options_;
    connection->congestion_ = congestion_;
    connection->owner = owner;
    connection->local = client.remote;
    connection->remote = client.local;
    connection->port = port;
    connection->address_bound_ = true;
    ports().share(*connection, port);
    connection->state = client.state = State::established;
    connection->phase_ = Phase::connected;
    connection->peer_ = Ref<TcpSock>(&client);
    client.peer_ = connection;
    for (TcpSock* sock : {connection.get(), &client})
        if (!sock->options.send_buffer_set)
            sock->options.send_buffer = connected_send_buffer;
    accept_queue_.push_back(std::move(connection));
    queue.wake_one(readable_events);
    client.queue.wake_all();
}

void TcpSock::accept_waiting()
{
    while (!waiting_.empty() && !accept_queue_full()) {
        Ref<TcpSock> client = std::move(waiting_.front());
        waiting_.pop_front();
        client->waits_at_ = {};
        client->give_up_.reset();
        establish(*client);
    }
}

void TcpSock::stop_connecting()
{
    if (Ref<TcpSock> listener = std::exchange(waits_at_, {}))
        std::erase_if(listener->waiting_, [&](const Ref<TcpSock>& client) { return client.get() == this; });
    if (give_up_)
        give_up_->disarm();
}

void TcpSock::stop_listening()
{
    auto connections = std::exchange(accept_queue_, {});
    auto waiting = std::exchange(waiting_, {});
    state = State::closed;
    for (const Ref<TcpSock>& connection : connections) {
        connection->reset_peer();
        connection->received_.clear();
        connection->done();
    }
    for (const Ref<TcpSock>& client : waiting) {
        client->waits_at_ = {};
        client->receive_reset();
    }
}

bool TcpSock::may_reset() const
{
    return state == State::established || state == State::close_wait || state == State::fin_wait1 || state == State::fin_wait2;
}

void TcpSock::disconnect()
{
    Ref<TcpSock> keep(this);
    State before = state;
    if (state == State::listening) {
        stop_listening();
    } else if (may_reset()) {
        reset_peer();
        report_error(ECONNRESET);
    } else if (state == State::syn_sent) {
        stop_connecting();
        report_error(ECONNRESET);
    }
    done();
    received_.clear();
    forget_connection();
    phase_ = Phase::unconnected;
    shut = 0;
    fin_received_ = urgent_ = false;
    if (before != State::closed)
        queue.wake_all();
}

void TcpSock::done()
{
    state = State::closed;
    shut = both_shut;
    peer_ = {};
    if (!port_bound_)
        release_port();
    queue.wake_all();
}

void TcpSock::reset_peer()
{
    if (Ref<TcpSock> other = std::exchange(peer_, {}))
        other->receive_reset();
}

void TcpSock::receive_reset()
{
    Ref<TcpSock> keep(this);
    int error = ECONNRESET;
    switch (state) {
    case State::closed:
        return;
    case State::syn_sent:
        error = ECONNREFUSED;
        stop_connecting();
        break;
    case State::close_wait:
        error = EPIPE;
        break;
    default:
        break;
    }
    done();
    report_error(error);
}

void TcpSock::send_fin()
{
    Ref<TcpSock> other = peer_;
    if (state == State::established) {
        state = State::fin_wait2; // acknowledged at once
        other->receive_fin();
    } else if (state == State::close_wait) {
        state = State::last_ack;
        other->receive_fin();
        done();
    }
}

void TcpSock::receive_fin()
{
    Ref<TcpSock> keep(this);
    shut |= receive_shut;
    fin_received_ = true;
    if (state == State::established) {
        state = State::close_wait;
        queue.wake_all();
    } else if (state == State::fin_wait2) {
        ports().add_time_wait({local, remote, family, options.reuse_address, 0});
        done();
    }
}

Result<void> TcpSock::shutdown(Task&, int how)
{
    Result<void> result;
    if (phase_ == Phase::connecting && state != State::syn_sent && state != State::closed)
        phase_ = Phase::connected;
    switch (state) {
    case State::closed:
        result = Errno(ENOTCONN);
        shut |= how;
        break;
    case State::listening:
        if (how & receive_shut)
            disconnect();
        break;
    case State::syn_sent:
        disconnect();
        break;
    default:
        shut |= how;
        if (how & send_shut)
            send_fin();
    }
    queue.wake_all();
    return result;
}

void TcpSock::closing(Task& task)
{
    if (!options.linger || options.linger_seconds <= 0 || !peer_ || !received_.empty())
        return;
    shut |= send_shut;
    Ref<TcpSock> keep(this);
    Patience patience = Patience::of(false, static_cast<Nanoseconds>(options.linger_seconds) * kernel::second);
    while (backlogged() > 0) {
        no_space_ = true;
        if (!wait(task, queue, patience, writable_events).ok())
            break;
    }
}

void TcpSock::release()
{
    Ref<TcpSock> keep(this);
    bool unread = !received_.empty();
    received_.clear();
    shut = both_shut;
    switch (state) {
    case State::closed:
        break;
    case State::listening:
        stop_listening();
        break;
    case State::syn_sent:
        stop_connecting();
        done();
        break;
    default:
        if (may_reset() && (unread || (options.linger && options.linger_seconds == 0))) {
            reset_peer();
            done();
        } else {
            send_fin(); // and stays until the other side has closed, too
        }
    }
    if (state == State::closed)
        release_port();
}

}
