// open(2), openat(2), openat2(2), creat(2), close(2), close_range(2).
#include "engine/syscalls/paths.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/openat2.h>

namespace ringside::syscalls {

namespace {

constexpr int valid_flags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | O_DSYNC | O_ASYNC | O_DIRECT
    | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE;

Result<long> open_at(Task& task, int dirfd, GuestPtr<const char> pathname, int flags, mode_t mode, const fs::WalkFlags& walk)
{
    std::string path = TRY(task.copy_in_path(pathname));
    if (path.empty())
        return Errno(ENOENT); // before the directory is asked for
    fs::Path start = TRY(path_start(task, dirfd, path));
    auto reserved = TRY(task.files().reserve<1>(task));
    Ref<fs::File> file = TRY(vfs(task).open(task, start, path, flags | (flags & O_PATH ? 0 : fs::File::large_file_flag), mode, walk));
    int fd = reserved.numbers()[0];
    reserved.commit({std::move(file)}, (flags & O_CLOEXEC) != 0);
    return fd;
}

/// build_open_flags: no file is made where a directory is asked for, and O_TMPFILE asks for one.
Result<void> check_combination(int flags)
{
    if ((flags & O_PATH) == 0 && (flags & O_DIRECTORY) && (flags & O_CREAT))
        return Errno(EINVAL);
    if ((flags & O_PATH) == 0 && (flags & O_TMPFILE & ~O_DIRECTORY) && ((flags & O_TMPFILE) != O_TMPFILE || (flags & O_ACCMODE) == O_RDONLY))
        return Errno(EINVAL);
    return {};
}

}

Result<long> openat(Task& task, int dirfd, GuestPtr<const char> pathname, int flags, unsigned mode)
{
    flags &= valid_flags; // unknown ones are ignored (build_open_how)
    TRY(check_combination(flags));
    return open_at(task, dirfd, pathname, flags, mode & 07777, {});
}

Result<long> open(Task& task, GuestPtr<const char> pathname, int flags, unsigned mode)
{
    return openat(task, AT_FDCWD, pathname, flags, mode);
}

Result<long> creat(Task& task, GuestPtr<const char> pathname, unsigned mode)
{
    return openat(task, AT_FDCWD, pathname, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

Result<long> openat2(Task& task, int dirfd, GuestPtr<const char> pathname, GuestAddr how_address, std::uint64_t size)
{
    if (size < sizeof(open_how))
        return Errno(EINVAL);
    if (size > page_size)
        return Errno(E2BIG);
    auto bytes = TRY(task.copy_in_array(GuestPtr<std::byte>(how_address), size));
    for (std::size_t i = sizeof(open_how); i < bytes.size(); ++i)
        if (bytes[i] != std::byte {0})
            return Errno(E2BIG);
    open_how how {};
    std::memcpy(&how, bytes.data(), sizeof how);
    constexpr std::uint64_t resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED;
    auto flags = static_cast<int>(how.flags);
    bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
    TRY(check_flags(how.flags, static_cast<unsigned>(valid_flags)));
    TRY(check_flags(how.resolve, resolve));
    if ((how.resolve & RESOLVE_BENEATH) && (how.resolve & RESOLVE_IN_ROOT))
        return Errno(EINVAL);
    if (creates ? (how.mode & ~07777ULL) != 0 : how.mode != 0)
        return Errno(EINVAL);
    TRY(check_combination(flags));
    if ((flags & O_PATH) && (flags & ~(O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)))
        return Errno(EINVAL);
    if ((how.resolve & RESOLVE_CACHED) && (flags & (O_TRUNC | O_CREAT | O_TMPFILE) & ~O_DIRECTORY))
        return Errno(EAGAIN);
    fs::WalkFlags walk;
    walk.no_xdev = (how.resolve & RESOLVE_NO_XDEV) != 0;
    walk.no_magiclinks = (how.resolve & RESOLVE_NO_MAGICLINKS) != 0;
    walk.no_symlinks = (how.resolve & RESOLVE_NO_SYMLINKS) != 0;
    walk.beneath = (how.resolve & RESOLVE_BENEATH) != 0;
    walk.in_root = (how.resolve & RESOLVE_IN_ROOT) != 0;
    if (walk.in_root || walk.beneath) {
        std::string path = TRY(task.copy_in_path(pathname));
        // An absolute path begins at the descriptor too (or is refused): the walk decides.
        fs::Path start = TRY(path_start(task, dirfd, "."));
        auto reserved = TRY(task.files().reserve<1>(task));
        Ref<fs::File> file = TRY(vfs(task).open(task, start, path, flags | (flags & O_PATH ? 0 : fs::File::large_file_flag), static_cast<mode_t>(how.mode), walk));
        int fd = reserved.numbers()[0];
        reserved.commit({std::move(file)}, (flags & O_CLOEXEC) != 0);
        return fd;
    }
    return open_at(task, dirfd, pathname, flags, static_cast<mode_t>(how.mode), walk);
}

Result<long> close(Task& task, int fd)
{
    TRY(task.files().close(task, fd));
    return 0;
}

Result<long> close_range(Task& task, unsigned first, unsigned last, unsigned flags)
{
    TRY(check_flags(flags, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC));
    if (first > last)
        return Errno(EINVAL);
    if ((flags & CLOSE_RANGE_UNSHARE) && task.files().ref_count() > 1)
        task.set_files(task.files().copy());
    task.files().close_range(task, first, last, (flags & CLOSE_RANGE_CLOEXEC) != 0);
    return 0;
}

const Register<SYS_open, open> r_open;
const Register<SYS_openat, openat> r_openat;
const Register<SYS_openat2, openat2> r_openat2;
const Register<SYS_creat, creat> r_creat;
const Register<SYS_close, close> r_close;
const Register<SYS_close_range, close_range> r_close_range;

}
