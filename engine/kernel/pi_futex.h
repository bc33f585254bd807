// Futexes that inherit priority: the word holds the owner's tid, and the kernel hands the lock from one to the next. man 2 futex,
// kernel/futex/pi.c. Who waits is served first come first; priorities are the host's. A lock is known here while somebody waits for it.
#pragma once

#include "engine/kernel/task.h"
#include "engine/mm/address_space.h"

#include <list>
#include <map>

namespace ringside::kernel {

class PiFutexes {
public:
    using Key = mm::AddressSpace::FutexKey;
    using Word = GuestPtr<std::uint32_t>;

    /// One who waits, or who will when it is requeued from another futex.
    struct Waiter {
        Sleeper& sleeper;
        Key key;
        bool stands = false;     ///< in the lock's line
        bool acquired = false;   ///< it is the owner, and the word says so,
        bool owner_died = false; ///< but where the one before has died: then it has to write it
    };

    PiFutexes() = default;
    /// FUTEX_LOCK_PI, FUTEX_LOCK_PI2, FUTEX_TRYLOCK_PI. EDEADLK, ESRCH: the word's owner is not there, EINVAL: the word is not what the lock is,
    /// EAGAIN: a try that failed, ETIMEDOUT, ERESTARTNOINTR, EFAULT.
    Result<void> lock(Task& task, const Key& key, Word word, std::optional<Nanoseconds> deadline, bool only_try);
    /// FUTEX_UNLOCK_PI. EPERM: it is another's, EINVAL, EFAULT.
    Result<void> unlock(Task& task, const Key& key, Word word);
    /// Gives the lock to `to`, or says that it has to wait: then there is a lock to stand in. `waiters`: others will wait for it at once.
    /// Called by `task`, in whose memory the word is. Errors as lock().
    Result<bool> acquire(Task& task, Task& to, const Key& key, Word word, bool waiters);
    /// In line for the key's lock, whose owner is `owner` where it is not known yet. EDEADLK.
    Result<void> stand_in(Waiter& waiter, Task& owner);
    /// What acquire() may have made and nobody waits for.
    void forget_idle(const Key& key);
    /// After its sleep: it has the lock, or is in no line any more and the error says why.
    Result<void> after_sleep(Task& task, Waiter& waiter, Word word, const Result<void>& slept);
    /// A task ends, or executes another program: who waits for its locks gets them.
    void owner_gone(Task& task);

private:
    struct Lock {
        Task* owner;
        bool word_is_old = false; ///< the new owner has yet to write it
        std::list<Waiter*> line;
    };
    using Locks = std::map<Key, Lock>;
    bool would_deadlock(const Task& owner, const Task& waiter) const;
    void hand_to_next(Locks::iterator lock, bool owner_died);
    Locks locks_;
};

}
