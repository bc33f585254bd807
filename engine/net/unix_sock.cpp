// unix(7): names, listening and connecting (net/unix/af_unix.c).
#include "engine/net/unix_sock.h"

#include "engine/fs/fs_context.h"
#include "engine/kernel/thread_group.h"
#include "engine/net/socket_file.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

namespace ringside::net {

namespace {

constexpr std::size_t path_offset = offsetof(sockaddr_un, sun_path);

/// The bytes after the family.
std::string name_bytes(const SocketAddress& address)
{
    auto bytes = address.bytes().subspan(path_offset);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_abstract(const SocketAddress& address)
{
    return address.bytes()[path_offset] == std::byte {0};
}

/// A path ends where its NUL is, or with the address.
std::string path_of(const SocketAddress& address)
{
    return name_bytes(address).c_str();
}

/// `name` may be one byte longer than sun_path: getsockname(2) shows a path with its NUL (unix(7)).
SocketAddress make_address(std::string_view name)
{
    struct {
        sa_family_t family = AF_UNIX;
        std::array<char, sizeof(sockaddr_un::sun_path) + 1> name {};
    } address;
    static_assert(offsetof(decltype(address), name) == path_offset);
    name.copy(address.name.data(), address.name.size());
    return SocketAddress::of(address, path_offset + name.size());
}

}

Result<void> UnixSock::check_address(const SocketAddress& address)
{
    if (address.size() <= path_offset || address.size() > sizeof(sockaddr_un) || address.family() != AF_UNIX)
        return Errno(EINVAL);
    return {};
}

UnixSock::UnixSock(Ref<NetState> net, int type) : Sock(std::move(net), AF_UNIX, type, 0), backlog_(NetState::dgram_queue_length) { }

UnixSock::~UnixSock()
{
    forget_name();
}

void UnixSock::forget_name()
{
    if (!std::exchange(name_holder_, false))
        return;
    if (place_.valid())
        net().bound_inodes.erase(&place_.inode());
    else
        net().abstract_names.erase({type, name_bytes(name_)});
}

Result<void> UnixSock::bind(Task& task, const SocketAddress& address)
{
    if (address.size() == path_offset && address.family() == AF_UNIX)
        return autobind();
    TRY(check_address(address));
    return is_abstract(address) ? bind_abstract(address) : bind_path(task, address);
}

Result<void> UnixSock::bind_path(Task& task, const SocketAddress& address)
{
    const std::string path = path_of(address);
    fs::Vfs& vfs = *task.fs_context().vfs;
    const fs::Path start = task.fs_context().working_directory;
    // The inode of a socket is open to all: the umask alone decides (unix_bind_bsd).
    auto made = vfs.make_socket(task, start, path, 0777);
    if (!made.ok())
        return Errno(made.error() == EEXIST ? EADDRINUSE : made.error().value());
    if (!name_.empty()) { // bound already, or while the path was made
        TRY(vfs.unlink(task, start, path));
        return Errno(EINVAL);
    }
    name_ = make_address({path.c_str(), path.size() + 1});
    place_ = std::move(made).value();
    name_holder_ = true;
    net().bound_inodes[&place_.inode()] = this;
    return {};
}

Result<void> UnixSock::bind_abstract(const SocketAddress& address)
{
    if (!name_.empty())
        return Errno(EINVAL);
    if (!net().abstract_names.try_emplace({type, name_bytes(address)}, this).second)
        return Errno(EADDRINUSE);
    name_ = address;
    name_holder_ = true;
    return {};
}

Result<void> UnixSock::autobind()
{
    if (!name_.empty())
        return {};
    constexpr std::uint32_t names = 1U << 20;
    std::uint32_t first = net().random();
    for (std::uint32_t i = 0; i < names; ++i) {
        std::string name = fmt::format("{}{:05x}", '\0', (first + i) % names);
        if (bind_abstract(make_address(name)).ok())
            return {};
    }
    return Errno(ENOSPC);
}

Result<Ref<UnixSock>> UnixSock::find(Task& task, const SocketAddress& address)
{
    if (is_abstract(address)) {
        auto found = net().abstract_names.find({type, name_bytes(address)});
        if (found == net().abstract_names.end())
            return Errno(ECONNREFUSED);
        return Ref<UnixSock>(found->second);
    }
    fs::Path place = TRY(task.fs_context().vfs->walk(task, task.fs_context().working_directory, path_of(address)));
    TRY(fs::check_permission(task, place, W_OK));
    auto found = net().bound_inodes.find(&place.inode());
    if (!S_ISSOCK(place.inode().type()) || found == net().bound_inodes.end())
        return Errno(ECONNREFUSED);
    if (found->second->type != type)
        return Errno(EPROTOTYPE);
    return Ref<UnixSock>(found->second);
}

SocketAddress UnixSock::name()
{
    return name_.empty() ? SocketAddress::of(sa_family_t {AF_UNIX}) : name_;
}

Result<SocketAddress> UnixSock::peer_name()
{
    if (!peer_)
        return Errno(ENOTCONN);
    return peer_->name();
}

void UnixSock::set_peer_credentials(Task& task)
{
    const kernel::Credentials& who = task.credentials();
    peer_credentials_ = ucred {task.group().tgid(), who.euid, who.egid};
    peer_groups_ = who.groups;
}

Result<void> UnixSock::listen(Task& task, int backlog)
{
    if (!keeps_connections())
        return Errno(EOPNOTSUPP);
    if (name_.empty() || (state != State::closed && state != State::listening))
        return Errno(EINVAL);
    if (backlog > backlog_)
        peer_queue_.wake_all();
    backlog_ = static_cast<int>(std::min<unsigned>(static_cast<unsigned>(backlog), NetState::max_backlog));
    state = State::listening;
    set_peer_credentials(task); // connecting clients see who listened
    return {};
}

Result<void> UnixSock::connect(Task& task, const SocketAddress& address, bool dont_wait)
{
    return keeps_connections() ? connect_stream(task, address, dont_wait) : connect_datagram(task, address);
}

Result<void> UnixSock::connect_stream(Task& task, const SocketAddress& address, bool dont_wait)
{
    TRY(check_address(address));
    if (options.pass_credentials)
        TRY(autobind());
    const Patience patience = send_patience(dont_wait);
    auto made = make_ref<UnixSock>(net_ref(), type);
    Ref<UnixSock> listener;
    for (;;) {
        listener = TRY(find(task, address));
        if (listener->released)
            continue;
        if (listener->state != State::listening || (listener->shut & receive_shut))
            return Errno(ECONNREFUSED);
        if (!listener->queue_full())
            break;
        TRY(wait(task, listener->peer_queue_, patience, ~PollMask {0}, true));
    }
    if (state != State::closed)
        return Errno(state == State::established ? EISCONN : EINVAL);
    made->name_ = listener->name_;
    made->place_ = listener->place_;
    made->state = State::established;
    made->peer_ = Ref<UnixSock>(this);
    made->options.pass_credentials = listener->options.pass_credentials;
    made->set_peer_credentials(task);
    peer_credentials_ = listener->peer_credentials_;
    peer_groups_ = listener->peer_groups_;
    state = State::established;
    peer_ = made;
    auto request = make_ref<Packet>(net_ref(), Ref<Sock>(), std::vector<std::byte>(), 0);
    request->connection = made;
    listener->received_.push_back(std::move(request));
    listener->queue.wake_one(readable_events);
    return {};
}

Result<Ref<Sock>> UnixSock::accept(Task& task, bool dont_wait)
{
    if (!keeps_connections())
        return Errno(EOPNOTSUPP);
    if (state != State::listening)
        return Errno(EINVAL);
    const Patience patience = receive_patience(dont_wait);
    while (received_.empty()) {
        if (shut & receive_shut)
            return Errno(EINVAL);
        TRY(wait(task, queue, patience, ~PollMask {0}, true));
    }
    Ref<Packet> request = std::move(received_.front());
    received_.pop_front();
    peer_queue_.wake_one();
    return std::exchange(request->connection, {});
}

Result<void> UnixSock::pair(Task& task, Sock& other_sock)
{
    auto& other = static_cast<UnixSock&>(other_sock);
    peer_ = Ref<UnixSock>(&other);
    other.peer_ = Ref<UnixSock>(this);
    set_peer_credentials(task);
    other.set_peer_credentials(task);
    state = other.state = State::established;
    return {};
}

Result<void> UnixSock::shutdown(Task&, int how)
{
    shut |= how;
    Ref<UnixSock> other = peer_;
    queue.wake_all();
    if (state == State::listening)
        peer_queue_.wake_all();
    if (other && keeps_connections()) {
        int others = (how & receive_shut ? send_shut : 0) | (how & send_shut ? receive_shut : 0);
        other->shut |= others;
        other->queue.wake_all();
    }
    return {};
}

void UnixSock::send_space()
{
    if (writable())
        queue.wake_all(writable_events);
}

void UnixSock::PeerWaiter::woken(PollMask)
{
    leave();
    sock.queue.wake_all(writable_events);
}

PollMask UnixSock::poll()
{
    PollMask mask = 0;
    if (pending_error())
        mask |= EPOLLERR;
    if (shut == both_shut)
        mask |= EPOLLHUP;
    if (shut & receive_shut)
        mask |= EPOLLRDHUP | EPOLLIN | EPOLLRDNORM;
    if (!received_.empty())
        mask |= EPOLLIN | EPOLLRDNORM;
    if (keeps_connections() && state == State::closed)
        mask |= EPOLLHUP;
    bool can_write = writable();
    if (can_write && !keeps_connections() && peer_ && peer_->peer_.get() != this && peer_->queue_full() && !peer_->released) {
        can_write = false;
        if (!peer_waiter_.queued())
            peer_->peer_queue_.add(peer_waiter_);
    }
    if (can_write)
        mask |= EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
    return mask;
}

void UnixSock::release()
{
    Ref<UnixSock> keep(this);
    release_as(false);
    if (net().rights_in_flight > 0)
        collect_unreachable(net());
}

void UnixSock::release_as(bool embryo)
{
    forget_name();
    released = true;
    shut = both_shut;
    State before = std::exchange(state, State::closed);
    Ref<UnixSock> other = std::exchange(peer_, {});
    peer_waiter_.leave();
    peer_queue_.wake_all();
    if (other && keeps_connections()) {
        other->shut = both_shut;
        if (!received_.empty() || embryo)
            other->report_error(ECONNRESET);
        else
            other->queue.wake_all();
    }
    std::deque<Ref<Packet>> left = std::exchange(received_, {});
    if (before == State::listening)
        for (const Ref<Packet>& request : left)
            if (request->connection)
                static_cast<UnixSock&>(*request->connection).release_as(true);
    net().dispose(std::move(left));
    place_ = {};
}

Result<int> UnixSock::readable_bytes()
{
    if (state == State::listening)
        return Errno(EINVAL);
    std::size_t bytes = 0;
    for (const Ref<Packet>& packet : received_) {
        bytes += packet->rest().size();
        if (type == SOCK_DGRAM)
            break;
    }
    return static_cast<int>(bytes);
}

}
