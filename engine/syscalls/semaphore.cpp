// System V semaphores: semget(2), semop(2), semtimedop(2), semctl(2).
#include "engine/ipc/state.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"
#include "engine/syscalls/handler.h"

namespace ringside::syscalls {

namespace {

using ipc::SemaphoreSet;

ipc::Table<SemaphoreSet>& table(Task& task)
{
    return ipc::state(task.kernel()).semaphores;
}

long all_semaphores(Task& task)
{
    long sum = 0;
    for (const auto& [place, set] : table(task).objects())
        sum += static_cast<long>(set->count());
    return sum;
}

Result<long> semget(Task& task, key_t key, int count, int flags)
{
    if (count < 0 || count > ipc::semaphores_max)
        return Errno(EINVAL);
    auto create = [&]() -> Result<long> {
        if (count == 0)
            return Errno(EINVAL);
        if (all_semaphores(task) + count > ipc::semaphores_all)
            return Errno(ENOSPC);
        auto set = make_ref<SemaphoreSet>(static_cast<std::size_t>(count));
        ipc::own(task, *set, key, flags);
        return TRY(table(task).add(set, ipc::semaphore_sets_max));
    };
    return ipc::get(task, table(task), key, flags, create, [&](const SemaphoreSet& set) {
        return static_cast<std::size_t>(count) > set.count() ? Result<void>(Errno(EINVAL)) : Result<void>();
    });
}

Result<long> operate(Task& task, int id, GuestPtr<sembuf> operations, std::uint64_t count, std::optional<kernel::Nanoseconds> deadline)
{
    if (count > ipc::semaphore_operations_max)
        return Errno(E2BIG);
    if (count < 1)
        return Errno(EINVAL);
    auto list = TRY(task.copy_in_array(operations, count));
    Ref<SemaphoreSet> set = TRY(table(task).find(id));
    TRY(set->operate(task, list, deadline));
    return 0;
}

Result<long> semop(Task& task, int id, GuestPtr<sembuf> operations, std::uint64_t count)
{
    return operate(task, id, operations, count & 0xffffffff, {});
}

Result<long> semtimedop(Task& task, int id, GuestPtr<sembuf> operations, std::uint64_t count, GuestPtr<timespec> timeout)
{
    std::optional<kernel::Nanoseconds> deadline;
    if (!timeout.is_null()) {
        auto time = TRY(kernel::from_timespec(TRY(task.copy_in(timeout))));
        deadline = TRY(kernel::monotonic_deadline(task, CLOCK_MONOTONIC, time, false));
    }
    return operate(task, id, operations, count & 0xffffffff, deadline);
}

Result<long> info(Task& task, int command, GuestAddr to)
{
    seminfo limits {};
    limits.semmni = ipc::semaphore_sets_max;
    limits.semmns = static_cast<int>(ipc::semaphores_all);
    limits.semmsl = ipc::semaphores_max;
    limits.semopm = static_cast<int>(ipc::semaphore_operations_max);
    limits.semvmx = ipc::semaphore_value_max;
    limits.semmnu = static_cast<int>(ipc::semaphores_all);
    limits.semmap = static_cast<int>(ipc::semaphores_all);
    limits.semume = static_cast<int>(ipc::semaphore_operations_max);
    if (command == SEM_INFO) {
        limits.semusz = static_cast<int>(table(task).objects().size());
        limits.semaem = static_cast<int>(all_semaphores(task));
    } else {
        limits.semusz = 20; // SEMUSZ, of no meaning
        limits.semaem = ipc::semaphore_value_max;
    }
    TRY(task.copy_out(GuestPtr<seminfo>(to), limits));
    return table(task).highest();
}

Result<long> stat(Task& task, int id, int command, GuestAddr to)
{
    Ref<SemaphoreSet> set = TRY(ipc::find_for_stat(task, table(task), id, command, command == SEM_STAT_ANY));
    semid_ds result {};
    result.sem_perm = set->perm;
    result.sem_otime = set->operated();
    result.sem_ctime = set->changed;
    result.sem_nsems = set->count();
    TRY(task.copy_out(GuestPtr<semid_ds>(to), result));
    return command == IPC_STAT ? 0 : set->id;
}

Result<long> all_values(Task& task, SemaphoreSet& set, int command, GuestAddr at)
{
    TRY(ipc::check_access(task, set, command == SETALL ? 0222 : 0444));
    if (command == GETALL) {
        std::vector<std::uint16_t> values(set.count());
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<std::uint16_t>(set.value(i));
        TRY(task.copy_out(at, std::as_bytes(std::span(values))));
        return 0;
    }
    auto values = TRY(task.copy_in_array(GuestPtr<std::uint16_t>(at), set.count()));
    for (std::uint16_t value : values)
        if (value > ipc::semaphore_value_max)
            return Errno(ERANGE);
    for (std::size_t i = 0; i < values.size(); ++i)
        set.set(task, i, values[i]);
    set.update();
    return 0;
}

Result<long> one_value(Task& task, SemaphoreSet& set, int number, int command, std::uint64_t argument)
{
    auto index = static_cast<std::size_t>(number);
    bool outside = number < 0 || index >= set.count();
    if (command == SETVAL) {
        if (outside)
            return Errno(EINVAL);
        TRY(ipc::check_access(task, set, 0222));
        set.set(task, index, static_cast<int>(argument));
        set.update();
        return 0;
    }
    TRY(ipc::check_access(task, set, 0444));
    if (outside)
        return Errno(EINVAL);
    switch (command) {
    case GETVAL:
        return set.value(index);
    case GETPID:
        return set.last_pid(index);
    default:
        return set.waiting(index, command == GETZCNT);
    }
}

Result<long> control(Task& task, int id, int command, GuestAddr at)
{
    ipc_perm wanted {};
    if (command == IPC_SET)
        wanted = TRY(task.copy_in(GuestPtr<semid_ds>(at))).sem_perm;
    Ref<SemaphoreSet> set = TRY(ipc::find_own(task, table(task), id));
    if (command == IPC_SET) {
        ipc::set_permissions(*set, wanted);
    } else {
        table(task).remove(*set);
        set->destroy();
    }
    return 0;
}

Result<long> semctl(Task& task, int id, int number, int command, std::uint64_t argument)
{
    if (id < 0)
        return Errno(EINVAL);
    GuestAddr at(argument);
    switch (command) {
    case IPC_INFO:
    case SEM_INFO:
        return info(task, command, at);
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY:
        return stat(task, id, command, at);
    case GETALL:
    case SETALL:
        return all_values(task, *TRY(table(task).find(id)), command, at);
    case SETVAL:
        if (static_cast<int>(argument) < 0 || static_cast<int>(argument) > ipc::semaphore_value_max)
            return Errno(ERANGE);
        [[fallthrough]];
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
        return one_value(task, *TRY(table(task).find(id)), number, command, argument);
    case IPC_SET:
    case IPC_RMID:
        return control(task, id, command, at);
    default:
        return Errno(EINVAL);
    }
}

const Register<SYS_semget, semget> r_semget;
const Register<SYS_semop, semop> r_semop;
const Register<SYS_semtimedop, semtimedop> r_semtimedop;
const Register<SYS_semctl, semctl> r_semctl;

}

}
