// TCP: sending, receiving, urgent data, readiness (net/ipv4/tcp.c).
#include "engine/net/socket_file.h"
#include "engine/net/tcp_sock.h"

#include "engine/kernel/signals.h"
#include "engine/record/task_recorder.h"

#include <climits>
#include <linux/sockios.h>
#include <sys/epoll.h>

namespace ringside::net {

namespace {
constexpr std::size_t largest_piece = 65536;
}

std::size_t TcpSock::backlogged() const
{
    if (!peer_)
        return 0;
    std::size_t unread = peer_->received_.size(), fits = peer_->window();
    return unread > fits ? unread - fits : 0;
}

void TcpSock::send_space()
{
    if (no_space_ && writable()) {
        no_space_ = false;
        queue.wake_all(writable_events);
    }
}

void TcpSock::data_taken()
{
    if (peer_)
        peer_->send_space();
}

/// sk_stream_error: what a send that cannot go on returns.
Errno TcpSock::send_error(Task& task, int error, int flags)
{
    if (error == EPIPE)
        if (int pending = take_error())
            error = pending;
    if (error == EPIPE && !(flags & MSG_NOSIGNAL))
        kernel::raise_sigpipe(task);
    return Errno(error);
}

Result<void> TcpSock::wait_until_sendable(Task& task, const Patience& patience)
{
    while (state != State::established && state != State::close_wait) {
        if (int error = take_error())
            return Errno(error);
        if (state != State::syn_sent)
            return Errno(EPIPE);
        TRY(wait(task, queue, patience, ~PollMask {0}));
    }
    return {};
}

void TcpSock::deliver(std::vector<std::byte> bytes, bool urgent)
{
    Ref<TcpSock> other = peer_;
    bytes_sent_ += bytes.size();
    if (other->released || ((other->shut & receive_shut) && other->state == State::fin_wait2)) { // nobody will read it: RST (tcp_rcv_state_process)
        other->receive_reset();
        receive_reset();
        return;
    }
    if (urgent) {
        other->urgent_ = true;
        other->urgent_taken_ = false;
        other->urgent_byte_ = bytes.back();
        other->urgent_position_ = other->received_.taken() + other->received_.size() + bytes.size() - 1;
        if (other->file)
            static_cast<SocketFile*>(other->file)->urgent();
    }
    other->received_.append(std::move(bytes));
    if (urgent)
        other->queue.wake_all(EPOLLPRI | readable_events);
    else if (other->received_.size() >= static_cast<std::size_t>(other->options.low_water))
        other->queue.wake_all(readable_events);
}

Result<std::size_t> TcpSock::send(Task& task, Outgoing& message)
{
    if (message.flags & MSG_FASTOPEN) {
        task.recorder().unsupported();
        return Errno(EOPNOTSUPP);
    }
    const Patience patience = send_patience(message.dont_wait());
    auto ready = wait_until_sendable(task, patience);
    if (!ready.ok())
        return send_error(task, ready.error().value(), message.flags);
    std::size_t sent = 0;
    auto ended = [&](int error) { return sent > 0 ? Result<std::size_t>(sent) : Result<std::size_t>(send_error(task, error, message.flags)); };
    do {
        if (pending_error() || (shut & send_shut) || !peer_)
            return ended(EPIPE);
        if (message.data.remaining() == 0)
            break;
        if (backlogged() >= static_cast<std::size_t>(options.send_buffer) || (net().short_of_memory() && !peer_->received_.empty())) {
            no_space_ = true;
            auto waited = wait(task, queue, patience, writable_events | EPOLLERR | EPOLLHUP);
            if (!waited.ok())
                return ended(waited.error().value());
            continue;
        }
        std::vector<std::byte> bytes(std::min<std::size_t>(message.data.remaining(), largest_piece));
        auto got = message.data.get(bytes);
        if (!got.ok())
            return ended(got.error().value());
        bytes.resize(got.value());
        if (pending_error() || !peer_) // while the bytes were fetched
            continue;
        sent += bytes.size();
        deliver(std::move(bytes), (message.flags & MSG_OOB) && message.data.remaining() == 0);
    } while (message.data.remaining() > 0);
    return sent;
}

std::size_t TcpSock::before_mark(std::size_t offset) const
{
    std::uint64_t position = received_.taken() + offset;
    if (urgent_ && urgent_position_ > position)
        return static_cast<std::size_t>(urgent_position_ - position);
    return ~std::size_t {0};
}

Result<std::size_t> TcpSock::receive_urgent(Incoming& message)
{
    if (options.oob_inline || !urgent_ || urgent_taken_)
        return Errno(EINVAL);
    if (state == State::closed && !fin_received_)
        return Errno(ENOTCONN);
    message.result_flags |= MSG_OOB;
    if (message.data.remaining() == 0) {
        message.result_flags |= MSG_TRUNC;
        return std::size_t {0};
    }
    if (!message.peek())
        urgent_taken_ = true;
    return TRY(message.data.put(std::span(&urgent_byte_, 1)));
}

Result<std::size_t> TcpSock::give(Incoming& message, std::span<const std::byte> bytes)
{
    std::size_t moved = message.peek() || (message.flags & MSG_TRUNC) ? bytes.size() : message.data.room(bytes.size());
    if (moved == 0)
        return Errno(EFAULT);
    if (!message.peek())
        received_.take(moved);
    if (message.flags & MSG_TRUNC)
        return moved;
    return message.data.put(bytes.first(moved));
}

Result<std::size_t> TcpSock::receive(Task& task, Incoming& message)
{
    if (message.flags & MSG_ERRQUEUE)
        return Errno(EAGAIN);
    if (state == State::listening)
        return Errno(ENOTCONN);
    if (message.flags & MSG_OOB)
        return receive_urgent(message);
    std::uint64_t wanted = message.data.remaining();
    const std::size_t target = low_water(message.flags, wanted);
    const Patience patience = receive_patience(message.dont_wait());
    std::size_t copied = 0, offset = 0; // a peek walks along without taking
    while (copied < wanted) {
        bool at_urgent = urgent_ && urgent_position_ == received_.taken() + offset && received_.size() > offset;
        if (at_urgent && copied > 0)
            break;
        if (at_urgent && !options.oob_inline) {
            if (message.peek()) {
                ++offset;
            } else {
                received_.take(1); // the urgent byte is read by MSG_OOB only
                urgent_ = !urgent_taken_;
            }
            continue;
        }
        if (auto piece = received_.at(offset); piece.chunk) {
            std::size_t part = std::min<std::size_t>({piece.bytes.size(), wanted - copied, before_mark(offset)});
            auto moved = give(message, piece.bytes.first(part));
            if (!moved.ok()) {
                if (copied == 0)
                    return moved.error();
                break;
            }
            copied += moved.value();
            if (message.peek())
                offset += moved.value();
            else
                data_taken();
            if (moved.value() < part)
                break;
            continue;
        }
        if (copied >= target)
            break;
        if (copied > 0) {
            if (pending_error() || state == State::closed || (shut & receive_shut))
                break;
        } else {
            if (fin_received_)
                break;
            if (int error = take_error())
                return Errno(error);
            if (shut & receive_shut)
                break;
            if (state == State::closed)
                return Errno(ENOTCONN);
        }
        auto waited = wait(task, queue, patience, readable_events | EPOLLERR | EPOLLHUP | EPOLLRDHUP);
        if (!waited.ok()) {
            if (copied > 0)
                break;
            return waited.error();
        }
    }
    return copied;
}

PollMask TcpSock::poll()
{
    if (state == State::listening)
        return accept_queue_.empty() ? 0 : readable_events;
    PollMask mask = 0;
    if (shut == both_shut || state == State::closed)
        mask |= EPOLLHUP;
    if (shut & receive_shut)
        mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
    if (state != State::syn_sent) {
        bool urgent_unread = urgent_ && !urgent_taken_;
        std::size_t readable = received_.size();
        if (urgent_ && !options.oob_inline && urgent_position_ >= received_.taken() && readable > 0)
            --readable;
        if (readable > 0 && readable >= static_cast<std::size_t>(std::min(options.low_water, options.receive_buffer)))
            mask |= EPOLLIN | EPOLLRDNORM;
        if ((shut & send_shut) || writable())
            mask |= EPOLLOUT | EPOLLWRNORM;
        else
            no_space_ = true;
        if (urgent_unread)
            mask |= EPOLLPRI;
    }
    if (pending_error())
        mask |= EPOLLERR;
    return mask;
}

Result<int> TcpSock::readable_bytes()
{
    if (state == State::listening)
        return Errno(EINVAL);
    if (state == State::syn_sent)
        return 0;
    std::size_t bytes = received_.size();
    if (urgent_ && !options.oob_inline && urgent_position_ >= received_.taken() && bytes > 0) // up to the mark (tcp_inq)
        bytes = urgent_position_ == received_.taken() ? bytes - 1 : static_cast<std::size_t>(urgent_position_ - received_.taken());
    return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
}

Result<long> TcpSock::ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    if (request == SIOCATMARK) {
        TRY(task.copy_out(GuestPtr<int>(argument), int {at_mark()}));
        return 0;
    }
    return InetSock::ioctl(task, request, argument);
}

}
