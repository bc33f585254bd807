// Record locks (fs/locks.c).
#include "engine/fs/locks.h"

#include "engine/fs/kernel_state.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"

#include <algorithm>

namespace ringside::fs {

namespace {

bool overlap(const LockTable::Lock& a, const LockTable::Lock& b)
{
    return a.start < b.end && b.start < a.end;
}

}

const LockTable::Lock* LockTable::conflict(const Lock& lock) const
{
    for (const Lock& held : locks_)
        if (held.owner != lock.owner && overlap(held, lock) && (held.exclusive || lock.exclusive))
            return &held;
    return nullptr;
}

void LockTable::apply(const Lock& lock, bool unlock)
{
    std::vector<Lock> kept;
    Lock merged = lock;
    for (const Lock& held : locks_) {
        if (held.owner != lock.owner) {
            kept.push_back(held);
            continue;
        }
        bool same_kind = !unlock && held.exclusive == lock.exclusive;
        if (same_kind && held.start <= merged.end && merged.start <= held.end) {
            merged.start = std::min(merged.start, held.start);
            merged.end = std::max(merged.end, held.end);
            continue;
        }
        if (!overlap(held, lock)) {
            kept.push_back(held);
            continue;
        }
        if (held.start < lock.start)
            kept.push_back({held.owner, held.pid, held.exclusive, held.start, lock.start});
        if (held.end > lock.end)
            kept.push_back({held.owner, held.pid, held.exclusive, lock.end, held.end});
    }
    if (!unlock)
        kept.push_back(merged);
    std::ranges::sort(kept, {}, &Lock::start);
    locks_ = std::move(kept);
    queue_.wake_all();
}

Result<void> LockTable::set(Task& task, Lock lock, bool unlock, bool wait)
{
    while (!unlock) {
        const Lock* other = conflict(lock);
        if (!other)
            break;
        if (!wait)
            return Errno(EAGAIN);
        auto& waits = task.kernel().fs->lock_waits;
        bool of_process = lock.pid != -1 && other->pid != -1;
        if (of_process) {
            for (auto next = waits.find(other->owner); next != waits.end(); next = waits.find(next->second))
                if (next->second == lock.owner)
                    return Errno(EDEADLK);
            waits[lock.owner] = other->owner;
        }
        auto waited = queue_.wait(task);
        waits.erase(lock.owner);
        TRY(std::move(waited));
    }
    apply(lock, unlock);
    return {};
}

void LockTable::release(const void* owner)
{
    auto removed = std::erase_if(locks_, [owner](const Lock& lock) { return lock.owner == owner; });
    removed += std::erase_if(flocks_, [owner](const Lock& lock) { return lock.owner == owner; });
    if (removed > 0)
        queue_.wake_all();
}

Result<void> LockTable::flock(Task& task, const void* owner, bool exclusive, bool wait)
{
    // A lock that changes its kind is given up first: others may come between (man 2 flock).
    auto held = std::ranges::find(flocks_, owner, &Lock::owner);
    if (held != flocks_.end()) {
        if (held->exclusive == exclusive)
            return {};
        unlock(owner);
    }
    auto stands_in_the_way = [exclusive](const Lock& other) { return exclusive || other.exclusive; };
    while (std::ranges::any_of(flocks_, stands_in_the_way)) {
        if (!wait)
            return Errno(EAGAIN);
        TRY(queue_.wait(task));
    }
    flocks_.push_back({owner, 0, exclusive, 0, ~std::uint64_t {0}});
    return {};
}

void LockTable::unlock(const void* owner)
{
    if (std::erase_if(flocks_, [owner](const Lock& lock) { return lock.owner == owner; }) > 0)
        queue_.wake_all();
}

}
