// mkdir, rmdir, unlink, rename, link, symlink, mknod and their at-forms.
#include "engine/syscalls/paths.h"

#include "engine/kernel/credentials.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

namespace ringside::syscalls {

Result<long> mkdirat(Task& task, int dirfd, GuestPtr<const char> pathname, unsigned mode)
{
    std::string path = TRY(task.copy_in_path(pathname));
    TRY(vfs(task).make_directory(task, TRY(path_start(task, dirfd, path)), path, mode));
    return 0;
}

Result<long> mkdir(Task& task, GuestPtr<const char> pathname, unsigned mode)
{
    return mkdirat(task, AT_FDCWD, pathname, mode);
}

Result<long> mknodat(Task& task, int dirfd, GuestPtr<const char> pathname, unsigned mode, unsigned device)
{
    // may_mknod, before the name is looked at.
    switch (mode & S_IFMT) {
    case 0:
    case S_IFREG:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        break;
    case S_IFDIR:
        return Errno(EPERM);
    default:
        return Errno(EINVAL);
    }
    std::string path = TRY(task.copy_in_path(pathname));
    TRY(vfs(task).make_node(task, TRY(path_start(task, dirfd, path)), path, mode, device));
    return 0;
}

Result<long> mknod(Task& task, GuestPtr<const char> pathname, unsigned mode, unsigned device)
{
    return mknodat(task, AT_FDCWD, pathname, mode, device);
}

Result<long> unlinkat(Task& task, int dirfd, GuestPtr<const char> pathname, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), AT_REMOVEDIR));
    std::string path = TRY(task.copy_in_path(pathname));
    fs::Path start = TRY(path_start(task, dirfd, path));
    if (flags & AT_REMOVEDIR)
        TRY(vfs(task).remove_directory(task, start, path));
    else
        TRY(vfs(task).unlink(task, start, path));
    return 0;
}

Result<long> unlink(Task& task, GuestPtr<const char> pathname)
{
    return unlinkat(task, AT_FDCWD, pathname, 0);
}

Result<long> rmdir(Task& task, GuestPtr<const char> pathname)
{
    return unlinkat(task, AT_FDCWD, pathname, AT_REMOVEDIR);
}

Result<long> renameat2(Task& task, int old_dirfd, GuestPtr<const char> old_name, int new_dirfd, GuestPtr<const char> new_name, unsigned flags)
{
    if ((flags & ~unsigned {RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT}) || ((flags & RENAME_EXCHANGE) && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT))))
        return Errno(EINVAL);
    std::string old_path = TRY(task.copy_in_path(old_name));
    if (old_path.empty())
        return Errno(ENOENT); // before its directory is asked for, as getname does
    fs::Path old_start = TRY(path_start(task, old_dirfd, old_path));
    if (old_path[0] != '/' && !old_start.inode().is_directory())
        return Errno(ENOTDIR); // the old name's parent is found before the new name is copied
    std::string new_path = TRY(task.copy_in_path(new_name));
    if (new_path.empty())
        return Errno(ENOENT);
    fs::Path new_start = TRY(path_start(task, new_dirfd, new_path));
    TRY(vfs(task).rename(task, old_start, old_path, new_start, new_path, flags));
    return 0;
}

Result<long> renameat(Task& task, int old_dirfd, GuestPtr<const char> old_name, int new_dirfd, GuestPtr<const char> new_name)
{
    return renameat2(task, old_dirfd, old_name, new_dirfd, new_name, 0);
}

Result<long> rename(Task& task, GuestPtr<const char> old_name, GuestPtr<const char> new_name)
{
    return renameat2(task, AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

Result<long> linkat(Task& task, int old_dirfd, GuestPtr<const char> old_name, int new_dirfd, GuestPtr<const char> new_name, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), AT_SYMLINK_FOLLOW | AT_EMPTY_PATH));
    if ((flags & AT_EMPTY_PATH) && !task.credentials().capable(CAP_DAC_READ_SEARCH))
        return Errno(ENOENT);
    int how = (flags & AT_EMPTY_PATH) | (flags & AT_SYMLINK_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
    fs::Path target = TRY(walk_at(task, old_dirfd, old_name, how));
    std::string path = TRY(task.copy_in_path(new_name));
    TRY(vfs(task).link(task, target, TRY(path_start(task, new_dirfd, path)), path));
    return 0;
}

Result<long> link(Task& task, GuestPtr<const char> old_name, GuestPtr<const char> new_name)
{
    return linkat(task, AT_FDCWD, old_name, AT_FDCWD, new_name, 0);
}

Result<long> symlinkat(Task& task, GuestPtr<const char> target, int dirfd, GuestPtr<const char> pathname)
{
    std::string text = TRY(task.copy_in_path(target));
    std::string path = TRY(task.copy_in_path(pathname));
    TRY(vfs(task).make_symlink(task, text, TRY(path_start(task, dirfd, path)), path));
    return 0;
}

Result<long> symlink(Task& task, GuestPtr<const char> target, GuestPtr<const char> pathname)
{
    return symlinkat(task, target, AT_FDCWD, pathname);
}

const Register<SYS_mkdir, mkdir> r_mkdir;
const Register<SYS_mkdirat, mkdirat> r_mkdirat;
const Register<SYS_mknod, mknod> r_mknod;
const Register<SYS_mknodat, mknodat> r_mknodat;
const Register<SYS_unlink, unlink> r_unlink;
const Register<SYS_unlinkat, unlinkat> r_unlinkat;
const Register<SYS_rmdir, rmdir> r_rmdir;
const Register<SYS_rename, rename> r_rename;
const Register<SYS_renameat, renameat> r_renameat;
const Register<SYS_renameat2, renameat2> r_renameat2;
const Register<SYS_link, link> r_link;
const Register<SYS_linkat, linkat> r_linkat;
const Register<SYS_symlink, symlink> r_symlink;
const Register<SYS_symlinkat, symlinkat> r_symlinkat;

}
