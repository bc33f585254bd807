// futex(2), futex_waitv(2), set_robust_list(2), get_robust_list(2).

#include "engine/kernel/futex.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/ptrace_access.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <linux/futex.h>

namespace ringside::syscalls {

namespace {

using kernel::FutexTable;
using Deadline = std::optional<kernel::Nanoseconds>;

Result<void> check_address(GuestAddr address)
{
    if (address.value() % sizeof(std::uint32_t) != 0)
        return Errno(EINVAL);
    return {};
}

Result<long> wait(Task& task, GuestAddr address, bool is_private, std::uint32_t expected, std::uint32_t bitset, Deadline deadline)
{
    if (bitset == 0)
        return Errno(EINVAL);
    TRY(check_address(address));
    auto key = TRY(task.mm().futex_key(task, address, is_private));
    if (TRY(task.copy_in(GuestPtr<std::uint32_t>(address))) != expected)
        return Errno(EAGAIN);
    auto slept = task.kernel().futexes().wait(task, key, bitset, deadline);
    if (slept.ok())
        return 0;
    if (slept.error() == ERESTARTSYS && deadline) {
        // With a timeout the call goes on until the same time, by restart_syscall.
        task.set_restart([=](Task& self) { return wait(self, address, is_private, expected, bitset, deadline); });
        return Errno(ERESTART_RESTARTBLOCK);
    }
    return slept.error();
}

Result<long> wake(Task& task, GuestAddr address, bool is_private, std::uint32_t count, std::uint32_t bitset)
{
    if (bitset == 0)
        return Errno(EINVAL);
    TRY(check_address(address));
    int at_least_one = static_cast<int>(std::max<std::uint32_t>(1, std::min<std::uint32_t>(count, INT_MAX)));
    return TRY(kernel::futex_wake(task, address, is_private, at_least_one, bitset));
}

Result<long> requeue(Task& task, GuestAddr from, GuestAddr to, bool is_private, int wake, int move, std::optional<std::uint32_t> expected)
{
    if (wake < 0 || move < 0)
        return Errno(EINVAL);
    TRY(check_address(from));
    TRY(check_address(to));
    auto from_key = TRY(task.mm().futex_key(task, from, is_private));
    auto to_key = TRY(task.mm().futex_key(task, to, is_private));
    if (expected && TRY(task.copy_in(GuestPtr<std::uint32_t>(from))) != *expected)
        return Errno(EAGAIN);
    FutexTable& futexes = task.kernel().futexes();
    int woken = TRY(futexes.wake(from_key, wake, FUTEX_BITSET_MATCH_ANY));
    int moved = TRY(futexes.requeue(from_key, to_key, move));
    return woken + (expected ? moved : 0);
}

/// What FUTEX_WAKE_OP makes of the second word. ENOSYS for an operation that there is not.
Result<std::uint32_t> changed_by(std::uint32_t encoded, std::uint32_t old)
{
    auto operand = static_cast<std::uint32_t>(static_cast<std::int32_t>((encoded >> 12 & 0xfff) << 20) >> 20);
    if (encoded >> 28 & FUTEX_OP_OPARG_SHIFT)
        operand = 1U << (operand & 31);
    switch (encoded >> 28 & 7) {
    case FUTEX_OP_SET:
        return operand;
    case FUTEX_OP_ADD:
        return old + operand;
    case FUTEX_OP_OR:
        return old | operand;
    case FUTEX_OP_ANDN:
        return old & ~operand;
    case FUTEX_OP_XOR:
        return old ^ operand;
    default:
        return Errno(ENOSYS);
    }
}

/// Whether its old value fulfils the condition. ENOSYS for one that there is not.
Result<bool> fulfils(std::uint32_t encoded, std::uint32_t old)
{
    auto value = static_cast<std::int32_t>(old);
    std::int32_t against = static_cast<std::int32_t>((encoded & 0xfff) << 20) >> 20;
    switch (encoded >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        return value == against;
    case FUTEX_OP_CMP_NE:
        return value != against;
    case FUTEX_OP_CMP_LT:
        return value < against;
    case FUTEX_OP_CMP_LE:
        return value <= against;
    case FUTEX_OP_CMP_GT:
        return value > against;
    case FUTEX_OP_CMP_GE:
        return value >= against;
    default:
        return Errno(ENOSYS);
    }
}

/// FUTEX_WAKE_OP: changes the second word and wakes there, too, where its old value fulfils a condition.
Result<long> wake_op(Task& task, GuestAddr first, GuestAddr second, bool is_private, int count, int count2, std::uint32_t encoded)
{
    TRY(check_address(first));
    TRY(check_address(second));
    auto first_key = TRY(task.mm().futex_key(task, first, is_private));
    auto second_key = TRY(task.mm().futex_key(task, second, is_private));
    GuestPtr<std::uint32_t> word(second);
    std::uint32_t old = TRY(task.copy_in(word));
    for (;;) { // other threads may change it at any moment
        std::uint32_t found = TRY(task.compare_exchange(word, old, TRY(changed_by(encoded, old))));
        if (found == old)
            break;
        old = found;
    }
    bool holds = TRY(fulfils(encoded, old));
    FutexTable& futexes = task.kernel().futexes();
    int woken = TRY(futexes.wake(first_key, count, FUTEX_BITSET_MATCH_ANY));
    if (holds)
        woken += TRY(futexes.wake(second_key, count2, FUTEX_BITSET_MATCH_ANY));
    return woken;
}

Result<long> lock(Task& task, GuestAddr address, bool is_private, Deadline deadline, bool only_try)
{
    TRY(check_address(address));
    auto key = TRY(task.mm().futex_key(task, address, is_private));
    TRY(task.kernel().futexes().locks().lock(task, key, GuestPtr<std::uint32_t>(address), deadline, only_try));
    return 0;
}

Result<long> unlock(Task& task, GuestAddr address, bool is_private)
{
    TRY(check_address(address));
    auto key = TRY(task.mm().futex_key(task, address, is_private));
    TRY(task.kernel().futexes().locks().unlock(task, key, GuestPtr<std::uint32_t>(address)));
    return 0;
}

Result<long> wait_for_lock(Task& task, GuestAddr from, GuestAddr to, bool is_private, std::uint32_t expected, Deadline deadline)
{
    if (from == to)
        return Errno(EINVAL);
    TRY(check_address(to));
    TRY(check_address(from));
    auto to_key = TRY(task.mm().futex_key(task, to, is_private));
    auto from_key = TRY(task.mm().futex_key(task, from, is_private));
    if (TRY(task.copy_in(GuestPtr<std::uint32_t>(from))) != expected)
        return Errno(EAGAIN);
    if (from_key == to_key)
        return Errno(EINVAL);
    TRY(task.kernel().futexes().wait_for_lock(task, from_key, to_key, GuestPtr<std::uint32_t>(to), deadline));
    return 0;
}

Result<long> requeue_to_lock(Task& task, GuestAddr from, GuestAddr to, bool is_private, int wake, int move, std::uint32_t expected)
{
    if (wake < 0 || move < 0 || from == to || wake != 1)
        return Errno(EINVAL);
    TRY(check_address(from));
    TRY(check_address(to));
    auto from_key = TRY(task.mm().futex_key(task, from, is_private));
    auto to_key = TRY(task.mm().futex_key(task, to, is_private));
    if (from_key == to_key)
        return Errno(EINVAL);
    if (TRY(task.copy_in(GuestPtr<std::uint32_t>(from))) != expected)
        return Errno(EAGAIN);
    return TRY(task.kernel().futexes().requeue_to_lock(task, from_key, to_key, GuestPtr<std::uint32_t>(to), move));
}

/// When a call with this timeout gives up; null: never. Only FUTEX_WAIT's is relative; FUTEX_LOCK_PI's is of the real time always.
Result<Deadline> deadline_of(Task& task, std::uint32_t command, bool realtime, GuestPtr<timespec> timeout)
{
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_WAIT_REQUEUE_PI:
        break;
    default:
        return Deadline();
    }
    if (timeout.is_null())
        return Deadline();
    auto time = TRY(kernel::from_timespec(TRY(task.copy_in(timeout))));
    clockid_t clock = realtime || command == FUTEX_LOCK_PI ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    return Deadline(TRY(kernel::monotonic_deadline(task, clock, time, command != FUTEX_WAIT)));
}

Result<long> futex(Task& task, GuestPtr<std::uint32_t> uaddr, std::uint32_t op, std::uint32_t val, std::uint64_t timeout, GuestAddr uaddr2, std::uint32_t val3)
{
    bool is_private = (op & FUTEX_PRIVATE_FLAG) != 0;
    std::uint32_t command = op & static_cast<std::uint32_t>(FUTEX_CMD_MASK);
    bool realtime = (op & FUTEX_CLOCK_REALTIME) != 0;
    if (realtime && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT_REQUEUE_PI && command != FUTEX_LOCK_PI2)
        return Errno(ENOSYS);
    GuestAddr address = uaddr.addr();
    Deadline deadline = TRY(deadline_of(task, command, realtime, GuestPtr<timespec>(timeout)));
    auto val2 = static_cast<int>(timeout);
    switch (command) {
    case FUTEX_WAIT:
        return wait(task, address, is_private, val, FUTEX_BITSET_MATCH_ANY, deadline);
    case FUTEX_WAIT_BITSET:
        return wait(task, address, is_private, val, val3, deadline);
    case FUTEX_WAKE:
        return wake(task, address, is_private, val, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
        return wake(task, address, is_private, val, val3);
    case FUTEX_REQUEUE:
        return requeue(task, address, uaddr2, is_private, static_cast<int>(val), val2, {});
    case FUTEX_CMP_REQUEUE:
        return requeue(task, address, uaddr2, is_private, static_cast<int>(val), val2, val3);
    case FUTEX_WAKE_OP:
        return wake_op(task, address, uaddr2, is_private, static_cast<int>(val), val2, val3);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return lock(task, address, is_private, deadline, false);
    case FUTEX_TRYLOCK_PI:
        return lock(task, address, is_private, {}, true);
    case FUTEX_UNLOCK_PI:
        return unlock(task, address, is_private);
    case FUTEX_WAIT_REQUEUE_PI:
        return wait_for_lock(task, address, uaddr2, is_private, val, deadline);
    case FUTEX_CMP_REQUEUE_PI:
        return requeue_to_lock(task, address, uaddr2, is_private, static_cast<int>(val), val2, val3);
    default:
        return Errno(ENOSYS);
    }
}

/// All values are as expected, each read once the memory of all is there: between the reads nothing waits, so no wake-up is missed.
Result<void> compare_all(Task& task, const std::vector<struct futex_waitv>& waiters)
{
    for (const auto& waiter : waiters) {
        std::uint32_t value = 0;
        TRY(task.mm().copy_in(task, GuestAddr(waiter.uaddr), std::as_writable_bytes(std::span(&value, 1))));
    }
    for (const auto& waiter : waiters)
        if (TRY(task.copy_in(GuestPtr<std::uint32_t>(waiter.uaddr))) != static_cast<std::uint32_t>(waiter.val))
            return Errno(EAGAIN);
    return {};
}

/// Waits on many; the place in the array of one that was woken. The timeout is absolute.
Result<long> futex_waitv(Task& task, GuestPtr<struct futex_waitv> array, unsigned count, unsigned flags, GuestPtr<timespec> timeout, int clock)
{
    TRY(check_flags(flags, 0));
    if (count == 0 || count > FUTEX_WAITV_MAX || array.is_null())
        return Errno(EINVAL);
    Deadline deadline;
    if (!timeout.is_null()) {
        if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
            return Errno(EINVAL);
        auto time = TRY(kernel::from_timespec(TRY(task.copy_in(timeout))));
        deadline = TRY(kernel::monotonic_deadline(task, clock, time, true));
    }
    std::vector<struct futex_waitv> waiters;
    for (unsigned i = 0; i < count; ++i) { // one by one: a wrong one is told before a fault behind it
        auto waiter = TRY(task.copy_in(GuestPtr<struct futex_waitv>(array.addr() + i * sizeof(struct futex_waitv))));
        if ((waiter.flags & ~static_cast<unsigned>(FUTEX_32 | FUTEX_PRIVATE_FLAG)) || waiter.__reserved || !(waiter.flags & FUTEX_32))
            return Errno(EINVAL);
        waiters.push_back(waiter);
    }
    std::vector<FutexTable::Key> keys;
    for (const auto& waiter : waiters) {
        TRY(check_address(GuestAddr(waiter.uaddr)));
        keys.push_back(TRY(task.mm().futex_key(task, GuestAddr(waiter.uaddr), (waiter.flags & FUTEX_PRIVATE_FLAG) != 0)));
    }
    TRY(compare_all(task, waiters));
    return static_cast<long>(TRY(task.kernel().futexes().wait_any(task, keys, FUTEX_BITSET_MATCH_ANY, deadline)));
}

constexpr std::size_t robust_list_head_size = 24;

Result<long> set_robust_list(Task& task, GuestAddr head, std::size_t size)
{
    if (size != robust_list_head_size)
        return Errno(EINVAL);
    task.robust_list = head;
    return 0;
}

Result<long> get_robust_list(Task& task, kernel::Pid pid, GuestPtr<std::uint64_t> head, GuestPtr<std::uint64_t> size)
{
    kernel::Task* target = pid == 0 ? &task : task.kernel().processes().task(pid);
    if (!target)
        return Errno(ESRCH);
    if (!kernel::may_ptrace(task, *target, kernel::PtraceCreds::real))
        return Errno(EPERM);
    TRY(task.copy_out(size, robust_list_head_size));
    TRY(task.copy_out(head, target->robust_list.value()));
    return 0;
}

const Register<SYS_futex, futex> r_futex("priorities: who waits for a lock is served first come first");
const Register<SYS_futex_waitv, futex_waitv> r_futex_waitv;
const Register<SYS_set_robust_list, set_robust_list> r_set_robust_list;
const Register<SYS_get_robust_list, get_robust_list> r_get_robust_list;

}

}
