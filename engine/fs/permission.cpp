// Who may do what to a file (fs/namei.c, generic_permission; man 7 capabilities).
#include "engine/fs/permission.h"

#include "engine/kernel/task.h"

#include <linux/capability.h>
#include <sys/mount.h>
#include <unistd.h>

namespace ringside::fs {

bool owner_or_capable(Task& task, const Attributes& attributes)
{
    return task.credentials().fsuid == attributes.uid || task.credentials().capable(CAP_FOWNER);
}

Result<void> check_permission_as(const kernel::Credentials& who, const Attributes& attributes, int mask)
{
    mode_t bits = attributes.mode;
    if (who.fsuid == attributes.uid)
        bits >>= 6;
    else if (who.in_group(attributes.gid))
        bits >>= 3;
    if ((static_cast<mode_t>(mask) & ~bits & 7) == 0)
        return {};
    bool directory = S_ISDIR(attributes.mode);
    if (directory ? !(mask & W_OK) : mask == R_OK)
        if (who.capable(CAP_DAC_READ_SEARCH))
            return {};
    // Root may execute only what somebody may execute.
    if (directory || !(mask & X_OK) || (attributes.mode & 0111))
        if (who.capable(CAP_DAC_OVERRIDE))
            return {};
    return Errno(EACCES);
}

Result<void> check_permission(Task& task, const Attributes& attributes, int mask)
{
    return check_permission_as(task.credentials(), attributes, mask);
}

Result<void> check_writable_mount(const Path& path)
{
    if (path.mount->flags & MS_RDONLY)
        return Errno(EROFS);
    return {};
}

Result<void> check_permission(Task& task, const Path& path, int mask)
{
    mode_t type = path.inode().type();
    // Devices and pipes can be written on a read-only file system: their data is elsewhere.
    if ((mask & W_OK) && (S_ISREG(type) || S_ISDIR(type) || S_ISLNK(type)))
        TRY(check_writable_mount(path));
    return check_permission(task, TRY(path.inode().attributes(task)), mask);
}

Result<void> check_sticky(Task& task, const Attributes& directory, const Attributes& victim)
{
    if (!(directory.mode & S_ISVTX))
        return {};
    uid_t fsuid = task.credentials().fsuid;
    if (victim.uid == fsuid || directory.uid == fsuid || task.credentials().capable(CAP_FOWNER))
        return {};
    return Errno(EPERM);
}

}
