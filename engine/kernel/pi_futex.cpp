// Locks that inherit priority.

#include "engine/kernel/pi_futex.h"

#include "engine/kernel/kernel.h"

#include <linux/futex.h>

namespace ringside::kernel {

namespace {

std::uint32_t id_of(const Task& task)
{
    return static_cast<std::uint32_t>(task.tid());
}

}

Result<bool> PiFutexes::acquire(Task& task, Task& to, const Key& key, Word word, bool waiters)
{
    for (;;) {
        std::uint32_t value = TRY(task.copy_in(word));
        std::uint32_t owner_id = value & FUTEX_TID_MASK;
        if (owner_id == id_of(to))
            return Errno(EDEADLK);
        if (auto lock = locks_.find(key); lock != locks_.end()) {
            if (!lock->second.word_is_old && id_of(*lock->second.owner) != owner_id)
                return Errno(EINVAL);
            return false;
        }
        if (owner_id == 0) {
            std::uint32_t taken = (value & FUTEX_OWNER_DIED) | id_of(to) | (waiters ? FUTEX_WAITERS : 0);
            if (TRY(task.compare_exchange(word, value, taken)) == value)
                return true;
            continue;
        }
        if (TRY(task.compare_exchange(word, value, value | FUTEX_WAITERS)) != value)
            continue;
        Task* owner = task.kernel().processes().task(static_cast<Pid>(owner_id));
        if (owner && !owner->left_futexes) {
            locks_.try_emplace(key, Lock {.owner = owner, .line = {}});
            return false;
        }
        // It ended: its robust list may have been walked since the word was read.
        if (TRY(task.copy_in(word)) == (value | FUTEX_WAITERS))
            return Errno(ESRCH);
    }
}

bool PiFutexes::would_deadlock(const Task& owner, const Task& waiter) const
{
    const Task* at = &owner;
    for (std::size_t steps = 0; at && steps <= locks_.size(); ++steps) {
        if (at == &waiter)
            return true;
        const Task* next = nullptr;
        for (const auto& [key, lock] : locks_)
            for (const Waiter* standing : lock.line)
                if (&standing->sleeper.task() == at)
                    next = lock.owner;
        at = next;
    }
    return false;
}

Result<void> PiFutexes::stand_in(Waiter& waiter, Task& owner)
{
    Lock& lock = locks_.try_emplace(waiter.key, Lock {.owner = &owner, .line = {}}).first->second;
    if (would_deadlock(*lock.owner, waiter.sleeper.task())) {
        forget_idle(waiter.key);
        return Errno(EDEADLK);
    }
    lock.line.push_back(&waiter);
    waiter.stands = true;
    return {};
}

void PiFutexes::forget_idle(const Key& key)
{
    auto lock = locks_.find(key);
    if (lock != locks_.end() && lock->second.line.empty() && !lock->second.word_is_old)
        locks_.erase(lock);
}

void PiFutexes::hand_to_next(Locks::iterator lock, bool owner_died)
{
    Waiter& next = *lock->second.line.front();
    lock->second.line.pop_front();
    lock->second.owner = &next.sleeper.task();
    lock->second.word_is_old = owner_died;
    next.stands = false;
    next.acquired = true;
    next.owner_died = owner_died;
    next.sleeper.wake();
    forget_idle(Key(lock->first));
}

Result<void> PiFutexes::lock(Task& task, const Key& key, Word word, std::optional<Nanoseconds> deadline, bool only_try)
{
    if (TRY(acquire(task, task, key, word, false)))
        return {};
    if (only_try) {
        forget_idle(key);
        return Errno(EAGAIN);
    }
    Sleeper sleeper(task);
    Waiter waiter {.sleeper = sleeper, .key = key};
    TRY(stand_in(waiter, *locks_.at(key).owner));
    Result<void> slept;
    while (!waiter.acquired && slept.ok())
        slept = sleeper.sleep(deadline);
    auto got = after_sleep(task, waiter, word, slept);
    return !got.ok() && got.error() == ERESTARTSYS ? Errno(ERESTARTNOINTR) : got;
}

Result<void> PiFutexes::after_sleep(Task& task, Waiter& waiter, Word word, const Result<void>& slept)
{
    if (!waiter.acquired) {
        if (waiter.stands)
            locks_.at(waiter.key).line.remove(&waiter);
        forget_idle(waiter.key);
        return slept.ok() ? Result<void>(Errno(EAGAIN)) : slept;
    }
    if (!waiter.owner_died)
        return {};
    Result<void> written;
    for (std::uint32_t value = 0;;) {
        auto found = task.compare_exchange(word, value, FUTEX_OWNER_DIED | FUTEX_WAITERS | id_of(task));
        if (!found.ok())
            written = found.error();
        if (!found.ok() || found.value() == value)
            break;
        value = found.value();
    }
    // It may have ended, or been taken from meanwhile: then the word is another's.
    if (auto lock = locks_.find(waiter.key); lock != locks_.end() && lock->second.owner == &task)
        lock->second.word_is_old = false;
    forget_idle(waiter.key);
    return written;
}

Result<void> PiFutexes::unlock(Task& task, const Key& key, Word word)
{
    for (;;) {
        std::uint32_t value = TRY(task.copy_in(word));
        if ((value & FUTEX_TID_MASK) != id_of(task))
            return Errno(EPERM);
        // Nothing new: but from here on the word's page is there to be written, and who is next stays so.
        if (TRY(task.compare_exchange(word, value, value)) != value)
            continue;
        auto lock = locks_.find(key);
        bool waited_for = lock != locks_.end() && !lock->second.line.empty();
        if (waited_for && lock->second.owner != &task)
            return Errno(EINVAL);
        std::uint32_t next = waited_for ? FUTEX_WAITERS | id_of(lock->second.line.front()->sleeper.task()) : 0;
        std::uint32_t found = TRY(task.compare_exchange(word, value, next));
        if (found != value) {
            if (waited_for && (value | FUTEX_WAITERS) != found)
                return Errno(EINVAL);
            continue;
        }
        if (waited_for)
            hand_to_next(lock, false);
        return {};
    }
}

void PiFutexes::owner_gone(Task& task)
{
    for (auto lock = locks_.begin(); lock != locks_.end();) {
        auto here = lock++; // it may be forgotten
        if (here->second.owner != &task)
            continue;
        if (here->second.line.empty())
            locks_.erase(here);
        else
            hand_to_next(here, true);
    }
}

}
