// chmod, chown, truncate, the utime family, fallocate.
#include "engine/syscalls/paths.h"

#include "engine/kernel/clock.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

namespace ringside::syscalls {

namespace {

/// The place behind a descriptor; what has none (pipes, eventfds) answers through its inode instead.
Result<fs::Path> place_of(Task& task, int fd, bool path_only_too)
{
    Ref<fs::File> file = TRY(path_only_too ? task.files().get(fd) : task.files().get_for_io(fd));
    if (!file->path())
        return Errno(EINVAL);
    return *file->path();
}

}

Result<long> fchmodat(Task& task, int dirfd, GuestPtr<const char> pathname, unsigned mode)
{
    TRY(vfs(task).change_mode(task, TRY(walk_at(task, dirfd, pathname, 0)), mode & 07777));
    return 0;
}

Result<long> chmod(Task& task, GuestPtr<const char> pathname, unsigned mode)
{
    return fchmodat(task, AT_FDCWD, pathname, mode);
}

Result<long> fchmod(Task& task, int fd, unsigned mode)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (!file->path() && file->inode()) {
        fs::AttributeChange change;
        change.mode = mode & 07777;
        TRY(file->inode()->change(task, change));
        return 0;
    }
    TRY(vfs(task).change_mode(task, TRY(place_of(task, fd, false)), mode & 07777));
    return 0;
}

Result<long> fchownat(Task& task, int dirfd, GuestPtr<const char> pathname, unsigned uid, unsigned gid, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    TRY(vfs(task).change_owner(task, TRY(walk_at(task, dirfd, pathname, flags)), uid, gid));
    return 0;
}

Result<long> chown(Task& task, GuestPtr<const char> pathname, unsigned uid, unsigned gid)
{
    return fchownat(task, AT_FDCWD, pathname, uid, gid, 0);
}

Result<long> lchown(Task& task, GuestPtr<const char> pathname, unsigned uid, unsigned gid)
{
    return fchownat(task, AT_FDCWD, pathname, uid, gid, AT_SYMLINK_NOFOLLOW);
}

Result<long> fchown(Task& task, int fd, unsigned uid, unsigned gid)
{
    TRY(vfs(task).change_owner(task, TRY(place_of(task, fd, false)), uid, gid));
    return 0;
}

Result<long> truncate(Task& task, GuestPtr<const char> pathname, std::int64_t length)
{
    if (length < 0)
        return Errno(EINVAL);
    TRY(vfs(task).truncate(task, TRY(walk_at(task, AT_FDCWD, pathname, 0)), static_cast<std::uint64_t>(length)));
    return 0;
}

Result<long> ftruncate(Task& task, int fd, std::int64_t length)
{
    if (length < 0)
        return Errno(EINVAL);
    TRY(TRY(task.files().get_for_io(fd))->truncate(task, static_cast<std::uint64_t>(length)));
    return 0;
}

Result<long> fallocate(Task& task, int fd, int mode, std::int64_t offset, std::int64_t length)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (offset < 0 || length <= 0)
        return Errno(EINVAL);
    constexpr int modes = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE;
    if ((mode & ~modes) || ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE)))
        return Errno(EOPNOTSUPP);
    if (!file->writable())
        return Errno(EBADF);
    TRY(file->allocate(task, mode, static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length)));
    return 0;
}

namespace {

/// Both times as utimensat gives them: UTIME_NOW and UTIME_OMIT in tv_nsec.
Result<long> set_times(Task& task, int dirfd, GuestPtr<const char> pathname, const timespec* times, int flags)
{
    timespec now = kernel::to_timespec(kernel::realtime_now());
    std::optional<timespec> atime = now, mtime = now;
    bool both_now = true;
    if (times && times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
        return 0; // not even the path is looked at
    fs::Path path;
    if (pathname.is_null() && dirfd != AT_FDCWD) { // futimens
        if (flags)
            return Errno(EINVAL);
        Ref<fs::File> file = TRY(task.files().get_for_io(dirfd));
        if (!file->path())
            return 0;
        path = *file->path();
    } else {
        path = TRY(walk_at(task, dirfd, pathname, flags));
    }
    if (times) { // the path first, then the times (vfs_utimes)
        both_now = times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
        auto choose = [now](const timespec& time) -> Result<std::optional<timespec>> {
            if (time.tv_nsec == UTIME_OMIT)
                return std::optional<timespec>();
            if (time.tv_nsec == UTIME_NOW)
                return std::optional<timespec>(now);
            if (time.tv_nsec < 0 || time.tv_nsec > 999'999'999)
                return Errno(EINVAL);
            return std::optional<timespec>(time);
        };
        atime = TRY(choose(times[0]));
        mtime = TRY(choose(times[1]));
    }
    TRY(vfs(task).change_times(task, path, atime, mtime, both_now));
    return 0;
}

}

Result<long> utimensat(Task& task, int dirfd, GuestPtr<const char> pathname, GuestPtr<std::array<timespec, 2>> times, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    if (times.is_null())
        return set_times(task, dirfd, pathname, nullptr, flags);
    auto values = TRY(task.copy_in(times));
    return set_times(task, dirfd, pathname, values.data(), flags);
}

Result<long> futimesat(Task& task, int dirfd, GuestPtr<const char> pathname, GuestPtr<std::array<timeval, 2>> times)
{
    if (times.is_null())
        return set_times(task, dirfd, pathname, nullptr, 0);
    auto values = TRY(task.copy_in(times));
    std::array<timespec, 2> converted {};
    for (std::size_t i = 0; i < 2; ++i) {
        if (values[i].tv_usec < 0 || values[i].tv_usec >= 1'000'000)
            return Errno(EINVAL);
        converted[i] = {values[i].tv_sec, values[i].tv_usec * 1000};
    }
    return set_times(task, dirfd, pathname, converted.data(), 0);
}

Result<long> utimes(Task& task, GuestPtr<const char> pathname, GuestPtr<std::array<timeval, 2>> times)
{
    return futimesat(task, AT_FDCWD, pathname, times);
}

Result<long> utime(Task& task, GuestPtr<const char> pathname, GuestPtr<utimbuf> times)
{
    if (times.is_null())
        return set_times(task, AT_FDCWD, pathname, nullptr, 0);
    utimbuf values = TRY(task.copy_in(times));
    std::array<timespec, 2> converted {timespec {values.actime, 0}, timespec {values.modtime, 0}};
    return set_times(task, AT_FDCWD, pathname, converted.data(), 0);
}

const Register<SYS_chmod, chmod> r_chmod;
const Register<SYS_fchmod, fchmod> r_fchmod;
const Register<SYS_fchmodat, fchmodat> r_fchmodat;
const Register<SYS_chown, chown> r_chown;
const Register<SYS_fchown, fchown> r_fchown;
const Register<SYS_lchown, lchown> r_lchown;
const Register<SYS_fchownat, fchownat> r_fchownat;
const Register<SYS_truncate, truncate> r_truncate;
const Register<SYS_ftruncate, ftruncate> r_ftruncate;
const Register<SYS_fallocate, fallocate> r_fallocate;
const Register<SYS_utimensat, utimensat> r_utimensat;
const Register<SYS_futimesat, futimesat> r_futimesat;
const Register<SYS_utimes, utimes> r_utimes;
const Register<SYS_utime, utime> r_utime;

}
