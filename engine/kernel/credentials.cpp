// Credentials: ids and the capabilities that follow from them.

#include "engine/kernel/credentials.h"

#include <algorithm>
#include <linux/capability.h>
#include <linux/securebits.h>

namespace ringside::kernel {

Ref<const Credentials> Credentials::make(Uid uid, Gid gid, std::vector<Gid> groups)
{
    auto made = make_ref<Credentials>();
    made->uid = made->euid = made->suid = made->fsuid = uid;
    made->gid = made->egid = made->sgid = made->fsgid = gid;
    std::sort(groups.begin(), groups.end());
    made->groups = std::move(groups);
    if (uid == 0)
        made->permitted = made->effective = cap_all;
    return made;
}

Ref<Credentials> Credentials::copy() const
{
    auto made = make_ref<Credentials>();
    made->uid = uid, made->euid = euid, made->suid = suid, made->fsuid = fsuid;
    made->gid = gid, made->egid = egid, made->sgid = sgid, made->fsgid = fsgid;
    made->groups = groups;
    made->inheritable = inheritable, made->permitted = permitted, made->effective = effective;
    made->bounding = bounding, made->ambient = ambient;
    made->securebits = securebits;
    made->no_new_privs = no_new_privs;
    return made;
}

bool Credentials::in_group(Gid group) const
{
    return group == fsgid || std::binary_search(groups.begin(), groups.end(), group);
}

bool Credentials::in_effective_group(Gid group) const
{
    return group == egid || std::binary_search(groups.begin(), groups.end(), group);
}

void Credentials::fix_capabilities(const Credentials& old)
{
    if (securebits & SECBIT_NO_SETUID_FIXUP)
        return;
    bool had_root = old.uid == 0 || old.euid == 0 || old.suid == 0;
    bool has_root = uid == 0 || euid == 0 || suid == 0;
    if (had_root && !has_root) {
        if (!(securebits & SECBIT_KEEP_CAPS))
            permitted = effective = 0;
        ambient = 0;
    }
    if (old.euid == 0 && euid != 0)
        effective = 0;
    if (old.euid != 0 && euid == 0)
        effective = permitted;
}

Ref<const Credentials> Credentials::after_exec() const
{
    auto made = copy();
    made->suid = made->fsuid = euid;
    made->sgid = made->fsgid = egid;
    bool root = (uid == 0 || euid == 0) && !(securebits & SECBIT_NOROOT);
    CapSet file_permitted = root ? (inheritable | bounding) & cap_all : 0;
    made->permitted = root ? file_permitted : ambient;
    bool effective_set = euid == 0 && !(securebits & SECBIT_NOROOT);
    made->effective = effective_set ? made->permitted : ambient;
    if (root)
        made->ambient = 0;
    made->securebits &= ~static_cast<std::uint32_t>(SECBIT_KEEP_CAPS);
    return made;
}

}
