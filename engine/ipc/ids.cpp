// Permissions of System V objects.
#include "engine/ipc/ids.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"

#include <linux/capability.h>

namespace ringside::ipc {

std::int64_t seconds_now()
{
    return static_cast<std::int64_t>(kernel::realtime_now() / kernel::second);
}

Result<void> check_access(Task& task, const Object& object, unsigned mode)
{
    const kernel::Credentials& who = task.credentials();
    unsigned wanted = mode >> 6 | mode >> 3 | mode;
    unsigned granted = object.perm.mode;
    if (who.euid == object.perm.cuid || who.euid == object.perm.uid)
        granted >>= 6;
    else if (who.in_group(object.perm.cgid) || who.in_group(object.perm.gid))
        granted >>= 3;
    if ((wanted & ~granted & 7) && !who.capable(CAP_IPC_OWNER))
        return Errno(EACCES);
    return {};
}

Result<void> check_owner(Task& task, const Object& object)
{
    const kernel::Credentials& who = task.credentials();
    if (who.euid != object.perm.cuid && who.euid != object.perm.uid && !who.capable(CAP_SYS_ADMIN))
        return Errno(EPERM);
    return {};
}

void set_permissions(Object& object, const ipc_perm& wanted)
{
    constexpr unsigned bits = 0777;
    object.perm.uid = wanted.uid;
    object.perm.gid = wanted.gid;
    object.perm.mode = (object.perm.mode & ~bits) | (wanted.mode & bits);
    object.changed = seconds_now();
}

void own(Task& task, Object& object, key_t key, int flags)
{
    const kernel::Credentials& who = task.credentials();
    object.perm.__key = key;
    object.perm.uid = object.perm.cuid = who.euid;
    object.perm.gid = object.perm.cgid = who.egid;
    object.perm.mode = static_cast<unsigned>(flags) & 0777;
    object.changed = seconds_now();
}

}
