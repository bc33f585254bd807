// read, write, lseek, … of regular files (mm/filemap.c, fs/read_write.c).
#include "engine/fs/regular_file.h"

#include "engine/fs/inode.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <memory>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace ringside::fs {

namespace {
constexpr std::size_t chunk = 128 * 1024;
constexpr auto max_size = static_cast<std::uint64_t>(LLONG_MAX);
}

Result<std::uint64_t> limit_file_size(Task& task, std::uint64_t offset, std::uint64_t wanted)
{
    std::uint64_t limit = std::min(task.limits().soft(RLIMIT_FSIZE), max_size);
    if (wanted == 0)
        return wanted;
    if (offset >= limit) {
        if (limit != max_size)
            kernel::send_signal(task, kernel::user_siginfo(task, SIGXFSZ, SI_KERNEL));
        return Errno(EFBIG);
    }
    return std::min(wanted, limit - offset);
}

Result<void> limit_new_size(Task& task, std::uint64_t size, std::uint64_t wanted)
{
    // inode_newsize_ok: a file that becomes shorter is never too long.
    if (wanted > size && TRY(limit_file_size(task, wanted - 1, 1)) != 1)
        return Errno(EFBIG);
    return {};
}

Result<std::uint64_t> seek_to(std::uint64_t position, std::uint64_t end, std::int64_t offset, int whence)
{
    std::uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : end;
    std::int64_t result = 0;
    if (__builtin_add_overflow(static_cast<std::int64_t>(base), offset, &result))
        return Errno(EOVERFLOW);
    if (result < 0)
        return Errno(EINVAL);
    return static_cast<std::uint64_t>(result);
}

RegularFile::RegularFile(const Path& path, int flags) : PlacedFile(path, flags)
{
    if (writable())
        ++path_.inode().writers;
}

RegularFile::~RegularFile()
{
    if (writable())
        --path_.inode().writers;
}

Result<std::size_t> RegularFile::read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset)
{
    Inode& inode = path_.inode();
    std::uint64_t at = offset.value_or(position_);
    std::size_t done = 0;
    while (to.remaining() > 0) {
        auto view = inode.read_data(task, at, to.remaining());
        if (!view.ok()) {
            if (done > 0)
                break;
            return view.error();
        }
        if (view.value().empty())
            break;
        auto moved = to.put(view.value());
        if (!moved.ok()) {
            if (done > 0)
                break;
            return moved.error();
        }
        done += moved.value();
        at += moved.value();
        if (moved.value() < view.value().size())
            break; // a fault
    }
    if (!offset)
        position_ = at;
    if (!(flags_ & O_NOATIME))
        inode.accessed(task);
    if (done > 0)
        notify_place(*path_.dentry, IN_ACCESS);
    return done;
}

Result<std::size_t> RegularFile::write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset)
{
    Inode& inode = path_.inode();
    if (from.remaining() == 0)
        return std::size_t {0};
    // Linux appends even for pwrite (man 2 pwrite, BUGS).
    std::uint64_t at = flags_ & O_APPEND ? TRY(inode.data_size(task)) : offset.value_or(position_);
    std::uint64_t allowed = TRY(limit_file_size(task, at, from.remaining()));
    std::vector<std::byte> bytes(std::min<std::uint64_t>(chunk, allowed));
    std::size_t done = 0;
    while (done < allowed) {
        auto part = std::span(bytes).first(std::min<std::uint64_t>(bytes.size(), allowed - done));
        auto taken = from.get(part);
        if (!taken.ok() || taken.value() == 0) {
            if (done > 0)
                break;
            return taken.ok() ? Errno(EFAULT) : taken.error();
        }
        auto written = inode.write_data(task, at, part.first(taken.value()));
        if (!written.ok()) {
            if (done > 0)
                break;
            return written.error();
        }
        done += taken.value();
        at += taken.value();
        if (taken.value() < part.size())
            break;
    }
    if (!offset)
        position_ = at;
    if (done > 0)
        notify_place(*path_.dentry, IN_MODIFY);
    if (flags_ & O_SYNC)
        TRY(inode.sync(task, !(flags_ & (O_SYNC & ~O_DSYNC))));
    return done;
}

Result<std::int64_t> RegularFile::seek(Task& task, std::int64_t offset, int whence)
{
    Inode& inode = path_.inode();
    std::uint64_t result = 0;
    if (whence == SEEK_DATA || whence == SEEK_HOLE) {
        if (offset < 0)
            return Errno(ENXIO);
        result = TRY(inode.next_data(task, static_cast<std::uint64_t>(offset), whence == SEEK_DATA));
    } else if (whence == SEEK_SET || whence == SEEK_CUR || whence == SEEK_END) {
        std::uint64_t end = whence == SEEK_END ? TRY(inode.data_size(task)) : 0;
        result = TRY(seek_to(position_, end, offset, whence));
    } else {
        return Errno(EINVAL);
    }
    position_ = result;
    return static_cast<std::int64_t>(result);
}

Result<long> RegularFile::ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    if (request == FIONREAD) {
        auto left = static_cast<std::int64_t>(TRY(path_.inode().data_size(task))) - static_cast<std::int64_t>(position_);
        TRY(task.copy_out(GuestPtr<int>(argument), static_cast<int>(left)));
        return 0;
    }
    return Errno(ENOTTY);
}

Result<void> RegularFile::truncate(Task& task, std::uint64_t size)
{
    if (!writable())
        return Errno(EINVAL);
    TRY(limit_new_size(task, TRY(path_.inode().data_size(task)), size));
    TRY(path_.inode().truncate(task, size));
    notify_place(*path_.dentry, IN_MODIFY);
    return {};
}

Result<void> RegularFile::allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length)
{
    if (!writable())
        return Errno(EBADF);
    if (offset + length > max_size)
        return Errno(EFBIG);
    if ((flags_ & O_APPEND) && (mode & ~FALLOC_FL_KEEP_SIZE))
        return Errno(EPERM);
    if (!(mode & FALLOC_FL_KEEP_SIZE) && offset + length > TRY(path_.inode().data_size(task)))
        if (TRY(limit_file_size(task, offset, length)) < length)
            return Errno(EFBIG);
    TRY(path_.inode().allocate(task, mode, offset, length));
    notify_place(*path_.dentry, IN_MODIFY);
    return {};
}

Result<void> RegularFile::sync(Task& task, bool data_only)
{
    return path_.inode().sync(task, data_only);
}

Result<Ref<mm::Mappable>> RegularFile::mappable(Task& task)
{
    return path_.inode().mappable(task, writable());
}

}
