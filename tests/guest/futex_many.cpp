// One wait for many futexes. (Documentation/userspace-api/futex2.rst)
#include "guest_test.h"

#include <array>
#include <linux/futex.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

long wait_many(void* waiters, unsigned count, unsigned flags = 0, const timespec* timeout = nullptr, int clock = CLOCK_MONOTONIC)
{
    return syscall(SYS_futex_waitv, waiters, count, flags, timeout, clock);
}

struct futex_waitv one(int* word, unsigned long expected, unsigned flags = FUTEX_32)
{
    struct futex_waitv result {};
    result.val = expected;
    result.uaddr = reinterpret_cast<unsigned long>(word);
    result.flags = flags;
    return result;
}

long wake(int* word, int count)
{
    return syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

} // namespace

GUEST_TEST("who waits for many is told which was woken")
{
    int* words = guest::shared_page<int>();
    for (int chosen = 0; chosen < 3; ++chosen) {
        pid_t child = guest::in_child([=] {
            std::array waiters{one(words, 0), one(words + 1, 0), one(words + 2, 0)};
            return static_cast<int>(wait_many(waiters.data(), 3));
        });
        while (wake(words + chosen, 1) == 0)
            guest::sleep_ms(5);
        guest::note(guest::describe(guest::wait_for(child)));
    }
    for (int i = 0; i < 3; ++i)
        expect_eq(0, wake(words + i, 9)); // nobody is left behind in a queue
}

GUEST_TEST("a value that has changed, a time that has passed")
{
    int words[2] = {1, 2};
    std::array waiters{one(words, 1), one(words + 1, 3)};
    expect_errno(EAGAIN, wait_many(waiters.data(), 2));
    waiters[1].val = 2;
    timespec past{1, 0};
    expect_errno(ETIMEDOUT, wait_many(waiters.data(), 2, 0, &past, CLOCK_REALTIME));
    timespec soon{};
    clock_gettime(CLOCK_MONOTONIC, &soon);
    soon.tv_nsec += 20000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_nsec -= 1000000000;
        soon.tv_sec += 1;
    }
    expect_errno(ETIMEDOUT, wait_many(waiters.data(), 2, 0, &soon));
    expect_eq(0, wake(words, 9));
}

GUEST_TEST("errors")
{
    int words[2] = {};
    std::array<struct futex_waitv, 129> waiters{};
    waiters.fill(one(words, 0));
    timespec past{1, 0}, wrong{0, 1000000000};
    expect_errno(EINVAL, wait_many(waiters.data(), 1, 1));
    expect_errno(EINVAL, wait_many(waiters.data(), 0));
    expect_errno(EINVAL, wait_many(waiters.data(), 129));
    expect_errno(EINVAL, wait_many(nullptr, 1));
    expect_errno(EFAULT, wait_many(reinterpret_cast<void*>(8), 1));
    expect_errno(EINVAL, wait_many(waiters.data(), 1, 0, &past, CLOCK_BOOTTIME));
    expect_errno(EINVAL, wait_many(waiters.data(), 1, 0, &wrong));
    expect_errno(EFAULT, wait_many(waiters.data(), 1, 0, reinterpret_cast<timespec*>(8)));
    waiters[1] = one(words, 0, 0);
    expect_errno(EINVAL, wait_many(waiters.data(), 2));
    waiters[1] = one(words, 0, FUTEX_32 | 1);
    expect_errno(EINVAL, wait_many(waiters.data(), 2));
    waiters[1] = one(words, 0);
    waiters[1].__reserved = 1;
    expect_errno(EINVAL, wait_many(waiters.data(), 2));
    waiters[1] = one(words, 0);
    waiters[1].uaddr += 1;
    expect_errno(EINVAL, wait_many(waiters.data(), 2));
    waiters[1].uaddr = 4096;
    expect_errno(EFAULT, wait_many(waiters.data(), 2));
}
