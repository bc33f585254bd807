// Futexes: fast user-space locks' slow path. man 2 futex. Keyed by what memory a word is in, so that processes that share it meet.
#pragma once

#include "engine/kernel/pi_futex.h"
#include "engine/kernel/task.h"
#include "engine/mm/address_space.h"

#include <list>
#include <map>
#include <span>

namespace ringside::kernel {

class FutexTable {
public:
    using Key = mm::AddressSpace::FutexKey;
    FutexTable() = default;
    ~FutexTable();

    /// Sleeps on the key until it is woken with a bit of `bitset`. ERESTARTSYS, ETIMEDOUT.
    Result<void> wait(Task& task, const Key& key, std::uint32_t bitset, std::optional<Nanoseconds> deadline);
    /// Sleeps on all the keys until one is woken: which of them; of several the last. ERESTARTSYS, ETIMEDOUT.
    Result<std::size_t> wait_any(Task& task, std::span<const Key> keys, std::uint32_t bitset, std::optional<Nanoseconds> deadline);
    /// Wakes up to `count`, first come first. How many. EINVAL where one waits to be moved to a lock.
    Result<int> wake(const Key& key, int count, std::uint32_t bitset);
    /// Moves up to `count` sleepers to another key. How many. EINVAL likewise.
    Result<int> requeue(const Key& from, const Key& to, int count);

    PiFutexes& locks() { return locks_; }
    /// FUTEX_WAIT_REQUEUE_PI: sleeps until it is moved to the lock of `to`, its word `word`, and has got it. ETIMEDOUT, ERESTARTNOINTR, EAGAIN:
    /// a signal came when it had been moved.
    Result<void> wait_for_lock(Task& task, const Key& from, const Key& to, PiFutexes::Word word, std::optional<Nanoseconds> deadline);
    /// FUTEX_CMP_REQUEUE_PI, but for the comparison: the first gets the lock if it is free, up to `count` others wait for it. How many in all. EINVAL
    /// where one waits for something else; errors of PiFutexes::acquire.
    Result<int> requeue_to_lock(Task& task, const Key& from, const Key& to, PiFutexes::Word word, int count);

private:
    struct Waiting;
    void leave(Waiting& waiting);
    using Line = std::list<Waiting*>;
    std::map<Key, Line> lines_;
    PiFutexes locks_;
};

/// FUTEX_WAKE at an address of the task. How many were woken.
Result<int> futex_wake(Task& task, GuestAddr address, bool is_private, int count, std::uint32_t bitset);
/// A thread ends, or executes another program: those of its locks that its robust list names are marked FUTEX_OWNER_DIED, and who waits for one
/// gets it (futex_exit_release in kernel/futex/core.c).
void leave_futexes(Task& task);

}
