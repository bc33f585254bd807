// Who the task is: getuid(2) and its family, setuid(2) … setresgid(2), setfsuid(2), getgroups(2), setgroups(2), capget(2), capset(2).
// The rules are those of kernel/sys.c.

#include "engine/kernel/credentials.h"

#include "engine/kernel/kernel.h"
#include "engine/syscalls/handler.h"

#include <algorithm>
#include <linux/capability.h>

namespace ringside::syscalls {

namespace {

using kernel::CapSet;
using kernel::Credentials;
using kernel::Gid;
using kernel::Uid;

constexpr std::uint32_t keep = ~std::uint32_t {0}; ///< -1: stays as it is

Result<long> getuid(Task& task) { return task.credentials().uid; }
Result<long> geteuid(Task& task) { return task.credentials().euid; }
Result<long> getgid(Task& task) { return task.credentials().gid; }
Result<long> getegid(Task& task) { return task.credentials().egid; }

/// A change of user ids also changes capabilities, and a process that changed who it is is not dumpable.
Result<long> publish(Task& task, Ref<Credentials> changed)
{
    const Credentials& old = task.credentials();
    if (old.uid != changed->uid || old.euid != changed->euid || old.suid != changed->suid)
        changed->fix_capabilities(old);
    if (old.euid != changed->euid || old.egid != changed->egid || old.fsuid != changed->fsuid || old.fsgid != changed->fsgid) {
        task.group().dumpable = 0;
        task.parent_death_signal = 0;
    }
    task.set_credentials(changed);
    return 0;
}

Result<long> setuid(Task& task, Uid uid)
{
    if (uid == keep)
        return Errno(EINVAL);
    const Credentials& old = task.credentials();
    auto made = old.copy();
    if (old.capable(CAP_SETUID))
        made->uid = made->suid = uid;
    else if (uid != old.uid && uid != old.suid)
        return Errno(EPERM);
    made->euid = made->fsuid = uid;
    return publish(task, made);
}

Result<long> setgid(Task& task, Gid gid)
{
    if (gid == keep)
        return Errno(EINVAL);
    const Credentials& old = task.credentials();
    auto made = old.copy();
    if (old.capable(CAP_SETGID))
        made->gid = made->sgid = gid;
    else if (gid != old.gid && gid != old.sgid)
        return Errno(EPERM);
    made->egid = made->fsgid = gid;
    return publish(task, made);
}

Result<long> setreuid(Task& task, Uid real, Uid effective)
{
    const Credentials& old = task.credentials();
    bool may = old.capable(CAP_SETUID);
    if (real != keep && real != old.uid && real != old.euid && !may)
        return Errno(EPERM);
    if (effective != keep && effective != old.uid && effective != old.euid && effective != old.suid && !may)
        return Errno(EPERM);
    auto made = old.copy();
    if (real != keep)
        made->uid = real;
    if (effective != keep)
        made->euid = effective;
    if (real != keep || (effective != keep && effective != old.uid))
        made->suid = made->euid;
    made->fsuid = made->euid;
    return publish(task, made);
}

Result<long> setregid(Task& task, Gid real, Gid effective)
{
    const Credentials& old = task.credentials();
    bool may = old.capable(CAP_SETGID);
    if (real != keep && real != old.gid && real != old.egid && !may)
        return Errno(EPERM);
    if (effective != keep && effective != old.gid && effective != old.egid && effective != old.sgid && !may)
        return Errno(EPERM);
    auto made = old.copy();
    if (real != keep)
        made->gid = real;
    if (effective != keep)
        made->egid = effective;
    if (real != keep || (effective != keep && effective != old.gid))
        made->sgid = made->egid;
    made->fsgid = made->egid;
    return publish(task, made);
}

Result<long> setresuid(Task& task, Uid real, Uid effective, Uid saved)
{
    const Credentials& old = task.credentials();
    auto allowed = [&](Uid id) { return id == keep || id == old.uid || id == old.euid || id == old.suid; };
    if (!old.capable(CAP_SETUID) && !(allowed(real) && allowed(effective) && allowed(saved)))
        return Errno(EPERM);
    auto made = old.copy();
    if (real != keep)
        made->uid = real;
    if (effective != keep)
        made->euid = effective;
    if (saved != keep)
        made->suid = saved;
    made->fsuid = made->euid;
    return publish(task, made);
}

Result<long> setresgid(Task& task, Gid real, Gid effective, Gid saved)
{
    const Credentials& old = task.credentials();
    auto allowed = [&](Gid id) { return id == keep || id == old.gid || id == old.egid || id == old.sgid; };
    if (!old.capable(CAP_SETGID) && !(allowed(real) && allowed(effective) && allowed(saved)))
        return Errno(EPERM);
    auto made = old.copy();
    if (real != keep)
        made->gid = real;
    if (effective != keep)
        made->egid = effective;
    if (saved != keep)
        made->sgid = saved;
    made->fsgid = made->egid;
    return publish(task, made);
}

Result<long> getresuid(Task& task, GuestPtr<Uid> real, GuestPtr<Uid> effective, GuestPtr<Uid> saved)
{
    TRY(task.copy_out(real, task.credentials().uid));
    TRY(task.copy_out(effective, task.credentials().euid));
    TRY(task.copy_out(saved, task.credentials().suid));
    return 0;
}

Result<long> getresgid(Task& task, GuestPtr<Gid> real, GuestPtr<Gid> effective, GuestPtr<Gid> saved)
{
    TRY(task.copy_out(real, task.credentials().gid));
    TRY(task.copy_out(effective, task.credentials().egid));
    TRY(task.copy_out(saved, task.credentials().sgid));
    return 0;
}

/// The answer is the old id, whether it was changed or not.
Result<long> setfsuid(Task& task, Uid uid)
{
    const Credentials& old = task.credentials();
    Uid before = old.fsuid;
    bool allowed = uid == old.uid || uid == old.euid || uid == old.suid || uid == old.fsuid || old.capable(CAP_SETUID);
    if (uid != keep && allowed && uid != old.fsuid) {
        constexpr CapSet fs_set = CapSet {1} << CAP_CHOWN | CapSet {1} << CAP_MKNOD | CapSet {1} << CAP_DAC_OVERRIDE | CapSet {1} << CAP_DAC_READ_SEARCH
            | CapSet {1} << CAP_FOWNER | CapSet {1} << CAP_FSETID | CapSet {1} << CAP_LINUX_IMMUTABLE | CapSet {1} << CAP_MAC_OVERRIDE;
        auto made = old.copy();
        made->fsuid = uid;
        if (old.fsuid == 0)
            made->effective &= ~fs_set;
        else if (uid == 0)
            made->effective |= made->permitted & fs_set;
        task.set_credentials(made);
    }
    return before;
}

Result<long> setfsgid(Task& task, Gid gid)
{
    const Credentials& old = task.credentials();
    Gid before = old.fsgid;
    bool allowed = gid == old.gid || gid == old.egid || gid == old.sgid || gid == old.fsgid || old.capable(CAP_SETGID);
    if (gid != keep && allowed && gid != old.fsgid) {
        auto made = old.copy();
        made->fsgid = gid;
        task.set_credentials(made);
    }
    return before;
}

Result<long> getgroups(Task& task, int size, GuestPtr<Gid> list)
{
    const auto& groups = task.credentials().groups;
    if (size < 0)
        return Errno(EINVAL);
    if (size > 0) {
        if (groups.size() > static_cast<std::size_t>(size))
            return Errno(EINVAL);
        TRY(task.copy_out(list.addr(), std::as_bytes(std::span(groups))));
    }
    return static_cast<long>(groups.size());
}

Result<long> setgroups(Task& task, std::size_t size, GuestPtr<Gid> list)
{
    constexpr std::size_t most = 65536; // NGROUPS_MAX
    if (!task.credentials().capable(CAP_SETGID))
        return Errno(EPERM);
    auto count = static_cast<std::uint32_t>(size); // an int in the kernel's interface
    if (count > most)
        return Errno(EINVAL);
    auto groups = TRY(task.copy_in_array(list, count));
    std::sort(groups.begin(), groups.end());
    auto made = task.credentials().copy();
    made->groups = std::move(groups);
    task.set_credentials(made);
    return 0;
}

struct CapHeader {
    std::uint32_t version;
    std::int32_t pid;
};
struct CapData {
    std::uint32_t effective, permitted, inheritable;
};

/// How many CapData follow for this version. EINVAL for an unknown one: the header is then told ours.
Result<std::size_t> cap_words(Task& task, GuestPtr<CapHeader> at, const CapHeader& header)
{
    switch (header.version) {
    case _LINUX_CAPABILITY_VERSION_1:
        return _LINUX_CAPABILITY_U32S_1;
    case _LINUX_CAPABILITY_VERSION_2:
    case _LINUX_CAPABILITY_VERSION_3:
        return _LINUX_CAPABILITY_U32S_3;
    default:
        TRY(task.copy_out(GuestPtr<std::uint32_t>(at.addr()), _LINUX_CAPABILITY_VERSION_3));
        return Errno(EINVAL);
    }
}

Result<long> capget(Task& task, GuestPtr<CapHeader> at, GuestPtr<CapData> data)
{
    CapHeader header = TRY(task.copy_in(at));
    auto words = cap_words(task, at, header);
    if (!words.ok()) // a probe for the version is no error
        return words.error() == EINVAL && data.is_null() ? Result<long>(0) : Result<long>(words.error());
    if (header.pid < 0)
        return Errno(EINVAL);
    kernel::Task* target = header.pid == 0 ? &task : task.kernel().processes().task(header.pid);
    if (!target)
        return Errno(ESRCH);
    if (data.is_null())
        return 0;
    const Credentials& who = target->credentials();
    std::array<CapData, 2> result {};
    for (std::size_t i = 0; i < 2; ++i) {
        auto word = [&](CapSet set) { return static_cast<std::uint32_t>(set >> (32 * i)); };
        result[i] = {word(who.effective), word(who.permitted), word(who.inheritable)};
    }
    TRY(task.copy_out(data.addr(), std::as_bytes(std::span(result).first(words.value()))));
    return 0;
}

Result<long> capset(Task& task, GuestPtr<CapHeader> at, GuestPtr<CapData> data)
{
    CapHeader header = TRY(task.copy_in(at));
    std::size_t words = TRY(cap_words(task, at, header));
    if (header.pid != 0 && header.pid != task.tid())
        return Errno(EPERM);
    std::array<CapData, 2> given {};
    TRY(task.copy_in(data.addr(), std::as_writable_bytes(std::span(given).first(words))));
    auto join = [&](auto member) { return (CapSet {given[1].*member} << 32 | given[0].*member) & kernel::cap_all; };
    CapSet effective = join(&CapData::effective), permitted = join(&CapData::permitted), inheritable = join(&CapData::inheritable);
    const Credentials& old = task.credentials();
    // cap_capset: nothing is gained, and inheritable stays within what may be.
    if (!old.capable(CAP_SETPCAP) && (inheritable & ~(old.inheritable | old.permitted)))
        return Errno(EPERM);
    if (inheritable & ~(old.inheritable | old.bounding))
        return Errno(EPERM);
    if ((permitted & ~old.permitted) || (effective & ~permitted))
        return Errno(EPERM);
    auto made = old.copy();
    made->effective = effective;
    made->permitted = permitted;
    made->inheritable = inheritable;
    made->ambient &= permitted & inheritable;
    task.set_credentials(made);
    return 0;
}

const Register<SYS_getuid, getuid> r_getuid;
const Register<SYS_geteuid, geteuid> r_geteuid;
const Register<SYS_getgid, getgid> r_getgid;
const Register<SYS_getegid, getegid> r_getegid;
const Register<SYS_setuid, setuid> r_setuid;
const Register<SYS_setgid, setgid> r_setgid;
const Register<SYS_setreuid, setreuid> r_setreuid;
const Register<SYS_setregid, setregid> r_setregid;
const Register<SYS_setresuid, setresuid> r_setresuid;
const Register<SYS_setresgid, setresgid> r_setresgid;
const Register<SYS_getresuid, getresuid> r_getresuid;
const Register<SYS_getresgid, getresgid> r_getresgid;
const Register<SYS_setfsuid, setfsuid> r_setfsuid;
const Register<SYS_setfsgid, setfsgid> r_setfsgid;
const Register<SYS_getgroups, getgroups> r_getgroups;
const Register<SYS_setgroups, setgroups> r_setgroups;
const Register<SYS_capget, capget> r_capget;
const Register<SYS_capset, capset> r_capset;

}

}
