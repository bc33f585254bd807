// Memory barriers for others. (man 2 membarrier, kernel/sched/membarrier.c)
#include "guest_test.h"

#include <atomic>
#include <linux/membarrier.h>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace {

long membarrier(int command, unsigned flags = 0)
{
    return syscall(SYS_membarrier, command, flags, 0);
}

} // namespace

GUEST_TEST("the usual commands are there; the private ones want to be registered for")
{
    long all = membarrier(MEMBARRIER_CMD_QUERY);
    constexpr long usual = 0x7f; // newer kernels have more
    expect_eq(usual, all & usual);
    expect_errno(EINVAL, membarrier(MEMBARRIER_CMD_QUERY, 1));
    expect_errno(EINVAL, membarrier(MEMBARRIER_CMD_GLOBAL, 1));
    expect_errno(EINVAL, membarrier(3));
    expect_errno(EINVAL, membarrier(-1));
    expect_errno(EPERM, membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    expect_errno(EPERM, membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE));
    expect_eq(0, membarrier(MEMBARRIER_CMD_GLOBAL));
    expect_eq(0, membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED));
    expect_eq(0, membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED));
    expect_eq(0, membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED));
    expect_eq(0, membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
    expect_errno(EPERM, membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE));
    expect_eq(0, membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE));
    expect_eq(0, membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE));
    guest::note(guest::describe(guest::wait_for(guest::in_child([] { return membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0 ? 0 : 1; }))));
}

GUEST_TEST("a store before the barrier, or the other thread's, is seen: never neither")
{
    // The fast side has no barrier of its own but for the compiler; the slow side makes one for both.
    expect_eq(0, membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED));
    constexpr int rounds = 200;
    std::atomic<int> round {0}, arrived {0};
    std::atomic<int> fast {0}, slow {0};
    std::atomic<int> fast_saw {0};
    int neither = 0;
    std::thread other([&] {
        for (int i = 1; i <= rounds; ++i) {
            while (round.load(std::memory_order_acquire) < i)
                sched_yield();
            fast.store(1, std::memory_order_relaxed);
            std::atomic_signal_fence(std::memory_order_seq_cst);
            fast_saw.store(slow.load(std::memory_order_relaxed), std::memory_order_relaxed);
            arrived.store(i, std::memory_order_release);
        }
    });
    for (int i = 1; i <= rounds; ++i) {
        fast = slow = 0;
        round.store(i, std::memory_order_release);
        slow.store(1, std::memory_order_relaxed);
        membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        int slow_saw = fast.load(std::memory_order_relaxed);
        while (arrived.load(std::memory_order_acquire) < i)
            sched_yield();
        neither += slow_saw == 0 && fast_saw == 0;
    }
    other.join();
    expect_eq(0, neither);
}
