// prctl(2), arch_prctl(2), personality(2), seccomp(2).

#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/mm/address_space.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <asm/prctl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

namespace ringside::syscalls {

namespace {

using kernel::CapSet;

Result<long> set_name(Task& task, std::uint64_t at)
{
    constexpr std::size_t length = 16; // TASK_COMM_LEN
    // Shorter names may end at the end of memory: as strncpy_from_user.
    auto name = task.copy_in_string(GuestAddr(at), length);
    if (name.ok()) {
        task.set_comm(name.value());
        return 0;
    }
    if (name.error() != ENAMETOOLONG)
        return name.error();
    auto bytes = TRY(task.copy_in(GuestPtr<std::array<char, length - 1>>(at)));
    task.set_comm({bytes.data(), bytes.size()});
    return 0;
}

Result<long> get_name(Task& task, std::uint64_t at)
{
    std::array<char, 16> name {};
    std::copy_n(task.comm().begin(), std::min(task.comm().size(), name.size() - 1), name.begin());
    TRY(task.copy_out(GuestPtr<std::array<char, 16>>(at), name));
    return 0;
}

Result<long> capability_bound(Task& task, int option, std::uint64_t capability)
{
    if (capability > kernel::cap_last)
        return Errno(EINVAL);
    CapSet bit = CapSet {1} << capability;
    if (option == PR_CAPBSET_READ)
        return (task.credentials().bounding & bit) != 0;
    if (!task.credentials().capable(CAP_SETPCAP))
        return Errno(EPERM);
    auto made = task.credentials().copy();
    made->bounding &= ~bit;
    task.set_credentials(made);
    return 0;
}

Result<long> capability_ambient(Task& task, std::uint64_t what, std::uint64_t capability)
{
    const kernel::Credentials& old = task.credentials();
    auto made = old.copy();
    if (what == PR_CAP_AMBIENT_CLEAR_ALL) {
        if (capability != 0)
            return Errno(EINVAL);
        made->ambient = 0;
        task.set_credentials(made);
        return 0;
    }
    if (capability > kernel::cap_last)
        return Errno(EINVAL);
    CapSet bit = CapSet {1} << capability;
    switch (what) {
    case PR_CAP_AMBIENT_IS_SET:
        return (old.ambient & bit) != 0;
    case PR_CAP_AMBIENT_RAISE:
        if (!(old.permitted & bit) || !(old.inheritable & bit) || (old.securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
            return Errno(EPERM);
        made->ambient |= bit;
        break;
    case PR_CAP_AMBIENT_LOWER:
        made->ambient &= ~bit;
        break;
    default:
        return Errno(EINVAL);
    }
    task.set_credentials(made);
    return 0;
}

Result<long> set_securebits(Task& task, std::uint64_t bits)
{
    const kernel::Credentials& old = task.credentials();
    std::uint32_t locked = (old.securebits & SECURE_ALL_LOCKS) >> 1;
    auto wanted = static_cast<std::uint32_t>(bits);
    if ((locked & (old.securebits ^ wanted)) || ((old.securebits & SECURE_ALL_LOCKS) & ~wanted) || (wanted & ~static_cast<std::uint32_t>(SECURE_ALL_LOCKS | SECURE_ALL_BITS))
        || !old.capable(CAP_SETPCAP))
        return Errno(EPERM);
    auto made = old.copy();
    made->securebits = wanted;
    task.set_credentials(made);
    return 0;
}

Result<long> keep_caps(Task& task, std::uint64_t value)
{
    if (value > 1)
        return Errno(EINVAL);
    if (task.credentials().securebits & SECBIT_KEEP_CAPS_LOCKED)
        return Errno(EPERM);
    auto made = task.credentials().copy();
    auto bit = static_cast<std::uint32_t>(SECBIT_KEEP_CAPS);
    made->securebits = value ? made->securebits | bit : made->securebits & ~bit;
    task.set_credentials(made);
    return 0;
}

Result<long> no_new_privs(Task& task, std::uint64_t value)
{
    if (value != 1)
        return Errno(EINVAL);
    auto made = task.credentials().copy();
    made->no_new_privs = true;
    task.set_credentials(made);
    return 0;
}

Result<long> unsupported(Task& task)
{
    task.recorder().unsupported();
    return Errno(EINVAL);
}

Result<long> prctl(Task& task, int option, std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)
{
    switch (option) {
    case PR_SET_NAME:
        return set_name(task, a);
    case PR_GET_NAME:
        return get_name(task, a);
    case PR_SET_DUMPABLE:
        if (a > 1)
            return Errno(EINVAL);
        task.group().dumpable = static_cast<int>(a);
        return 0;
    case PR_GET_DUMPABLE:
        return task.group().dumpable;
    case PR_SET_PDEATHSIG:
        if (a > kernel::signal_count)
            return Errno(EINVAL);
        task.parent_death_signal = static_cast<int>(a);
        return 0;
    case PR_GET_PDEATHSIG:
        TRY(task.copy_out(GuestPtr<int>(a), task.parent_death_signal));
        return 0;
    case PR_SET_CHILD_SUBREAPER:
        task.group().child_subreaper = a != 0;
        return 0;
    case PR_GET_CHILD_SUBREAPER:
        TRY(task.copy_out(GuestPtr<int>(a), task.group().child_subreaper ? 1 : 0));
        return 0;
    case PR_SET_NO_NEW_PRIVS:
        return b || c || d ? Errno(EINVAL) : no_new_privs(task, a);
    case PR_GET_NO_NEW_PRIVS:
        return a || b || c || d ? Result<long>(Errno(EINVAL)) : Result<long>(task.credentials().no_new_privs ? 1 : 0);
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP:
        return capability_bound(task, option, a);
    case PR_CAP_AMBIENT:
        return c || d ? Errno(EINVAL) : capability_ambient(task, a, b);
    case PR_SET_SECUREBITS:
        return set_securebits(task, a);
    case PR_GET_SECUREBITS:
        return task.credentials().securebits;
    case PR_SET_KEEPCAPS:
        return keep_caps(task, a);
    case PR_GET_KEEPCAPS:
        return (task.credentials().securebits & SECBIT_KEEP_CAPS) != 0;
    case PR_SET_TIMERSLACK:
        task.timer_slack = a ? a : 50'000;
        return 0;
    case PR_GET_TIMERSLACK:
        return static_cast<long>(task.timer_slack);
    case PR_GET_TID_ADDRESS:
        TRY(task.copy_out(GuestPtr<std::uint64_t>(a), task.clear_child_tid.value()));
        return 0;
    case PR_GET_SECCOMP:
        return 0;
    case PR_GET_TIMING:
        return PR_TIMING_STATISTICAL;
    case PR_SET_TIMING:
        return a == PR_TIMING_STATISTICAL ? Result<long>(0) : Result<long>(Errno(EINVAL));
    case PR_GET_TSC:
        TRY(task.copy_out(GuestPtr<int>(a), PR_TSC_ENABLE));
        return 0;
    case PR_SET_THP_DISABLE:
    case PR_SET_VMA: // names of anonymous memory, a kernel option
        return PR_SET_THP_DISABLE == option ? Result<long>(0) : Result<long>(Errno(EINVAL));
    case PR_GET_THP_DISABLE:
        return 0;
    case PR_SET_PTRACER:
        return Errno(EINVAL); // Yama is not there
    case PR_SET_SECCOMP:
    case PR_SET_MM:
    case PR_SET_TSC:
    case PR_SET_SYSCALL_USER_DISPATCH:
    case PR_GET_SPECULATION_CTRL:
    case PR_SET_SPECULATION_CTRL:
    case PR_SCHED_CORE:
    case PR_MCE_KILL:
    case PR_MCE_KILL_GET:
        return unsupported(task);
    default:
        return Errno(EINVAL);
    }
}

Result<long> arch_prctl(Task& task, int code, std::uint64_t address)
{
    constexpr int xstate_first = 0x1021, xstate_last = 0x1025; // ARCH_GET_XCOMP_SUPP …
    auto& registers = task.registers();
    switch (code) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
        if (address >= guest_address_end)
            return Errno(EPERM);
        (code == ARCH_SET_FS ? registers.fs_base : registers.gs_base) = address;
        task.recorder().registers_replaced(task, false);
        return 0;
    case ARCH_GET_FS:
        TRY(task.copy_out(GuestPtr<std::uint64_t>(address), registers.fs_base));
        return 0;
    case ARCH_GET_GS:
        TRY(task.copy_out(GuestPtr<std::uint64_t>(address), registers.gs_base));
        return 0;
    case ARCH_GET_CPUID:
        return 1;
    case ARCH_SET_CPUID:
        task.recorder().unsupported();
        return Errno(ENODEV);
    default:
        if (code >= xstate_first && code <= xstate_last)
            task.recorder().unsupported();
        return Errno(EINVAL); // shadow stacks among them: there are none
    }
}

Result<long> personality(Task& task, std::uint64_t persona)
{
    std::uint64_t old = task.personality;
    if (static_cast<std::uint32_t>(persona) != 0xffff'ffff)
        task.personality = static_cast<std::uint32_t>(persona);
    return static_cast<long>(old);
}

/// A guest's own filters are not there: what a kernel without CONFIG_SECCOMP_FILTER answers.
Result<long> seccomp(Task& task, unsigned, unsigned, std::uint64_t)
{
    return unsupported(task);
}

const Register<SYS_prctl, prctl> r_prctl("PR_SET_SECCOMP, PR_SET_MM, PR_SET_TSC, system call dispatch, speculation, core scheduling, machine checks");
const Register<SYS_arch_prctl, arch_prctl> r_arch_prctl("ARCH_SET_CPUID; asking for extended processor state");
const Register<SYS_personality, personality> r_personality;
const Register<SYS_seccomp, seccomp> r_seccomp("filters");

}

}
