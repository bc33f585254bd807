// What a file without an operation answers (fs/read_write.c, fs/ioctl.c, …).
#include "engine/fs/file.h"

#include "engine/fs/dentry.h"
#include "engine/fs/inode.h"
#include "engine/fs/vfs.h"

#include <fcntl.h>
#include <sys/epoll.h>

namespace ringside::fs {

static_assert(File::path_flag == O_PATH);

File::~File()
{
    for (Watcher* watcher : std::exchange(watchers, {}))
        watcher->file_gone();
}

Result<void> File::set_flags(int flags)
{
    // F_SETFL's set; O_DIRECT is accepted and without effect, as where data comes from memory anyway. O_ASYNC is what a file's fasync
    // makes of it: regular files and directories have none.
    Ref<Inode> place = inode();
    bool quiet = place && (place->is_regular() || place->is_directory());
    const int settable = O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT | (quiet ? 0 : O_ASYNC);
    flags_ = (flags_ & ~settable) | (flags & settable);
    return {};
}

bool File::readable() const
{
    return !is_path_only() && (flags_ & O_ACCMODE) != O_WRONLY && (flags_ & O_ACCMODE) != O_ACCMODE;
}

bool File::writable() const
{
    return !is_path_only() && ((flags_ & O_ACCMODE) == O_WRONLY || (flags_ & O_ACCMODE) == O_RDWR);
}

bool File::nonblocking() const
{
    return (flags_ & O_NONBLOCK) != 0;
}

Result<std::size_t> File::read(Task&, IoBuffer&, std::optional<std::uint64_t>)
{
    return Errno(EINVAL);
}

Result<std::size_t> File::write(Task&, IoBuffer&, std::optional<std::uint64_t>)
{
    return Errno(EINVAL);
}

Result<std::int64_t> File::seek(Task&, std::int64_t, int)
{
    return Errno(ESPIPE);
}

PollMask File::poll()
{
    return EPOLLIN | EPOLLOUT | EPOLLRDNORM | EPOLLWRNORM; // DEFAULT_POLLMASK
}

kernel::WaitQueue* File::poll_queue()
{
    return nullptr;
}

Result<long> File::ioctl(Task&, std::uint32_t, GuestAddr)
{
    return Errno(ENOTTY);
}

Result<void> File::read_directory(Task&, const DirentSink&)
{
    return Errno(ENOTDIR);
}

Result<struct stat> File::stat(Task& task)
{
    Ref<Inode> node = inode();
    if (!node)
        return Errno(EBADF);
    return TRY(node->attributes(task, Inode::Age::fresh)).to_stat();
}

Result<void> File::truncate(Task&, std::uint64_t)
{
    return Errno(EINVAL);
}

Result<void> File::allocate(Task&, int, std::uint64_t, std::uint64_t)
{
    return Errno(ENODEV);
}

Result<void> File::sync(Task&, bool)
{
    return Errno(EINVAL);
}

Result<Ref<mm::Mappable>> File::mappable(Task&)
{
    return Errno(ENODEV);
}

void File::descriptor_closed(Task&) { }

std::string File::name(Task& task)
{
    return path() ? path_name(task, *path()) : std::string("anon_inode:[file]");
}

Ref<Dentry> File::dentry()
{
    return path() ? path()->dentry : Ref<Dentry>();
}

Ref<Inode> File::inode()
{
    return path() ? path()->dentry->inode_ref() : Ref<Inode>();
}

Result<Ref<File>> File::reopen(Task&, int)
{
    return Errno(ENXIO);
}

const Path* File::path() const
{
    return nullptr;
}

}
