// read(2), write(2) and the rest of the VFS on sockets (net/socket.c, sock_read_iter and its kin).
#include "engine/net/socket_file.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/thread_group.h"

#include <fcntl.h>

namespace ringside::net {

SocketFile::SocketFile(Task& task, Ref<Sock> sock, int flags)
    : File(O_RDWR | (flags & O_NONBLOCK))
    , sock_(std::move(sock))
    , inode_(make_ref<fs::AnonymousInode>(*task.fs_context().vfs, S_IFSOCK | 0777, task.credentials().fsuid, task.credentials().fsgid))
    , kernel_(task.kernel())
{
    sock_->file = this;
    sock_->inode = inode_->number();
    sock_->owner = task.credentials().fsuid;
}

SocketFile::~SocketFile()
{
    sock_->file = nullptr;
    sock_->released = true;
    sock_->release();
}

Result<std::size_t> SocketFile::send(Task& task, Outgoing& message)
{
    if (nonblocking())
        message.flags |= MSG_DONTWAIT;
    return sock_->send(task, message);
}

Result<std::size_t> SocketFile::receive(Task& task, Incoming& message)
{
    if (nonblocking())
        message.flags |= MSG_DONTWAIT;
    return sock_->receive(task, message);
}

Result<std::size_t> SocketFile::read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset)
{
    if (offset)
        return Errno(ESPIPE);
    if (to.remaining() == 0)
        return std::size_t {0};
    Incoming message(to);
    return receive(task, message);
}

Result<std::size_t> SocketFile::write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset)
{
    if (offset)
        return Errno(ESPIPE);
    Outgoing message(from, sock_->type == SOCK_SEQPACKET ? MSG_EOR : 0);
    return send(task, message);
}

void SocketFile::descriptor_closed(Task& task)
{
    if (ref_count() == 1)
        sock_->closing(task);
}

std::string SocketFile::name(Task&)
{
    return "socket:[" + std::to_string(inode_->number()) + "]";
}

void SocketFile::urgent()
{
    siginfo_t info = kernel::make_siginfo(owner_signal ? owner_signal : SIGURG, SI_KERNEL);
    if (owner > 0) {
        if (kernel::ThreadGroup* group = kernel_.processes().group(owner))
            kernel::send_signal(*group, info);
    } else if (owner < 0) {
        if (kernel::ProcessGroup* processes = kernel_.processes().process_group(-owner))
            kernel::send_signal(*processes, info);
    }
}

Result<Ref<SocketFile>> socket_of(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    auto* socket = dynamic_cast<SocketFile*>(file.get());
    if (!socket)
        return Errno(ENOTSOCK);
    return Ref<SocketFile>(socket);
}

}
