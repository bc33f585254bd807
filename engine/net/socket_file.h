// The open file description of a socket.
#pragma once

#include "engine/fs/anonymous.h"
#include "engine/net/sock.h"

namespace ringside::net {

class SocketFile final : public fs::File {
public:
    /// `flags`: SOCK_NONBLOCK counts.
    SocketFile(Task& task, Ref<Sock> sock, int flags);
    ~SocketFile() override;

    Sock& sock() const { return *sock_; }
    Ref<Sock> sock_ref() const { return sock_; }

    /// sendmsg(2) and recvmsg(2): they do not wait where the description is non-blocking.
    Result<std::size_t> send(Task& task, Outgoing& message);
    Result<std::size_t> receive(Task& task, Incoming& message);
    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset) override;
    PollMask poll() override { return sock_->poll(); }
    kernel::WaitQueue* poll_queue() override { return &sock_->queue; }
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override { return sock_->ioctl(task, request, argument); }
    void descriptor_closed(Task& task) override;
    std::string name(Task& task) override;
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::socket; }
    Ref<fs::Inode> inode() override { return inode_; }
    /// F_SETOWN's process gets SIGURG.
    void urgent();

private:
    Ref<Sock> sock_;
    Ref<fs::AnonymousInode> inode_;
    kernel::Kernel& kernel_;
};

/// ENOTSOCK for anything else.
Result<Ref<SocketFile>> socket_of(Task& task, int fd);

}
