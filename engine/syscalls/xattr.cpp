// Extended attributes: getxattr(2), setxattr(2), listxattr(2), removexattr(2) and their l- and f-forms. man 7 xattr.
#include "engine/syscalls/paths.h"

#include "engine/fs/permission.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace ringside::syscalls {

namespace {

Result<std::string> copy_in_name(Task& task, GuestPtr<const char> address)
{
    auto name = task.copy_in_string(address.addr(), XATTR_NAME_MAX + 1);
    if (!name.ok())
        return Errno(name.error() == ENAMETOOLONG ? ERANGE : name.error().value());
    if (name.value().empty())
        return Errno(ERANGE);
    return name;
}

/// The place of an open file; for one without a place, what a wrong kind of inode answers for this name.
Result<fs::Path> place_of(Task& task, int fd, GuestPtr<const char> name_address, bool write)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (file->path())
        return *file->path();
    std::string name = TRY(copy_in_name(task, name_address));
    if (name.starts_with("user."))
        return Errno(write ? EPERM : ENODATA);
    return Errno(EOPNOTSUPP);
}

/// xattr_permission: who may see or change which class of attributes.
Result<void> check(Task& task, const fs::Path& path, const std::string& name, bool write)
{
    if (write)
        TRY(fs::check_writable_mount(path));
    if (!write && name.starts_with("system.") && !name.starts_with("system.posix_acl_"))
        return Errno(EOPNOTSUPP);
    if (name.starts_with("security.") || name.starts_with("system."))
        return write ? Result<void>(Errno(EOPNOTSUPP)) : Result<void>();
    if (name.starts_with("trusted.")) {
        if (!task.credentials().capable(CAP_SYS_ADMIN))
            return Errno(write ? EPERM : ENODATA);
        return {};
    }
    if (!name.starts_with("user."))
        return Errno(EOPNOTSUPP);
    if (!path.inode().is_regular() && !path.inode().is_directory())
        return Errno(write ? EPERM : ENODATA);
    TRY(fs::check_permission(task, path, write ? W_OK : R_OK));
    if (name == "user.")
        return Errno(EINVAL); // a class without a name
    return {};
}

Result<long> give(Task& task, const std::string& value, GuestAddr buffer, std::uint64_t size)
{
    if (size == 0)
        return static_cast<long>(value.size());
    if (value.size() > size)
        return Errno(ERANGE);
    TRY(task.copy_out(buffer, std::as_bytes(std::span(value))));
    return static_cast<long>(value.size());
}

Result<long> get(Task& task, const fs::Path& path, GuestPtr<const char> name_address, GuestAddr buffer, std::uint64_t size)
{
    std::string name = TRY(copy_in_name(task, name_address));
    TRY(check(task, path, name, false));
    return give(task, TRY(path.inode().get_xattr(task, name)), buffer, size);
}

Result<long> set(Task& task, const fs::Path& path, GuestPtr<const char> name_address, GuestAddr buffer, std::uint64_t size, int flags)
{
    if (flags & ~3)
        return Errno(EINVAL);
    std::string name = TRY(copy_in_name(task, name_address));
    if (size > XATTR_SIZE_MAX)
        return Errno(E2BIG);
    std::string value(size, '\0');
    TRY(task.copy_in(buffer, std::as_writable_bytes(std::span(value))));
    TRY(check(task, path, name, true));
    TRY(path.inode().set_xattr(task, name, value, flags));
    fs::notify_place(*path.dentry, IN_ATTRIB);
    return 0;
}

Result<long> list(Task& task, const fs::Path& path, GuestAddr buffer, std::uint64_t size)
{
    std::string all;
    for (const std::string& name : TRY(path.inode().list_xattrs(task)))
        all.append(name).push_back('\0');
    return give(task, all, buffer, size);
}

Result<long> list_open(Task& task, int fd, GuestAddr buffer, std::uint64_t size)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (!file->path())
        return Errno(EOPNOTSUPP);
    return list(task, *file->path(), buffer, size);
}

Result<long> remove(Task& task, const fs::Path& path, GuestPtr<const char> name_address)
{
    std::string name = TRY(copy_in_name(task, name_address));
    TRY(check(task, path, name, true));
    TRY(path.inode().remove_xattr(task, name));
    fs::notify_place(*path.dentry, IN_ATTRIB);
    return 0;
}

using Name = GuestPtr<const char>;

}

Result<long> getxattr(Task& task, Name path, Name name, GuestAddr buffer, std::uint64_t size) { return get(task, TRY(walk_at(task, AT_FDCWD, path, 0)), name, buffer, size); }
Result<long> lgetxattr(Task& task, Name path, Name name, GuestAddr buffer, std::uint64_t size) { return get(task, TRY(walk_at(task, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)), name, buffer, size); }
Result<long> fgetxattr(Task& task, int fd, Name name, GuestAddr buffer, std::uint64_t size) { return get(task, TRY(place_of(task, fd, name, false)), name, buffer, size); }
Result<long> setxattr(Task& task, Name path, Name name, GuestAddr buffer, std::uint64_t size, int flags) { return set(task, TRY(walk_at(task, AT_FDCWD, path, 0)), name, buffer, size, flags); }
Result<long> lsetxattr(Task& task, Name path, Name name, GuestAddr buffer, std::uint64_t size, int flags) { return set(task, TRY(walk_at(task, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)), name, buffer, size, flags); }
Result<long> fsetxattr(Task& task, int fd, Name name, GuestAddr buffer, std::uint64_t size, int flags) { return set(task, TRY(place_of(task, fd, name, true)), name, buffer, size, flags); }
Result<long> listxattr(Task& task, Name path, GuestAddr buffer, std::uint64_t size) { return list(task, TRY(walk_at(task, AT_FDCWD, path, 0)), buffer, size); }
Result<long> llistxattr(Task& task, Name path, GuestAddr buffer, std::uint64_t size) { return list(task, TRY(walk_at(task, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)), buffer, size); }
Result<long> flistxattr(Task& task, int fd, GuestAddr buffer, std::uint64_t size) { return list_open(task, fd, buffer, size); }
Result<long> removexattr(Task& task, Name path, Name name) { return remove(task, TRY(walk_at(task, AT_FDCWD, path, 0)), name); }
Result<long> lremovexattr(Task& task, Name path, Name name) { return remove(task, TRY(walk_at(task, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW)), name); }
Result<long> fremovexattr(Task& task, int fd, Name name) { return remove(task, TRY(place_of(task, fd, name, true)), name); }

const Register<SYS_getxattr, getxattr> r_getxattr;
const Register<SYS_lgetxattr, lgetxattr> r_lgetxattr;
const Register<SYS_fgetxattr, fgetxattr> r_fgetxattr;
const Register<SYS_setxattr, setxattr> r_setxattr;
const Register<SYS_lsetxattr, lsetxattr> r_lsetxattr;
const Register<SYS_fsetxattr, fsetxattr> r_fsetxattr;
const Register<SYS_listxattr, listxattr> r_listxattr;
const Register<SYS_llistxattr, llistxattr> r_llistxattr;
const Register<SYS_flistxattr, flistxattr> r_flistxattr;
const Register<SYS_removexattr, removexattr> r_removexattr;
const Register<SYS_lremovexattr, lremovexattr> r_lremovexattr;
const Register<SYS_fremovexattr, fremovexattr> r_fremovexattr;

}
