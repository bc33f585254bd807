// mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2), mincore(2). Nothing of ours is ever swapped out: locks are marks.

#include "engine/kernel/credentials.h"
#include "engine/kernel/limits.h"
#include "engine/mm/address_space.h"
#include "engine/syscalls/handler.h"

#include <linux/capability.h>
#include <sys/mman.h>

namespace ringside::syscalls {

namespace {

bool can_lock(Task& task)
{
    return task.limits().soft(RLIMIT_MEMLOCK) != 0 || task.credentials().capable(CAP_IPC_LOCK);
}

Result<long> do_mlock(Task& task, GuestAddr addr, std::uint64_t length, bool on_fault)
{
    if (!can_lock(task))
        return Errno(EPERM);
    std::uint64_t pages = page_up(length + (addr.value() & page_mask));
    std::uint64_t limit = page_down(task.limits().soft(RLIMIT_MEMLOCK));
    if (!task.credentials().capable(CAP_IPC_LOCK)) {
        std::uint64_t already = task.mm().locked_bytes_in(GuestAddr(page_down(addr.value())), pages);
        if (pages > limit + already || task.mm().locked_bytes() - already + pages > limit)
            return Errno(ENOMEM);
    }
    TRY(task.mm().lock(task, addr, length, true, on_fault));
    return 0;
}

Result<long> mlock(Task& task, GuestAddr addr, std::uint64_t length)
{
    return do_mlock(task, addr, length, false);
}

Result<long> mlock2(Task& task, GuestAddr addr, std::uint64_t length, int flags)
{
    constexpr int on_fault = 1; // MLOCK_ONFAULT
    TRY(check_flags(static_cast<unsigned>(flags), on_fault));
    return do_mlock(task, addr, length, flags & on_fault);
}

Result<long> munlock(Task& task, GuestAddr addr, std::uint64_t length)
{
    TRY(task.mm().lock(task, addr, length, false, false));
    return 0;
}

Result<long> mlockall(Task& task, int flags)
{
    if (!flags || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
        return Errno(EINVAL);
    if (!can_lock(task))
        return Errno(EPERM);
    if ((flags & MCL_CURRENT) && task.mm().total_bytes() > page_down(task.limits().soft(RLIMIT_MEMLOCK)) && !task.credentials().capable(CAP_IPC_LOCK))
        return Errno(ENOMEM);
    TRY(task.mm().lock_all(task, flags));
    return 0;
}

Result<long> munlockall(Task& task)
{
    TRY(task.mm().lock_all(task, 0));
    return 0;
}

Result<long> mincore(Task& task, GuestAddr addr, std::uint64_t length, GuestPtr<unsigned char> vec)
{
    if (addr.value() & page_mask)
        return Errno(EINVAL);
    if (addr.value() > guest_address_end || length > guest_address_end - addr.value())
        return Errno(ENOMEM);
    std::uint64_t pages = page_up(length) / page_size;
    TRY(vec.addr().plus(pages));
    // A page of answers at a time, as Linux does: what comes before an error is written.
    for (std::uint64_t done = 0; done < pages;) {
        std::uint64_t part = std::min(pages - done, page_size);
        auto answers = TRY(task.mm().in_core(addr + done * page_size, part * page_size));
        TRY(task.copy_out(vec.addr() + done, std::as_bytes(std::span(answers))));
        done += part;
    }
    return 0;
}

const Register<SYS_mlock, mlock> r_mlock;
const Register<SYS_mlock2, mlock2> r_mlock2;
const Register<SYS_munlock, munlock> r_munlock;
const Register<SYS_mlockall, mlockall> r_mlockall;
const Register<SYS_munlockall, munlockall> r_munlockall;
const Register<SYS_mincore, mincore> r_mincore;

}

}
