// getrlimit(2), setrlimit(2), prlimit(2), getrusage(2).

#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/mm/address_space.h"
#include "engine/syscalls/handler.h"

#include <linux/capability.h>

namespace ringside::syscalls {

namespace {

using kernel::Limits;

Result<void> check_resource(unsigned resource)
{
    if (resource >= Limits::count)
        return Errno(EINVAL);
    return {};
}

Result<void> set(Task& task, kernel::ThreadGroup& group, unsigned resource, Limits::Limit limit)
{
    constexpr std::uint64_t most_files = 1024 * 1024; // sysctl fs.nr_open
    if (limit.soft > limit.hard)
        return Errno(EINVAL);
    if (resource == RLIMIT_NOFILE && limit.hard > most_files)
        return Errno(EPERM);
    return group.limits.set(static_cast<int>(resource), limit, task.credentials().capable(CAP_SYS_RESOURCE));
}

Result<long> getrlimit(Task& task, unsigned resource, GuestPtr<Limits::Limit> to)
{
    TRY(check_resource(resource));
    TRY(task.copy_out(to, task.limits().get(static_cast<int>(resource))));
    return 0;
}

Result<long> setrlimit(Task& task, unsigned resource, GuestPtr<Limits::Limit> from)
{
    auto limit = TRY(task.copy_in(from));
    TRY(check_resource(resource));
    TRY(set(task, task.group(), resource, limit));
    return 0;
}

/// check_prlimit_permission
Result<void> may_change(Task& task, const kernel::Task& target)
{
    if (&task.group() == &target.group())
        return {};
    const kernel::Credentials& mine = task.credentials();
    const kernel::Credentials& theirs = target.credentials();
    bool same = mine.uid == theirs.euid && mine.uid == theirs.suid && mine.uid == theirs.uid && mine.gid == theirs.egid && mine.gid == theirs.sgid
        && mine.gid == theirs.gid;
    if (!same && !mine.capable(CAP_SYS_RESOURCE))
        return Errno(EPERM);
    return {};
}

Result<long> prlimit64(Task& task, kernel::Pid pid, unsigned resource, GuestPtr<Limits::Limit> from, GuestPtr<Limits::Limit> old)
{
    std::optional<Limits::Limit> wanted;
    if (!from.is_null())
        wanted = TRY(task.copy_in(from));
    kernel::Task* target = pid == 0 ? &task : task.kernel().processes().task(pid);
    if (!target)
        return Errno(ESRCH);
    TRY(may_change(task, *target));
    TRY(check_resource(resource));
    Ref<kernel::ThreadGroup> group(&target->group());
    Limits::Limit before = group->limits.get(static_cast<int>(resource));
    if (wanted)
        TRY(set(task, *group, resource, *wanted));
    if (!old.is_null())
        TRY(task.copy_out(old, before));
    return 0;
}

Result<long> getrusage(Task& task, int who, GuestPtr<rusage> to)
{
    kernel::Usage usage;
    switch (who) {
    case RUSAGE_SELF:
        usage = task.group().total_usage();
        break;
    case RUSAGE_CHILDREN:
        usage = task.group().children_usage;
        break;
    case RUSAGE_THREAD:
        usage = task.usage();
        break;
    default:
        return Errno(EINVAL);
    }
    if (who != RUSAGE_CHILDREN)
        usage.max_rss = std::max(usage.max_rss, task.mm().resident_bytes());
    TRY(task.copy_out(to, usage.to_rusage()));
    return 0;
}

const Register<SYS_getrlimit, getrlimit> r_getrlimit;
const Register<SYS_setrlimit, setrlimit> r_setrlimit;
const Register<SYS_prlimit64, prlimit64> r_prlimit64;
const Register<SYS_getrusage, getrusage> r_getrusage;

}

}
