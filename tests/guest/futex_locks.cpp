// Futexes that inherit priority, and words that the kernel changes beside threads that do. (man 2 futex, kernel/futex/pi.c)
#include "guest_test.h"

#include <atomic>
#include <linux/futex.h>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

using Word = std::atomic<unsigned>;

long futex(Word* word, int op, unsigned value = 0, const timespec* timeout = nullptr, Word* second = nullptr, unsigned value3 = 0)
{
    return syscall(SYS_futex, word, op, value, timeout, second, value3);
}

long requeue(Word* word, int wake, long move, Word* lock, unsigned expected)
{
    return syscall(SYS_futex, word, FUTEX_CMP_REQUEUE_PI, wake, move, lock, expected);
}

unsigned self()
{
    return static_cast<unsigned>(gettid());
}

timespec soon(clockid_t clock)
{
    timespec time {};
    clock_gettime(clock, &time);
    time.tv_nsec += 20'000'000;
    time.tv_sec += time.tv_nsec / 1'000'000'000;
    time.tv_nsec %= 1'000'000'000;
    return time;
}

/// What the word says without names: they differ from run to run.
std::string bits(const Word& word, unsigned owner)
{
    unsigned value = word;
    std::string text = (value & FUTEX_TID_MASK) == owner ? "the owner" : (value & FUTEX_TID_MASK) == 0 ? "nobody" : "another";
    return text + (value & FUTEX_WAITERS ? ", waiters" : "") + (value & FUTEX_OWNER_DIED ? ", owner died" : "");
}

} // namespace

GUEST_TEST("a free lock is taken, an own one is not taken again, and it is given back")
{
    Word* word = guest::shared_page<Word>();
    expect_eq(0, futex(word, FUTEX_LOCK_PI));
    guest::note(bits(*word, self()));
    expect_errno(EDEADLK, futex(word, FUTEX_LOCK_PI));
    expect_errno(EDEADLK, futex(word, FUTEX_TRYLOCK_PI));
    expect_eq(0, futex(word, FUTEX_UNLOCK_PI));
    guest::note(bits(*word, self()));
    expect_errno(EPERM, futex(word, FUTEX_UNLOCK_PI));
    expect_eq(0, futex(word, FUTEX_TRYLOCK_PI));
    expect_eq(0, futex(word, FUTEX_UNLOCK_PI));
    *word = FUTEX_OWNER_DIED;
    expect_eq(0, futex(word, FUTEX_LOCK_PI2));
    guest::note(bits(*word, self()));
}

GUEST_TEST("what cannot be a lock")
{
    Word* word = guest::shared_page<Word>();
    *word = 0x3ffffff0; // no such thread
    expect_errno(ESRCH, futex(word, FUTEX_LOCK_PI));
    guest::note(bits(*word, 1));
    auto* odd = reinterpret_cast<Word*>(reinterpret_cast<char*>(word) + 2);
    expect_errno(EINVAL, futex(odd, FUTEX_LOCK_PI));
    expect_errno(EFAULT, futex(nullptr, FUTEX_LOCK_PI));
    expect_errno(EFAULT, futex(nullptr, FUTEX_UNLOCK_PI));
    auto* read_only = static_cast<Word*>(expect_mapped(mmap(nullptr, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0)));
    expect_errno(EFAULT, futex(read_only, FUTEX_LOCK_PI));
    timespec wrong {0, 1'000'000'000};
    expect_errno(EINVAL, futex(word, FUTEX_LOCK_PI, 0, &wrong));
    expect_errno(ENOSYS, futex(word, FUTEX_LOCK_PI | FUTEX_CLOCK_REALTIME));
    expect_errno(ENOSYS, futex(word, FUTEX_LOCK_PI2 + 1));
}

GUEST_TEST("the kernel hands a lock on, first come first")
{
    Word* word = guest::shared_page<Word>();
    expect_eq(0, futex(word, FUTEX_LOCK_PI));
    std::vector<std::thread> threads;
    std::string order;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([=, &order] {
            expect_eq(0, futex(word, FUTEX_LOCK_PI));
            order += static_cast<char>('a' + i);
            expect_eq(0, futex(word, FUTEX_UNLOCK_PI));
        });
        guest::sleep_ms(20);
    }
    guest::note(bits(*word, self()));
    expect_eq(0, futex(word, FUTEX_UNLOCK_PI));
    for (auto& thread : threads)
        thread.join();
    guest::note(order);
    guest::note(bits(*word, self()));
}

GUEST_TEST("a time that passes, by each clock")
{
    Word* word = guest::shared_page<Word>();
    expect_eq(0, futex(word, FUTEX_LOCK_PI));
    std::thread([=] {
        timespec real = soon(CLOCK_REALTIME), monotonic = soon(CLOCK_MONOTONIC);
        expect_errno(ETIMEDOUT, futex(word, FUTEX_LOCK_PI, 0, &real));
        expect_errno(ETIMEDOUT, futex(word, FUTEX_LOCK_PI2, 0, &monotonic));
        real = soon(CLOCK_REALTIME);
        expect_errno(ETIMEDOUT, futex(word, FUTEX_LOCK_PI2 | FUTEX_CLOCK_REALTIME, 0, &real));
        expect_errno(EAGAIN, futex(word, FUTEX_TRYLOCK_PI));
        expect_errno(EPERM, futex(word, FUTEX_UNLOCK_PI));
    }).join();
    guest::note(bits(*word, self()));
    expect_eq(0, futex(word, FUTEX_UNLOCK_PI));
    guest::note(bits(*word, self()));
}

GUEST_TEST("two that wait for each other")
{
    Word* first = guest::shared_page<Word>();
    Word* second = first + 1;
    expect_eq(0, futex(first, FUTEX_LOCK_PI));
    std::thread other([=] {
        expect_eq(0, futex(second, FUTEX_LOCK_PI));
        expect_eq(0, futex(first, FUTEX_LOCK_PI)); // until the main thread lets it go
        expect_eq(0, futex(first, FUTEX_UNLOCK_PI));
        expect_eq(0, futex(second, FUTEX_UNLOCK_PI));
    });
    while (!(*first & FUTEX_WAITERS))
        guest::sleep_ms(5);
    guest::sleep_ms(20);
    expect_errno(EDEADLK, futex(second, FUTEX_LOCK_PI));
    expect_eq(0, futex(first, FUTEX_UNLOCK_PI));
    other.join();
}

GUEST_TEST("who waits for one that ends gets its lock, and is told")
{
    Word* word = guest::shared_page<Word>();
    pid_t holder = guest::in_child([=] {
        expect_eq(0, futex(word, FUTEX_LOCK_PI));
        while (!(*word & FUTEX_WAITERS))
            guest::sleep_ms(5);
        guest::sleep_ms(20);
        return 0; // with it
    });
    while (*word == 0)
        guest::sleep_ms(5);
    expect_eq(0, futex(word, FUTEX_LOCK_PI));
    guest::note(bits(*word, self()));
    guest::note(guest::describe(guest::wait_for(holder)));
    expect_eq(0, futex(word, FUTEX_UNLOCK_PI));
    guest::note(bits(*word, self()));
}

GUEST_TEST("one that waits is moved to a lock, and has it when it returns")
{
    Word* word = guest::shared_page<Word>();
    Word* lock = word + 1;
    expect_eq(0, requeue(word, 1, 5, lock, 0)); // nobody
    expect_errno(EINVAL, requeue(word, 2, 5, lock, 0));
    expect_errno(EINVAL, requeue(word, 1, 5, word, 0));
    expect_errno(EAGAIN, requeue(word, 1, 5, lock, 1));
    std::atomic<int> waiting {0}, done {0};
    auto body = [&] {
        ++waiting;
        expect_eq(0, futex(word, FUTEX_WAIT_REQUEUE_PI, 0, nullptr, lock));
        expect((*lock & FUTEX_TID_MASK) == self(), "its own lock");
        ++done;
        expect_eq(0, futex(lock, FUTEX_UNLOCK_PI));
    };
    std::thread a(body), b(body), c(body);
    while (waiting < 3)
        guest::sleep_ms(5);
    guest::sleep_ms(50);
    expect_errno(EINVAL, futex(word, FUTEX_WAKE, 1)); // not this way
    guest::note(std::to_string(requeue(word, 1, 1, lock, 0)) + " moved");
    guest::sleep_ms(50);
    guest::note(std::to_string(done) + " done");
    expect_eq(0, futex(lock, FUTEX_LOCK_PI));
    guest::note(std::to_string(requeue(word, 1, 5, lock, 0)) + " moved");
    guest::sleep_ms(20);
    guest::note(std::to_string(done) + " done");
    expect_eq(0, futex(lock, FUTEX_UNLOCK_PI));
    a.join();
    b.join();
    c.join();
    timespec time = soon(CLOCK_MONOTONIC);
    expect_errno(ETIMEDOUT, futex(word, FUTEX_WAIT_REQUEUE_PI, 0, &time, lock));
    expect_errno(EAGAIN, futex(word, FUTEX_WAIT_REQUEUE_PI, 1, nullptr, lock));
    expect_errno(EINVAL, futex(word, FUTEX_WAIT_REQUEUE_PI, 0, nullptr, word));
}

GUEST_TEST("libc's mutexes that inherit, robust ones too")
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_setprotocol(&kind, PTHREAD_PRIO_INHERIT);
    pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_t mutex;
    expect_eq(0, pthread_mutex_init(&mutex, &kind));
    int count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int j = 0; j < 500; ++j) {
                pthread_mutex_lock(&mutex);
                ++count;
                pthread_mutex_unlock(&mutex);
            }
        });
    for (auto& thread : threads)
        thread.join();
    expect_eq(2000, count);
    std::thread([&] { pthread_mutex_lock(&mutex); }).join();
    expect_eq(EOWNERDEAD, pthread_mutex_lock(&mutex));
    expect_eq(0, pthread_mutex_consistent(&mutex));
    expect_eq(0, pthread_mutex_unlock(&mutex));
    expect_eq(0, pthread_mutex_lock(&mutex));
}

GUEST_TEST("FUTEX_WAKE_OP loses nothing of what threads do to the word meanwhile")
{
    Word* word = guest::shared_page<Word>();
    Word* counter = word + 1;
    std::atomic<bool> stop {false};
    unsigned added = 0;
    std::thread adds([&] {
        while (!stop) {
            ++*counter;
            ++added;
        }
    });
    constexpr unsigned add_one = FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_EQ, 0);
    constexpr unsigned calls = 300;
    for (unsigned i = 0; i < calls; ++i)
        syscall(SYS_futex, word, FUTEX_WAKE_OP, 1, 1, counter, add_one);
    stop = true;
    adds.join();
    expect(*counter == added + calls, "every addition");
}
