// Futex queues, and robust lists at a thread's end.

#include "engine/kernel/futex.h"

#include "engine/kernel/kernel.h"

#include <linux/futex.h>
#include <algorithm>

namespace ringside::kernel {

struct FutexTable::Waiting {
    Sleeper& sleeper;
    Key key;
    std::uint32_t bitset;
    PiFutexes::Waiter* lock = nullptr; ///< what it waits to be moved to
    bool woken = false;
};

FutexTable::~FutexTable() = default;

Result<void> FutexTable::wait(Task& task, const Key& key, std::uint32_t bitset, std::optional<Nanoseconds> deadline)
{
    (void)TRY(wait_any(task, std::span(&key, 1), bitset, deadline));
    return {};
}

Result<std::size_t> FutexTable::wait_any(Task& task, std::span<const Key> keys, std::uint32_t bitset, std::optional<Nanoseconds> deadline)
{
    Sleeper sleeper(task);
    std::vector<Waiting> waiting;
    waiting.reserve(keys.size()); // the lines point at them
    for (const Key& key : keys)
        lines_[key].push_back(&waiting.emplace_back(Waiting {.sleeper = sleeper, .key = key, .bitset = bitset}));
    auto slept = sleeper.sleep(deadline);
    // A wake-up was counted by its waker, whatever else ended the sleep. Of several the last place is told (unqueue_multiple).
    std::optional<std::size_t> woken;
    for (std::size_t i = 0; i < waiting.size(); ++i)
        if (waiting[i].woken)
            woken = i;
        else
            leave(waiting[i]);
    if (woken)
        return *woken;
    TRY(slept);
    return Errno(EAGAIN); // not reached: a sleep that is not broken off ends by a wake-up
}

void FutexTable::leave(Waiting& waiting)
{
    auto line = lines_.find(waiting.key);
    line->second.remove(&waiting);
    if (line->second.empty())
        lines_.erase(line);
}

Result<int> FutexTable::wake(const Key& key, int count, std::uint32_t bitset)
{
    auto line = lines_.find(key);
    if (line == lines_.end())
        return 0;
    int woken = 0;
    for (auto it = line->second.begin(); it != line->second.end() && woken < count;) {
        Waiting* waiting = *it;
        if (waiting->lock)
            return Errno(EINVAL);
        if (!(waiting->bitset & bitset)) {
            ++it;
            continue;
        }
        it = line->second.erase(it);
        waiting->woken = true;
        waiting->sleeper.wake();
        ++woken;
    }
    if (line->second.empty())
        lines_.erase(line);
    return woken;
}

Result<int> FutexTable::requeue(const Key& from, const Key& to, int count)
{
    auto line = lines_.find(from);
    if (line == lines_.end() || from == to)
        return 0;
    int moved = 0;
    Line& target = lines_[to];
    bool wrong = false;
    while (!line->second.empty() && moved < count) {
        wrong = line->second.front()->lock != nullptr;
        if (wrong)
            break;
        line->second.front()->key = to;
        target.splice(target.end(), line->second, line->second.begin());
        ++moved;
    }
    if (line->second.empty())
        lines_.erase(line);
    if (target.empty())
        lines_.erase(to);
    return wrong ? Result<int>(Errno(EINVAL)) : moved;
}

Result<void> FutexTable::wait_for_lock(Task& task, const Key& from, const Key& to, PiFutexes::Word word, std::optional<Nanoseconds> deadline)
{
    Sleeper sleeper(task);
    PiFutexes::Waiter lock {.sleeper = sleeper, .key = to};
    Waiting waiting {.sleeper = sleeper, .key = from, .bitset = FUTEX_BITSET_MATCH_ANY, .lock = &lock};
    lines_[from].push_back(&waiting);
    Result<void> slept;
    while (!lock.acquired && slept.ok())
        slept = sleeper.sleep(deadline);
    if (lock.acquired || waiting.woken) {
        auto got = locks_.after_sleep(task, lock, word, slept);
        return !got.ok() && got.error() == ERESTARTSYS ? Errno(EAGAIN) : got;
    }
    leave(waiting);
    return slept.error() == ERESTARTSYS ? Errno(ERESTARTNOINTR) : slept.error();
}

Result<int> FutexTable::requeue_to_lock(Task& task, const Key& from, const Key& to, PiFutexes::Word word, int count)
{
    std::uint32_t value = TRY(task.copy_in(word));
    TRY(task.compare_exchange(word, value, value)); // the page is there from here on: nothing below waits, and the line stays as it is
    auto line = lines_.find(from);
    if (line == lines_.end())
        return 0;
    auto fits = [&](const Waiting& waiting) { return waiting.lock && waiting.lock->key == to; };
    Waiting& first = *line->second.front();
    if (!fits(first))
        return Errno(EINVAL);
    Task& owner = first.sleeper.task();
    int moved = 0;
    auto take_first = [&] {
        line->second.front()->woken = true;
        line->second.pop_front();
        ++moved;
    };
    if (TRY(locks_.acquire(task, owner, to, word, count > 0))) {
        take_first();
        first.lock->acquired = true;
        first.sleeper.wake();
    }
    Result<void> trouble;
    while (!line->second.empty() && moved - 1 < count) {
        Waiting& next = *line->second.front();
        trouble = fits(next) ? locks_.stand_in(*next.lock, owner) : Result<void>(Errno(EINVAL));
        if (!trouble.ok())
            break;
        take_first();
    }
    if (line->second.empty())
        lines_.erase(line);
    locks_.forget_idle(to);
    TRY(trouble);
    return moved;
}

Result<int> futex_wake(Task& task, GuestAddr address, bool is_private, int count, std::uint32_t bitset)
{
    auto key = TRY(task.mm().futex_key(task, address, is_private));
    return task.kernel().futexes().wake(key, count, bitset);
}

namespace {

constexpr int robust_list_limit = 2048; // ROBUST_LIST_LIMIT

/// One lock of a robust list: 32 bits with the owner's tid.
void owner_died(Task& task, GuestAddr word, bool inherits, bool pending)
{
    if (word.value() % 4 != 0)
        return;
    auto value = task.copy_in(GuestPtr<std::uint32_t>(word));
    if (!value.ok())
        return;
    // The owner may have died between taking it away from itself and waking: wake for it (handle_futex_death).
    if (pending && !inherits && value.value() == 0) {
        (void)futex_wake(task, word, false, 1, ~0U);
        return;
    }
    // Others may set their bit meanwhile.
    for (std::uint32_t expected = value.value(); (expected & FUTEX_TID_MASK) == static_cast<std::uint32_t>(task.tid());) {
        auto found = task.compare_exchange(GuestPtr<std::uint32_t>(word), expected, (expected & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
        if (!found.ok())
            return;
        if (found.value() == expected) {
            if (!inherits && (expected & FUTEX_WAITERS)) // a lock that inherits is handed on by PiFutexes::owner_gone
                (void)futex_wake(task, word, false, 1, ~0U);
            return;
        }
        expected = found.value();
    }
}

/// The locks that an ending thread holds are marked FUTEX_OWNER_DIED and one waiter each is woken (kernel/futex/core.c).
void walk_robust_list(Task& task)
{
    GuestAddr head = task.robust_list;
    task.robust_list = {};
    if (head.is_null())
        return;
    struct Head {
        std::uint64_t next;
        std::int64_t offset;
        std::uint64_t pending;
    };
    auto list = task.copy_in(GuestPtr<Head>(head));
    if (!list.ok())
        return;
    constexpr std::uint64_t pi_bit = 1;
    auto word_of = [&](std::uint64_t entry) { return GuestAddr((entry & ~pi_bit) + static_cast<std::uint64_t>(list.value().offset)); };
    std::uint64_t pending = list.value().pending;
    std::uint64_t entry = list.value().next;
    for (int i = 0; (entry & ~pi_bit) != head.value() && i < robust_list_limit; ++i) {
        // Read the next before this one is let go: its owner-to-be may change it.
        auto next = task.copy_in(GuestPtr<std::uint64_t>(entry & ~pi_bit));
        if (entry != pending)
            owner_died(task, word_of(entry), (entry & pi_bit) != 0, false);
        if (!next.ok())
            return;
        entry = next.value();
    }
    if (pending & ~pi_bit)
        owner_died(task, word_of(pending), (pending & pi_bit) != 0, true);
}

}

void leave_futexes(Task& task)
{
    walk_robust_list(task);
    task.kernel().futexes().locks().owner_gone(task);
}

}
