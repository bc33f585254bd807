// Who a task is: user and group ids, capabilities. Immutable once published, as in Linux: a change makes a new object.
// man 7 credentials, man 7 capabilities.
#pragma once

#include "engine/base/ref.h"
#include "engine/base/result.h"

#include <cstdint>
#include <vector>

namespace ringside::kernel {

using Uid = std::uint32_t;
using Gid = std::uint32_t;
constexpr std::uint32_t overflow_id = 65534; ///< kernel.overflowuid, overflowgid: what stands for an id that has no number here

/// A set of capabilities, bit n is capability n of linux/capability.h.
using CapSet = std::uint64_t;
constexpr int cap_last = 40; ///< CAP_CHECKPOINT_RESTORE
constexpr CapSet cap_all = (CapSet {1} << (cap_last + 1)) - 1;

class Credentials : public RefCounted {
public:
    Uid uid = 0, euid = 0, suid = 0, fsuid = 0;
    Gid gid = 0, egid = 0, sgid = 0, fsgid = 0;
    std::vector<Gid> groups; ///< supplementary, sorted
    CapSet inheritable = 0, permitted = 0, effective = 0, bounding = cap_all, ambient = 0;
    std::uint32_t securebits = 0;
    bool no_new_privs = false;

    /// All ids the same; all capabilities where uid is 0.
    static Ref<const Credentials> make(Uid uid, Gid gid, std::vector<Gid> groups);
    /// A copy to change and then publish with Task::set_credentials.
    Ref<Credentials> copy() const;

    bool capable(int capability) const { return (effective >> capability & 1) != 0; }
    /// The file-system group or one of the supplementary ones (in_group_p).
    bool in_group(Gid gid) const;
    /// egid or a supplementary one (in_egroup_p).
    bool in_effective_group(Gid gid) const;
    /// Capabilities after ids changed from `old` (security/commoncap.c, cap_emulate_setxuid).
    void fix_capabilities(const Credentials& old);
    /// What execve makes of them for a file without set-id bits or file capabilities (cap_bprm_creds_from_file).
    Ref<const Credentials> after_exec() const;
};

}
