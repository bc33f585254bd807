// The check of ptrace's access modes, as kernel/ptrace.c and security/commoncap.c have it.

#include "engine/kernel/ptrace_access.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/thread_group.h"

#include <linux/capability.h>

namespace ringside::kernel {

bool may_ptrace(const Task& caller, const Task& target, PtraceCreds creds)
{
    if (&caller.group() == &target.group())
        return true;
    const Credentials& mine = caller.credentials();
    const Credentials& theirs = target.credentials();
    if (mine.capable(CAP_SYS_PTRACE))
        return true;
    bool files = creds == PtraceCreds::of_files;
    Uid uid = files ? mine.fsuid : mine.uid;
    Gid gid = files ? mine.fsgid : mine.gid;
    bool same_user = uid == theirs.euid && uid == theirs.suid && uid == theirs.uid;
    bool same_group = gid == theirs.egid && gid == theirs.sgid && gid == theirs.gid;
    bool dumpable = !target.has_memory() || target.group().dumpable == 1;
    auto powers = files ? mine.effective : mine.permitted;
    return same_user && same_group && dumpable && (theirs.permitted & ~powers) == 0;
}

}
