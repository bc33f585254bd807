// futex(2), futex_waitv(2), set_robust_list(2), get_robust_list(2).

#include "engine/kernel/futex.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <linux/capability.h>
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
    int woken = futexes.wake(from_key, wake, FUTEX_BITSET_MATCH_ANY);
    int moved = futexes.requeue(from_key, to_key, move);
    return woken + (expected ? moved : 0);
}

/// FUTEX_WAKE_OP: changes the second word and wakes there, too, where its old value fulfils a condition.
Result<long> wake_op(Task& task, GuestAddr first, GuestAddr second, bool is_private, int count, int count2, std::uint32_t encoded)
{
    TRY(check_address(first));
    TRY(check_address(second));
    auto first_key = TRY(task.mm().futex_key(task, first, is_private));
    auto second_key = TRY(task.mm().futex_key(task, second, is_private));
    auto sign_extended = [](std::uint32_t bits) { return static_cast<std::int32_t>(bits << 20) >> 20; };
    std::uint32_t operation = encoded >> 28 & 7, comparison = encoded >> 24 & 15;
    std::int32_t argument = sign_extended(encoded >> 12 & 0xfff), against = sign_extended(encoded & 0xfff);
    if (encoded >> 28 & FUTEX_OP_OPARG_SHIFT)
        argument = static_cast<std::int32_t>(1U << (argument & 31));
    auto old = TRY(task.copy_in(GuestPtr<std::uint32_t>(second)));
    auto operand = static_cast<std::uint32_t>(argument);
    std::uint32_t changed = 0;
    switch (operation) {
    case FUTEX_OP_SET:
        changed = operand;
        break;
    case FUTEX_OP_ADD:
        changed = old + operand;
        break;
    case FUTEX_OP_OR:
        changed = old | operand;
        break;
    case FUTEX_OP_ANDN:
        changed = old & ~operand;
        break;
    case FUTEX_OP_XOR:
        changed = old ^ operand;
        break;
    default:
        return Errno(ENOSYS);
    }
    auto value = static_cast<std::int32_t>(old);
    bool holds = false;
    switch (comparison) {
    case FUTEX_OP_CMP_EQ:
        holds = value == against;
        break;
    case FUTEX_OP_CMP_NE:
        holds = value != against;
        break;
    case FUTEX_OP_CMP_LT:
        holds = value < against;
        break;
    case FUTEX_OP_CMP_LE:
        holds = value <= against;
        break;
    case FUTEX_OP_CMP_GT:
        holds = value > against;
        break;
    case FUTEX_OP_CMP_GE:
        holds = value >= against;
        break;
    default:
        return Errno(ENOSYS);
    }
    TRY(task.copy_out(GuestPtr<std::uint32_t>(second), changed));
    FutexTable& futexes = task.kernel().futexes();
    int woken = futexes.wake(first_key, count, FUTEX_BITSET_MATCH_ANY);
    if (holds)
        woken += futexes.wake(second_key, count2, FUTEX_BITSET_MATCH_ANY);
    return woken;
}

Result<long> futex(Task& task, GuestPtr<std::uint32_t> uaddr, std::uint32_t op, std::uint32_t val, std::uint64_t timeout, GuestAddr uaddr2, std::uint32_t val3)
{
    bool is_private = (op & FUTEX_PRIVATE_FLAG) != 0;
    std::uint32_t command = op & static_cast<std::uint32_t>(FUTEX_CMD_MASK);
    bool realtime = (op & FUTEX_CLOCK_REALTIME) != 0;
    if (realtime && command != FUTEX_WAIT_BITSET && command != FUTEX_WAIT_REQUEUE_PI && command != FUTEX_LOCK_PI2)
        return Errno(ENOSYS);
    GuestAddr address = uaddr.addr();
    Deadline deadline;
    if (timeout != 0 && (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET)) {
        auto time = TRY(kernel::from_timespec(TRY(task.copy_in(GuestPtr<timespec>(timeout)))));
        bool absolute = command != FUTEX_WAIT;
        deadline = TRY(kernel::monotonic_deadline(task, realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC, time, absolute));
    }
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
    default:
        if (command <= FUTEX_LOCK_PI2) // priority inheritance
            task.recorder().unsupported();
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
    const kernel::Credentials& mine = task.credentials();
    const kernel::Credentials& theirs = target->credentials();
    bool same = mine.fsuid == theirs.euid && mine.fsuid == theirs.suid && mine.fsuid == theirs.uid;
    if (&target->group() != &task.group() && !same && !mine.capable(CAP_SYS_PTRACE))
        return Errno(EPERM);
    TRY(task.copy_out(size, robust_list_head_size));
    TRY(task.copy_out(head, target->robust_list.value()));
    return 0;
}

const Register<SYS_futex, futex> r_futex("priority inheritance");
const Register<SYS_futex_waitv, futex_waitv> r_futex_waitv;
const Register<SYS_set_robust_list, set_robust_list> r_set_robust_list;
const Register<SYS_get_robust_list, get_robust_list> r_get_robust_list;

}

}
