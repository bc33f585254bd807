// Futexes between processes over shared memory. (man 2 futex)
#include "guest_test.h"

#include <linux/futex.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

long futex(int* word, int operation, int value, const timespec* wait = nullptr, int* second = nullptr, unsigned third = 0)
{
    return syscall(SYS_futex, word, operation, value, wait, second, third);
}

} // namespace

GUEST_TEST("a wait whose value has changed is refused; a wake of nobody wakes nobody")
{
    int word = 5;
    expect_errno(EAGAIN, futex(&word, FUTEX_WAIT, 4));
    expect_eq(0, futex(&word, FUTEX_WAKE, 10));
    timespec wait{0, 20000000};
    expect_errno(ETIMEDOUT, futex(&word, FUTEX_WAIT, 5, &wait));
    expect_errno(ETIMEDOUT, futex(&word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 5, &wait));
    timespec past{1, 0};
    expect_errno(ETIMEDOUT, futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &past, nullptr, ~0U));
}

GUEST_TEST("errors")
{
    int words[2] = {};
    expect_errno(EINVAL, futex(reinterpret_cast<int*>(reinterpret_cast<char*>(words) + 1), FUTEX_WAIT, 0));
    expect_errno(EFAULT, futex(reinterpret_cast<int*>(4096), FUTEX_WAIT, 0));
    expect_errno(ENOSYS, futex(words, 77, 0));
    expect_errno(EINVAL, futex(words, FUTEX_WAIT_BITSET, 0, nullptr, nullptr, 0));
    timespec wrong{0, 1000000000};
    expect_errno(EINVAL, futex(words, FUTEX_WAIT, 0, &wrong));
    expect_errno(EFAULT, syscall(SYS_futex, words, FUTEX_WAIT, 0, 8, nullptr, 0));
}

GUEST_TEST("one process wakes another")
{
    int* word = guest::shared_page<int>();
    pid_t child = guest::in_child([=] {
        while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0)
            futex(word, FUTEX_WAIT, 0);
        return *word;
    });
    guest::sleep_ms(20);
    __atomic_store_n(word, 33, __ATOMIC_RELEASE);
    expect_eq(1, futex(word, FUTEX_WAKE, 1));
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("a wake counts those it woke, in turn")
{
    int* word = guest::shared_page<int>();
    pid_t children[5];
    for (pid_t& child : children)
        child = guest::in_child([=] { return futex(word, FUTEX_WAIT, 0) == 0 ? 0 : 1; });
    guest::sleep_ms(200);
    expect_eq(2, futex(word, FUTEX_WAKE, 2));
    expect_eq(3, futex(word, FUTEX_WAKE, 100));
    for (pid_t child : children)
        expect_eq(0, guest::wait_for(child));
}

GUEST_TEST("requeue moves those that wait")
{
    int* words = guest::shared_page<int>();
    pid_t children[3];
    for (pid_t& child : children)
        child = guest::in_child([=] { return futex(words, FUTEX_WAIT, 0) == 0 ? 0 : 1; });
    guest::sleep_ms(200);
    expect_errno(EAGAIN, syscall(SYS_futex, words, FUTEX_CMP_REQUEUE, 1, 2, words + 8, 99));
    expect_eq(3, syscall(SYS_futex, words, FUTEX_CMP_REQUEUE, 1, 2, words + 8, 0));
    expect_eq(0, futex(words, FUTEX_WAKE, 100));
    expect_eq(2, futex(words + 8, FUTEX_WAKE, 100));
    for (pid_t child : children)
        expect_eq(0, guest::wait_for(child));
}

GUEST_TEST("bit sets choose whom to wake")
{
    int* word = guest::shared_page<int>();
    pid_t first = guest::in_child([=] { return futex(word, FUTEX_WAIT_BITSET, 0, nullptr, nullptr, 1) == 0 ? 1 : 9; });
    pid_t second = guest::in_child([=] { return futex(word, FUTEX_WAIT_BITSET, 0, nullptr, nullptr, 2) == 0 ? 2 : 9; });
    guest::sleep_ms(200);
    expect_eq(1, futex(word, FUTEX_WAKE_BITSET, 100, nullptr, nullptr, 2));
    guest::note(guest::describe(guest::wait_for(second)));
    expect_eq(1, futex(word, FUTEX_WAKE_BITSET, 100, nullptr, nullptr, 1));
    guest::note(guest::describe(guest::wait_for(first)));
}

GUEST_TEST("private memory is not shared by its address")
{
    static int word = 0;
    pid_t child = guest::in_child([] {
        timespec wait{0, 60000000};
        return futex(&word, FUTEX_WAIT, 0, &wait) == -1 && errno == ETIMEDOUT ? 0 : 1;
    });
    guest::sleep_ms(20);
    expect_eq(0, futex(&word, FUTEX_WAKE, 100));
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("a lock by futex, many processes, one counter")
{
    int* words = guest::shared_page<int>(); // 0: the lock (0 free, 1 held, 2 with waiters), 16: the counter
    auto lock = [=] {
        int seen = 0;
        if (__atomic_compare_exchange_n(words, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
        while (__atomic_exchange_n(words, 2, __ATOMIC_ACQUIRE) != 0)
            futex(words, FUTEX_WAIT, 2);
    };
    auto unlock = [=] {
        if (__atomic_exchange_n(words, 0, __ATOMIC_RELEASE) == 2)
            futex(words, FUTEX_WAKE, 1);
    };
    pid_t children[4];
    for (pid_t& child : children)
        child = guest::in_child([=] {
            for (int i = 0; i < 300; ++i) {
                lock();
                words[16] += 1;
                unlock();
            }
            return 0;
        });
    for (pid_t child : children)
        expect_eq(0, guest::wait_for(child));
    expect_eq(1200, words[16]);
}
