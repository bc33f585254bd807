// Futexes: fast user-space locks' slow path. man 2 futex. Keyed by what memory a word is in, so that processes that share it meet.
#pragma once

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
    /// Wakes up to `count`, first come first. How many.
    int wake(const Key& key, int count, std::uint32_t bitset);
    /// Moves up to `count` sleepers to another key. How many.
    int requeue(const Key& from, const Key& to, int count);

private:
    struct Waiting;
    void leave(Waiting& waiting);
    using Line = std::list<Waiting*>;
    std::map<Key, Line> lines_;
};

/// FUTEX_WAKE at an address of the task. How many were woken.
Result<int> futex_wake(Task& task, GuestAddr address, bool is_private, int count, std::uint32_t bitset);
/// The locks that an ending thread holds are marked FUTEX_OWNER_DIED and one waiter each is woken (kernel/futex/core.c).
void walk_robust_list(Task& task);

}
