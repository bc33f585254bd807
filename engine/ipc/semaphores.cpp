// Operations on semaphore sets.
#include "engine/ipc/semaphores.h"

#include "engine/kernel/thread_group.h"

#include <algorithm>

namespace ringside::ipc {

struct SemaphoreSet::Pending {
    kernel::Sleeper sleeper;
    kernel::ThreadGroup& group;
    const std::vector<sembuf>& operations;
    bool alters;
    const sembuf* blocking;
    std::optional<Errno> result; ///< 0: done by whoever made it possible
};

SemaphoreSet::Attempt SemaphoreSet::attempt(kernel::ThreadGroup& group, const std::vector<sembuf>& operations)
{
    std::vector<Semaphore> after = semaphores_;
    std::vector<int> adjustment;
    if (auto it = adjustments_.find(&group); it != adjustments_.end())
        adjustment = it->second;
    adjustment.resize(count());
    bool undone = false;
    for (const sembuf& operation : operations) {
        Semaphore& semaphore = after[operation.sem_num];
        if ((operation.sem_op == 0 && semaphore.value != 0) || semaphore.value + operation.sem_op < 0) {
            if (operation.sem_flg & IPC_NOWAIT)
                return {Outcome::refused, Errno(EAGAIN)};
            return {Outcome::would_block, Errno(0), &operation};
        }
        if (semaphore.value + operation.sem_op > semaphore_value_max)
            return {Outcome::refused, Errno(ERANGE)};
        if (operation.sem_flg & SEM_UNDO) {
            int& undo = adjustment[operation.sem_num];
            undo -= operation.sem_op;
            if (undo < -semaphore_value_max - 1 || undo > semaphore_value_max)
                return {Outcome::refused, Errno(ERANGE)};
            undone = true;
        }
        semaphore.value += operation.sem_op;
        semaphore.pid = group.tgid();
    }
    semaphores_ = std::move(after);
    if (undone)
        adjustments_[&group] = std::move(adjustment);
    operated_ = seconds_now();
    return {Outcome::done};
}

void SemaphoreSet::update()
{
    // Who waits for zero comes first after each change, then the others in the order of their coming (do_smart_update).
    for (bool again = true; again;) {
        again = false;
        for (bool alters : {false, true}) {
            for (auto it = pending_.begin(); it != pending_.end() && !again;) {
                Pending* pending = *it;
                Attempt tried = pending->alters == alters ? attempt(pending->group, pending->operations) : Attempt {Outcome::would_block, Errno(0), pending->blocking};
                if (tried.outcome == Outcome::would_block) {
                    pending->blocking = tried.blocking;
                    ++it;
                    continue;
                }
                it = pending_.erase(it);
                pending->result = tried.error;
                pending->sleeper.wake();
                again = alters && tried.outcome == Outcome::done;
            }
        }
    }
}

Result<void> SemaphoreSet::operate(Task& task, const std::vector<sembuf>& operations, std::optional<kernel::Nanoseconds> deadline)
{
    bool alters = false;
    for (const sembuf& operation : operations) {
        if (operation.sem_num >= count())
            return Errno(EFBIG);
        alters = alters || operation.sem_op != 0;
    }
    TRY(check_access(task, *this, alters ? 0222 : 0444));
    Attempt first = attempt(task.group(), operations);
    if (first.outcome == Outcome::refused)
        return first.error;
    if (first.outcome == Outcome::done) {
        if (alters)
            update();
        return {};
    }
    Ref<SemaphoreSet> keep(this);
    Pending pending {.sleeper = kernel::Sleeper(task), .group = task.group(), .operations = operations, .alters = alters, .blocking = first.blocking, .result = {}};
    pending_.push_back(&pending);
    auto slept = pending.sleeper.sleep(deadline);
    if (pending.result)
        return pending.result->value() == 0 ? Result<void>() : Result<void>(*pending.result);
    pending_.remove(&pending);
    return Errno(slept.error() == ETIMEDOUT ? EAGAIN : EINTR); // never restarted (man 7 signal)
}

int SemaphoreSet::waiting(std::size_t index, bool for_zero) const
{
    return static_cast<int>(std::count_if(pending_.begin(), pending_.end(), [&](const Pending* pending) {
        return pending->blocking && pending->blocking->sem_num == index && (pending->blocking->sem_op == 0) == for_zero;
    }));
}

void SemaphoreSet::set(Task& task, std::size_t index, int value)
{
    for (auto& [group, adjustment] : adjustments_)
        adjustment[index] = 0;
    semaphores_[index] = {value, task.group().tgid()};
    changed = seconds_now();
}

void SemaphoreSet::destroy()
{
    for (Pending* pending : std::exchange(pending_, {})) {
        pending->result = Errno(EIDRM);
        pending->sleeper.wake();
    }
    adjustments_.clear();
}

void SemaphoreSet::undo(kernel::ThreadGroup& group)
{
    auto it = adjustments_.find(&group);
    if (it == adjustments_.end())
        return;
    for (std::size_t index = 0; index < count(); ++index) {
        if (it->second[index] == 0)
            continue;
        // Clamped, as exit_sem does: what else could a dead process be told?
        semaphores_[index].value = std::clamp(semaphores_[index].value + it->second[index], 0, semaphore_value_max);
        semaphores_[index].pid = group.tgid();
    }
    adjustments_.erase(it);
    operated_ = seconds_now();
    update();
}

}
