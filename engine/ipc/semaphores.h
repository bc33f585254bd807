// System V semaphores (ipc/sem.c): sets whose operations happen all at once or not at all, and are undone at a process' end.
#pragma once

#include "engine/ipc/ids.h"

#include <sys/sem.h>

namespace ringside::ipc {

constexpr int semaphores_max = 32000;      // SEMMSL
constexpr int semaphore_sets_max = 32000;  // SEMMNI
constexpr long semaphores_all = 1024000000; // SEMMNS
constexpr std::size_t semaphore_operations_max = 500; // SEMOPM
constexpr int semaphore_value_max = 32767; // SEMVMX

class SemaphoreSet final : public Object {
public:
    explicit SemaphoreSet(std::size_t count) : semaphores_(count) { }
    std::size_t count() const { return semaphores_.size(); }
    std::int64_t operated() const { return operated_; }

    /// semtimedop(2) after its checks of arguments. EAGAIN, EFBIG, EIDRM, EINTR, ERANGE, EACCES.
    Result<void> operate(Task& task, const std::vector<sembuf>& operations, std::optional<kernel::Nanoseconds> deadline);
    int value(std::size_t index) const { return semaphores_[index].value; }
    kernel::Pid last_pid(std::size_t index) const { return semaphores_[index].pid; }
    /// GETNCNT, GETZCNT: who waits for more, or for zero.
    int waiting(std::size_t index, bool for_zero) const;
    /// SETVAL, SETALL: what was to be undone is forgotten.
    void set(Task& task, std::size_t index, int value);
    /// IPC_RMID: sleepers end with EIDRM.
    void destroy();
    /// SEM_UNDO at a process' end.
    void undo(kernel::ThreadGroup& group);
    /// Lets those go on whose operations are possible now.
    void update();

private:
    struct Semaphore {
        int value = 0;
        kernel::Pid pid = 0;
    };
    struct Pending;
    enum class Outcome { done, would_block, refused };
    struct Attempt {
        Outcome outcome;
        Errno error {0};
        const sembuf* blocking = nullptr;
    };
    Attempt attempt(kernel::ThreadGroup& group, const std::vector<sembuf>& operations);
    std::vector<Semaphore> semaphores_;
    std::list<Pending*> pending_;
    std::map<kernel::ThreadGroup*, std::vector<int>> adjustments_;
    std::int64_t operated_ = 0;
};

}
