// The stat family, access(2), readlink(2), statfs(2).
#include "engine/fs/permission.h"
#include "engine/syscalls/paths.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace ringside::syscalls {

namespace {

Result<fs::Attributes> attributes_at(Task& task, int dirfd, GuestPtr<const char> pathname, int flags, fs::Path& found)
{
    std::string path = TRY(task.copy_in_path(pathname));
    if (path.empty() && (flags & AT_EMPTY_PATH) && dirfd != AT_FDCWD) {
        Ref<fs::File> file = TRY(task.files().get(dirfd));
        if (file->path())
            found = *file->path();
        if (!file->inode())
            return Errno(EBADF);
        return file->inode()->attributes(task, fs::Inode::Age::fresh);
    }
    if (path.empty() && !(flags & AT_EMPTY_PATH))
        return Errno(ENOENT);
    fs::WalkFlags how;
    how.follow = !(flags & AT_SYMLINK_NOFOLLOW);
    how.empty_path = true;
    found = TRY(vfs(task).walk(task, TRY(path_start(task, dirfd, path)), path, how));
    return found.inode().attributes(task, path.empty() ? fs::Inode::Age::fresh : fs::Inode::Age::any);
}

}

Result<long> newfstatat(Task& task, int dirfd, GuestPtr<const char> pathname, GuestPtr<struct stat> buffer, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH));
    if (flags & AT_EMPTY_PATH) {
        // fstat(2) as glibc makes it: files of every kind answer for themselves.
        std::string path = TRY(task.copy_in_path(pathname));
        if (path.empty() && dirfd >= 0) {
            TRY(task.copy_out(buffer, TRY(TRY(task.files().get(dirfd))->stat(task))));
            return 0;
        }
    }
    fs::Path found;
    TRY(task.copy_out(buffer, TRY(attributes_at(task, dirfd, pathname, flags, found)).to_stat()));
    return 0;
}

Result<long> stat(Task& task, GuestPtr<const char> pathname, GuestPtr<struct stat> buffer)
{
    return newfstatat(task, AT_FDCWD, pathname, buffer, 0);
}

Result<long> lstat(Task& task, GuestPtr<const char> pathname, GuestPtr<struct stat> buffer)
{
    return newfstatat(task, AT_FDCWD, pathname, buffer, AT_SYMLINK_NOFOLLOW);
}

Result<long> fstat(Task& task, int fd, GuestPtr<struct stat> buffer)
{
    TRY(task.copy_out(buffer, TRY(TRY(task.files().get(fd))->stat(task))));
    return 0;
}

namespace {

statx_timestamp to_statx(const timespec& time)
{
    statx_timestamp result {};
    result.tv_sec = time.tv_sec;
    result.tv_nsec = static_cast<std::uint32_t>(time.tv_nsec);
    return result;
}

}

Result<long> statx(Task& task, int dirfd, GuestPtr<const char> pathname, int flags, unsigned mask, GuestPtr<struct statx> buffer)
{
    TRY(check_flags(static_cast<unsigned>(flags), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE));
    if (mask & STATX__RESERVED)
        return Errno(EINVAL);
    if ((flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return Errno(EINVAL);
    fs::Path found;
    fs::Attributes attributes = TRY(attributes_at(task, dirfd, pathname, flags, found));
    struct statx result {};
    result.stx_mask = STATX_BASIC_STATS;
    result.stx_blksize = attributes.block_size;
    result.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT;
    if (found.valid() && found.dentry == found.mount->root)
        result.stx_attributes = STATX_ATTR_MOUNT_ROOT;
    result.stx_nlink = static_cast<std::uint32_t>(attributes.links);
    result.stx_uid = attributes.uid;
    result.stx_gid = attributes.gid;
    result.stx_mode = static_cast<std::uint16_t>(attributes.mode);
    result.stx_ino = attributes.inode;
    result.stx_size = attributes.size;
    result.stx_blocks = attributes.blocks;
    result.stx_atime = to_statx(attributes.atime);
    result.stx_mtime = to_statx(attributes.mtime);
    result.stx_ctime = to_statx(attributes.ctime);
    if (attributes.btime.tv_sec != 0) {
        result.stx_btime = to_statx(attributes.btime);
        result.stx_mask |= mask & STATX_BTIME;
    }
    result.stx_rdev_major = major(attributes.special_device);
    result.stx_rdev_minor = minor(attributes.special_device);
    result.stx_dev_major = major(attributes.device);
    result.stx_dev_minor = minor(attributes.device);
    if (found.valid()) { // asked for or not (vfs_statx)
        result.stx_mask |= STATX_MNT_ID;
        result.stx_mnt_id = static_cast<std::uint64_t>(found.mount->id);
    }
    TRY(task.copy_out(buffer, result));
    return 0;
}

namespace {

Result<long> access_at(Task& task, int dirfd, GuestPtr<const char> pathname, int mode, int flags)
{
    if (mode & ~(R_OK | W_OK | X_OK))
        return Errno(EINVAL);
    TRY(check_flags(static_cast<unsigned>(flags), AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
    fs::Path found = TRY(walk_at(task, dirfd, pathname, flags));
    if (mode == F_OK)
        return 0;
    fs::Inode& inode = found.inode();
    if ((mode & W_OK) && !S_ISCHR(inode.type()) && !S_ISFIFO(inode.type()))
        TRY(fs::check_writable_mount(found));
    if ((mode & X_OK) && inode.is_regular() && (found.mount->flags & 8 /* MS_NOEXEC */))
        return Errno(EACCES);
    fs::Attributes attributes = TRY(inode.attributes(task));
    if (flags & AT_EACCESS) {
        TRY(fs::check_permission(task, attributes, mode));
        return 0;
    }
    // The real ids count, and root's powers only where the real user is root (access_override_creds).
    Ref<kernel::Credentials> real = task.credentials().copy();
    real->fsuid = real->uid;
    real->fsgid = real->gid;
    real->effective = real->uid == 0 ? real->permitted : 0;
    TRY(fs::check_permission_as(*real, attributes, mode));
    return 0;
}

}

Result<long> access(Task& task, GuestPtr<const char> pathname, int mode)
{
    return access_at(task, AT_FDCWD, pathname, mode, 0);
}

Result<long> faccessat(Task& task, int dirfd, GuestPtr<const char> pathname, int mode)
{
    return access_at(task, dirfd, pathname, mode, 0);
}

Result<long> faccessat2(Task& task, int dirfd, GuestPtr<const char> pathname, int mode, int flags)
{
    return access_at(task, dirfd, pathname, mode, flags);
}

Result<long> readlinkat(Task& task, int dirfd, GuestPtr<const char> pathname, GuestPtr<char> buffer, int size)
{
    if (size <= 0)
        return Errno(EINVAL);
    std::string path = TRY(task.copy_in_path(pathname));
    fs::WalkFlags how;
    how.follow = false;
    how.empty_path = dirfd != AT_FDCWD;
    if (path.empty() && !how.empty_path)
        return Errno(ENOENT);
    fs::Path found = TRY(vfs(task).walk(task, TRY(path_start(task, dirfd, path)), path, how));
    if (!found.inode().is_symlink())
        return Errno(path.empty() ? ENOENT : EINVAL);
    std::string target = TRY(found.inode().readlink(task));
    target.resize(std::min(target.size(), static_cast<std::size_t>(size)));
    TRY(task.copy_out(buffer.addr(), std::as_bytes(std::span(target))));
    return static_cast<long>(target.size());
}

Result<long> readlink(Task& task, GuestPtr<const char> pathname, GuestPtr<char> buffer, int size)
{
    return readlinkat(task, AT_FDCWD, pathname, buffer, size);
}

namespace {

Result<long> statfs_of(Task& task, fs::Inode& inode, const fs::Path* path, GuestPtr<struct statfs> buffer)
{
    struct statfs result = TRY(inode.fs().statfs(task, inode));
    // ST_VALID, and the mount's own flags, whose numbers are the same as MS_*.
    result.f_flags = 0x20;
    if (path)
        result.f_flags |= static_cast<long>(path->mount->flags & 0xf) | 0x1000 /* ST_RELATIME */;
    TRY(task.copy_out(buffer, result));
    return 0;
}

}

Result<long> statfs(Task& task, GuestPtr<const char> pathname, GuestPtr<struct statfs> buffer)
{
    fs::Path found = TRY(walk_at(task, AT_FDCWD, pathname, 0));
    return statfs_of(task, found.inode(), &found, buffer);
}

Result<long> fstatfs(Task& task, int fd, GuestPtr<struct statfs> buffer)
{
    Ref<fs::File> file = TRY(task.files().get(fd));
    Ref<fs::Inode> inode = file->inode();
    if (!inode)
        return Errno(ENOSYS);
    return statfs_of(task, *inode, file->path(), buffer);
}

const Register<SYS_stat, stat> r_stat;
const Register<SYS_lstat, lstat> r_lstat;
const Register<SYS_fstat, fstat> r_fstat;
const Register<SYS_newfstatat, newfstatat> r_newfstatat;
const Register<SYS_statx, statx> r_statx;
const Register<SYS_access, access> r_access;
const Register<SYS_faccessat, faccessat> r_faccessat;
const Register<SYS_faccessat2, faccessat2> r_faccessat2;
const Register<SYS_readlink, readlink> r_readlink;
const Register<SYS_readlinkat, readlinkat> r_readlinkat;
const Register<SYS_statfs, statfs> r_statfs;
const Register<SYS_fstatfs, fstatfs> r_fstatfs;

}
