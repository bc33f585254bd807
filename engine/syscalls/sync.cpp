// sync(2), fsync(2), fdatasync(2), syncfs(2), sync_file_range(2), fadvise64(2), readahead(2).
#include "engine/fs/file_table.h"
#include "engine/fs/inode.h"
#include "engine/kernel/task.h"
#include "engine/syscalls/handler.h"

#include <fcntl.h>

namespace ringside::syscalls {

Result<long> sync(Task&)
{
    return 0; // what is in memory alone has no disk; binds are written through, their flushing is the host's
}

Result<long> fsync(Task& task, int fd)
{
    TRY(TRY(task.files().get_for_io(fd))->sync(task, false));
    return 0;
}

Result<long> fdatasync(Task& task, int fd)
{
    TRY(TRY(task.files().get_for_io(fd))->sync(task, true));
    return 0;
}

Result<long> syncfs(Task& task, int fd)
{
    TRY(task.files().get_for_io(fd));
    return 0;
}

Result<long> sync_file_range(Task& task, int fd, std::int64_t offset, std::int64_t count, unsigned flags)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    TRY(check_flags(flags, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
    std::int64_t end = 0;
    if (offset < 0 || __builtin_add_overflow(offset, count, &end) || end < offset)
        return Errno(EINVAL);
    Ref<fs::Inode> inode = file->inode();
    if (!inode || (!inode->is_regular() && !inode->is_directory()))
        return Errno(ESPIPE);
    return 0;
}

Result<long> fadvise64(Task& task, int fd, std::int64_t, std::int64_t length, int advice)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    Ref<fs::Inode> inode = file->inode();
    if (inode && S_ISFIFO(inode->type()))
        return Errno(ESPIPE);
    if (length < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
        return Errno(EINVAL);
    return 0;
}

Result<long> readahead(Task& task, int fd, std::int64_t, std::uint64_t)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (!file->readable())
        return Errno(EBADF);
    Ref<fs::Inode> inode = file->inode();
    if (!inode || !inode->is_regular())
        return Errno(EINVAL);
    return 0;
}

const Register<SYS_sync, sync> r_sync;
const Register<SYS_fsync, fsync> r_fsync;
const Register<SYS_fdatasync, fdatasync> r_fdatasync;
const Register<SYS_syncfs, syncfs> r_syncfs;
const Register<SYS_sync_file_range, sync_file_range> r_sync_file_range;
const Register<SYS_fadvise64, fadvise64> r_fadvise64;
const Register<SYS_readahead, readahead> r_readahead;

}
