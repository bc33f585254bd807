// unix(7): streams (net/unix/af_unix.c, unix_stream_*).
#include "engine/net/unix_sock.h"

#include "engine/kernel/signals.h"
#include "engine/record/task_recorder.h"

namespace ringside::net {

namespace {

constexpr std::size_t linear_limit = 3776; // SKB_MAX_HEAD(0)
constexpr std::size_t paged_limit = 32768; // UNIX_SKB_FRAGS_SZ

Errno broken_pipe(Task& task, const Outgoing& message)
{
    if (!(message.flags & MSG_NOSIGNAL))
        kernel::raise_sigpipe(task);
    return Errno(EPIPE);
}

}

Result<std::size_t> UnixSock::send_stream(Task& task, Outgoing& message)
{
    if (message.flags & MSG_OOB) {
        task.recorder().unsupported();
        return Errno(EOPNOTSUPP);
    }
    if (!message.to.empty())
        return Errno(state == State::established ? EISCONN : EOPNOTSUPP);
    if (!peer_)
        return Errno(ENOTCONN);
    Ref<UnixSock> other = peer_;
    if (shut & send_shut)
        return broken_pipe(task, message);
    std::size_t sent = 0;
    auto ended = [&](Errno error) { return sent > 0 ? Result<std::size_t>(sent) : Result<std::size_t>(error); };
    while (message.data.remaining() > 0) {
        auto room = wait_for_room(task, message);
        if (!room.ok()) // without a signal where the end is noticed here (sock_alloc_send_pskb)
            return ended(room.error());
        std::size_t size = std::min<std::size_t>({message.data.remaining(), static_cast<std::size_t>(options.send_buffer / 2 - 64), linear_limit + paged_limit});
        std::size_t paged = size > linear_limit ? std::min(size, static_cast<std::size_t>(page_up(size - linear_limit))) : 0;
        std::vector<std::byte> data(size);
        auto got = message.data.get(data);
        if (!got.ok() || got.value() < size)
            return ended(got.ok() ? Errno(EFAULT) : got.error());
        if (other->released || (other->shut & receive_shut))
            return sent > 0 ? Result<std::size_t>(sent) : broken_pipe(task, message);
        other->deliver(make_packet(task, message, std::move(data), buffer_charge(size - paged, paged), *other));
        message.rights = {}; // with the first piece only
        sent += size;
    }
    return sent;
}

Result<std::size_t> UnixSock::receive_stream(Task& task, Incoming& message)
{
    if (state != State::established)
        return Errno(EINVAL);
    if (message.flags & MSG_OOB)
        return Errno(EOPNOTSUPP);
    const std::size_t target = low_water(message.flags, message.data.remaining());
    const Patience patience = receive_patience(message.dont_wait());
    std::size_t skip = peek_start(message);
    std::size_t copied = 0;
    std::optional<ucred> writer; // whose bytes these are, where SO_PASSCRED asks
    bool has_writer = false;
    // A peek walks along the queue; a read takes from its front.
    std::size_t index = 0;
    do {
        while (index < received_.size() && skip >= received_[index]->rest().size()) {
            skip -= received_[index]->rest().size();
            ++index;
        }
        if (index >= received_.size()) {
            if (copied >= target || (message.peek() && copied > 0))
                break;
            if (int error = take_error()) {
                if (copied == 0)
                    return Errno(error);
                break;
            }
            if (shut & receive_shut)
                break;
            auto waited = wait(task, queue, patience, ~PollMask {0});
            if (!waited.ok()) {
                if (copied > 0)
                    break;
                return waited.error();
            }
            continue;
        }
        Ref<Packet> packet = received_[index];
        if (options.pass_credentials) {
            // Never glue messages from different writers.
            auto same = [](const std::optional<ucred>& a, const std::optional<ucred>& b) {
                return a.has_value() == b.has_value() && (!a || (a->pid == b->pid && a->uid == b->uid && a->gid == b->gid));
            };
            if (has_writer && !same(writer, packet->credentials))
                break;
            if (!has_writer)
                add_credentials(message, *packet);
            writer = packet->credentials;
            has_writer = true;
        }
        if (message.from.empty())
            message.from = packet->from;
        std::size_t part = std::min<std::size_t>(packet->rest().size() - skip, message.data.remaining());
        auto bytes = packet->rest().subspan(skip, part);
        if (!message.peek()) {
            // What cannot be given stays. Taken before it is copied, since copying may wait and others read meanwhile.
            std::size_t room = message.data.room(part);
            if (room == 0 && part > 0) {
                if (copied == 0)
                    return Errno(EFAULT);
                break;
            }
            bytes = bytes.first(std::min(part, room));
            packet->taken += bytes.size();
            message.rights = std::exchange(packet->rights, {});
            if (packet->taken == packet->data.size())
                received_.pop_front();
            consumed(bytes.size());
        } else {
            message.rights = packet->rights;
        }
        auto moved = message.data.put(bytes);
        if (!moved.ok()) {
            if (copied == 0)
                return moved.error();
            break;
        }
        copied += moved.value();
        if (message.peek()) {
            peeked(moved.value());
            skip = 0;
            ++index;
        }
        if (message.rights || moved.value() < part)
            break;
    } while (message.data.remaining() > 0);
    return copied;
}

}
