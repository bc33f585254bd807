// Scheduling as far as a program can see it: sched_yield(2), affinity, policies, priorities of time and of input and output, getcpu(2), membarrier(2).

#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <bit>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/resource.h>

namespace ringside::syscalls {

namespace {

Result<kernel::Task*> find(Task& task, kernel::Pid pid)
{
    if (pid < 0)
        return Errno(EINVAL);
    kernel::Task* found = pid == 0 ? &task : task.kernel().processes().task(pid);
    if (!found)
        return Errno(ESRCH);
    return found;
}

/// Of the affinity calls, where a negative number is only one that nobody has.
Result<kernel::Task*> find_any(Task& task, kernel::Pid pid)
{
    return pid < 0 ? Result<kernel::Task*>(Errno(ESRCH)) : find(task, pid);
}

/// Whether RLIMIT_NICE lets the target have this nice value. (can_nice)
bool may_have_nice(kernel::Task& target, int nice)
{
    return static_cast<std::uint64_t>(20 - nice) <= target.limits().soft(RLIMIT_NICE);
}

/// EPERM where the target is somebody else's. (check_same_owner)
Result<void> check_owner(Task& task, kernel::Task& target)
{
    const kernel::Credentials& mine = task.credentials();
    const kernel::Credentials& theirs = target.credentials();
    bool same = mine.euid == theirs.euid || mine.euid == theirs.uid;
    return same || mine.capable(CAP_SYS_NICE) ? Result<void>() : Result<void>(Errno(EPERM));
}

Result<long> sched_yield(Task& task)
{
    task.kernel().scheduler().yield(task);
    return 0;
}

/// The bits of the processors that the guest is told of.
std::vector<std::uint64_t> processors(Task& task)
{
    auto count = static_cast<std::size_t>(std::max(1, task.kernel().options().processors));
    std::vector<std::uint64_t> words((count + 63) / 64);
    for (std::size_t i = 0; i < count; ++i)
        words[i / 64] |= std::uint64_t {1} << i % 64;
    return words;
}

Result<long> sched_getaffinity(Task& task, kernel::Pid pid, std::size_t size, GuestPtr<std::uint64_t> mask)
{
    auto words = processors(task);
    std::size_t length = words.size() * sizeof(std::uint64_t);
    if (size < length || size % sizeof(std::uint64_t) != 0)
        return Errno(EINVAL);
    kernel::Task* target = TRY(find_any(task, pid));
    if (!target->affinity.empty())
        words = target->affinity;
    TRY(task.copy_out(mask.addr(), std::as_bytes(std::span(words))));
    return static_cast<long>(length);
}

/// Kept and told; where a task runs is the host's business.
/// The lowest processor that the task may use: told as the one that it runs on.
unsigned processor_of(const Task& task)
{
    for (std::size_t i = 0; i < task.affinity.size(); ++i)
        if (task.affinity[i])
            return static_cast<unsigned>(i * 64) + static_cast<unsigned>(std::countr_zero(task.affinity[i]));
    return 0;
}

Result<long> sched_setaffinity(Task& task, kernel::Pid pid, std::size_t size, GuestPtr<std::uint64_t> mask)
{
    auto words = processors(task);
    std::vector<std::uint64_t> wanted(words.size());
    TRY(task.copy_in(mask.addr(), std::as_writable_bytes(std::span(wanted)).first(std::min(size, wanted.size() * sizeof(std::uint64_t)))));
    kernel::Task* target = TRY(find_any(task, pid));
    TRY(check_owner(task, *target));
    bool any = false;
    for (std::size_t i = 0; i < words.size(); ++i)
        any |= (wanted[i] &= words[i]) != 0;
    if (!any)
        return Errno(EINVAL);
    target->affinity = std::move(wanted);
    if (processor_of(*target) != 0)
        task.kernel().platform().processors_differ();
    return 0;
}

Result<long> sched_getscheduler(Task& task, kernel::Pid pid)
{
    kernel::Task* target = TRY(find(task, pid));
    return target->policy | (target->resets_on_fork ? SCHED_RESET_ON_FORK : 0);
}

Result<void> check_policy(Task& task, int policy, int priority)
{
    policy &= ~SCHED_RESET_ON_FORK;
    switch (policy) {
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
        return priority == 0 ? Result<void>() : Result<void>(Errno(EINVAL));
    case SCHED_FIFO:
    case SCHED_RR:
        if (priority < 1 || priority > 99)
            return Errno(EINVAL);
        task.recorder().unsupported();
        return Errno(EPERM); // no real-time priorities here (RLIMIT_RTPRIO 0)
    default:
        return Errno(EINVAL);
    }
}

/// Leaving SCHED_IDLE takes what raising the nice value takes, and so does giving up the reset. (__sched_setscheduler)
Result<void> check_change(Task& task, kernel::Task& target, int policy)
{
    if (task.credentials().capable(CAP_SYS_NICE))
        return {};
    if (target.policy == SCHED_IDLE && (policy & ~SCHED_RESET_ON_FORK) != SCHED_IDLE && !may_have_nice(target, target.nice))
        return Errno(EPERM);
    TRY(check_owner(task, target));
    return target.resets_on_fork && !(policy & SCHED_RESET_ON_FORK) ? Result<void>(Errno(EPERM)) : Result<void>();
}

Result<long> sched_setscheduler(Task& task, kernel::Pid pid, int policy, GuestPtr<int> priority)
{
    if (policy < 0 || priority.is_null())
        return Errno(EINVAL);
    int wanted = TRY(task.copy_in(priority));
    kernel::Task* target = TRY(find(task, pid));
    TRY(check_policy(task, policy, wanted));
    TRY(check_change(task, *target, policy));
    target->policy = policy & ~SCHED_RESET_ON_FORK;
    target->resets_on_fork = policy & SCHED_RESET_ON_FORK;
    return 0;
}

Result<long> sched_getparam(Task& task, kernel::Pid pid, GuestPtr<int> priority)
{
    if (priority.is_null())
        return Errno(EINVAL);
    (void)TRY(find(task, pid));
    TRY(task.copy_out(priority, 0));
    return 0;
}

Result<long> sched_setparam(Task& task, kernel::Pid pid, GuestPtr<int> priority)
{
    if (priority.is_null())
        return Errno(EINVAL);
    int wanted = TRY(task.copy_in(priority));
    kernel::Task* target = TRY(find(task, pid));
    TRY(check_policy(task, target->policy, wanted));
    TRY(check_owner(task, *target));
    return 0;
}

Result<long> sched_get_priority_max(Task&, int policy)
{
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return 99;
    if (policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == 6 /* SCHED_DEADLINE */)
        return 0;
    return Errno(EINVAL);
}

Result<long> sched_get_priority_min(Task&, int policy)
{
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return 1;
    if (policy == SCHED_OTHER || policy == SCHED_BATCH || policy == SCHED_IDLE || policy == 6 /* SCHED_DEADLINE */)
        return 0;
    return Errno(EINVAL);
}

Result<long> sched_rr_get_interval(Task& task, kernel::Pid pid, GuestPtr<timespec> to)
{
    (void)TRY(find(task, pid));
    constexpr long slice = 4'000'000; // of SCHED_OTHER, with one runnable task
    TRY(task.copy_out(to, {0, slice}));
    return 0;
}

/// struct sched_attr, first version.
struct SchedAttr {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
};

Result<long> sched_getattr(Task& task, kernel::Pid pid, GuestPtr<SchedAttr> to, unsigned size, unsigned flags)
{
    if (flags != 0 || to.is_null() || size < sizeof(SchedAttr) || size > page_size)
        return Errno(EINVAL);
    kernel::Task* target = TRY(find(task, pid));
    SchedAttr attr {};
    attr.size = sizeof attr;
    attr.policy = static_cast<std::uint32_t>(target->policy);
    attr.flags = target->resets_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
    attr.nice = target->nice;
    TRY(task.copy_out(to, attr));
    return 0;
}

/// The tasks that getpriority and setpriority mean.
Result<std::vector<Ref<kernel::Task>>> chosen(Task& task, int which, int who)
{
    std::vector<Ref<kernel::Task>> result;
    if (which < PRIO_PROCESS || which > PRIO_USER)
        return Errno(EINVAL);
    if (which == PRIO_PROCESS) {
        if (kernel::Task* found = who == 0 ? &task : task.kernel().processes().task(who))
            result.emplace_back(found);
    } else {
        kernel::Pid pgid = who == 0 ? task.group().process_group().pgid : who;
        kernel::Uid uid = who == 0 ? task.credentials().uid : static_cast<kernel::Uid>(who);
        for (const auto& [tid, other] : task.kernel().processes().tasks()) {
            bool in_group = !other->group().zombie() && other->group().process_group().pgid == pgid;
            if (which == PRIO_PGRP ? in_group : other->credentials().uid == uid)
                result.emplace_back(other);
        }
    }
    if (result.empty())
        return Errno(ESRCH);
    return result;
}

Result<long> getpriority(Task& task, int which, int who)
{
    long best = 0;
    for (const auto& target : TRY(chosen(task, which, who)))
        best = std::max<long>(best, 20 - target->nice); // 40..1, so that it is never negative
    return best;
}

/// Kept and shown; the host schedules as it likes.
Result<long> setpriority(Task& task, int which, int who, int nice)
{
    nice = std::clamp(nice, -20, 19);
    for (const auto& target : TRY(chosen(task, which, who))) {
        TRY(check_owner(task, *target));
        if (nice < target->nice && !task.credentials().capable(CAP_SYS_NICE) && !may_have_nice(*target, nice))
            return Errno(EACCES);
        target->nice = nice;
    }
    return 0;
}

// As linux/ioprio.h has them, which is C alone.
constexpr unsigned io_class_shift = 13;
enum IoClass : unsigned { io_none, io_realtime, io_best_effort, io_idle };
constexpr unsigned io_levels = 8;
constexpr int io_who_process = 1;

constexpr unsigned io_value(unsigned io_class, unsigned level)
{
    return io_class << io_class_shift | level;
}

/// What a task's reads and writes come before: the class `none` follows its niceness.
unsigned io_priority(const Task& task)
{
    if (task.io_priority >> io_class_shift != io_none)
        return task.io_priority;
    unsigned io_class = task.policy == SCHED_IDLE ? io_idle : io_best_effort;
    return io_value(io_class, static_cast<unsigned>(task.nice + 20) / 5);
}

/// Of one task as it was set; of several the best.
Result<long> ioprio_get(Task& task, int which, int who)
{
    auto targets = TRY(chosen(task, which - io_who_process, who));
    if (which == io_who_process)
        return targets.front()->io_priority;
    long best = io_value(io_idle, io_levels - 1);
    for (const auto& target : targets)
        best = std::min<long>(best, io_priority(*target));
    return best;
}

/// Kept and told; the host serves as it likes.
Result<long> ioprio_set(Task& task, int which, int who, int priority)
{
    auto value = static_cast<unsigned>(priority);
    const kernel::Credentials& mine = task.credentials();
    // A level has three bits; those between it and the class are hints, of which every one is taken.
    unsigned io_class = value >> io_class_shift & 7, level = value & (io_levels - 1);
    if (io_class == io_realtime && !mine.capable(CAP_SYS_ADMIN) && !mine.capable(CAP_SYS_NICE))
        return Errno(EPERM);
    if (io_class > io_idle || (io_class == io_none && level != 0))
        return Errno(EINVAL);
    for (const auto& target : TRY(chosen(task, which - io_who_process, who))) {
        kernel::Uid theirs = target->credentials().uid;
        if (theirs != mine.euid && theirs != mine.uid && !mine.capable(CAP_SYS_NICE))
            return Errno(EPERM);
        target->io_priority = value & 0xffff;
    }
    return 0;
}

Result<long> getcpu(Task& task, GuestPtr<unsigned> cpu, GuestPtr<unsigned> node, GuestAddr)
{
    if (!cpu.is_null())
        TRY(task.copy_out(cpu, processor_of(task)));
    if (!node.is_null())
        TRY(task.copy_out(node, 0U));
    return 0;
}

/// Which of the private commands an address space has registered for is kept with it, as in Linux over fork and not over exec.
Result<long> membarrier(Task& task, int command, unsigned flags, int)
{
    constexpr int all = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED
        | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
    TRY(check_flags(flags, 0));
    auto& registered = task.mm().layout().membarriers;
    switch (command) {
    case MEMBARRIER_CMD_QUERY: // of a kernel without restartable sequences
        return all;
    case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
        registered |= command;
        return 0;
    case MEMBARRIER_CMD_GLOBAL:
    case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
        task.kernel().platform().barrier();
        return 0;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
        if (!(registered & command << 1)) // its registration is the next bit
            return Errno(EPERM);
        task.mm().host().barrier();
        return 0;
    default:
        return Errno(EINVAL);
    }
}

const Register<SYS_sched_yield, sched_yield> r_sched_yield;
const Register<SYS_sched_getaffinity, sched_getaffinity> r_sched_getaffinity;
const Register<SYS_sched_setaffinity, sched_setaffinity> r_sched_setaffinity;
const Register<SYS_sched_getscheduler, sched_getscheduler> r_sched_getscheduler;
const Register<SYS_sched_setscheduler, sched_setscheduler> r_sched_setscheduler("real-time policies");
const Register<SYS_sched_getparam, sched_getparam> r_sched_getparam;
const Register<SYS_sched_setparam, sched_setparam> r_sched_setparam("real-time policies");
const Register<SYS_sched_get_priority_max, sched_get_priority_max> r_sched_get_priority_max;
const Register<SYS_sched_get_priority_min, sched_get_priority_min> r_sched_get_priority_min;
const Register<SYS_sched_rr_get_interval, sched_rr_get_interval> r_sched_rr_get_interval;
const Register<SYS_sched_getattr, sched_getattr> r_sched_getattr;
const Register<SYS_getpriority, getpriority> r_getpriority;
const Register<SYS_setpriority, setpriority> r_setpriority;
const Register<SYS_getcpu, getcpu> r_getcpu;
const Register<SYS_ioprio_get, ioprio_get> r_ioprio_get;
const Register<SYS_ioprio_set, ioprio_set> r_ioprio_set;
const Register<SYS_membarrier, membarrier> r_membarrier("restartable sequences; what a process has registered for");

}

}
