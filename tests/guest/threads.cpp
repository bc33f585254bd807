// Threads of one process: joins, locks, condition variables, robust locks, directed signals, exec and exit from any of them,
// stops of all. (man 7 pthreads, man 2 clone, man 2 execve)
#include "guest_test.h"

#include <atomic>
#include <csignal>
#include <pthread.h>
#include <semaphore.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

GUEST_TEST("threads are made and joined, many times over")
{
    std::atomic<int> sum = 0;
    for (int round = 0; round < 10; ++round) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 8; ++i)
            threads.emplace_back([&sum, i] { sum += i; });
        for (auto& thread : threads)
            thread.join();
    }
    expect_eq(280, sum.load());
}

GUEST_TEST("a lock that all want is held by one at a time")
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    long counter = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int j = 0; j < 2000; ++j) {
                pthread_mutex_lock(&lock);
                long seen = counter;
                if (j % 100 == 0)
                    sched_yield();
                counter = seen + 1;
                pthread_mutex_unlock(&lock);
            }
        });
    for (auto& thread : threads)
        thread.join();
    expect_eq(8000, counter);
}

GUEST_TEST("a ball goes to and fro between two threads")
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
    int turn = 0;
    auto play = [&](int me) {
        for (int i = 0; i < 500; ++i) {
            pthread_mutex_lock(&lock);
            while (turn % 2 != me)
                pthread_cond_wait(&changed, &lock);
            ++turn;
            pthread_cond_broadcast(&changed);
            pthread_mutex_unlock(&lock);
        }
    };
    std::thread other(play, 1);
    play(0);
    other.join();
    expect_eq(1000, turn);
}

GUEST_TEST("a timed wait ends in time")
{
    sem_t semaphore;
    sem_init(&semaphore, 0, 0);
    timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30'000'000;
    if (until.tv_nsec >= 1'000'000'000) {
        until.tv_nsec -= 1'000'000'000;
        ++until.tv_sec;
    }
    expect_errno(ETIMEDOUT, sem_timedwait(&semaphore, &until));
}

GUEST_TEST("a robust lock whose owner has died says so")
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    static pthread_mutex_t lock;
    pthread_mutex_init(&lock, &attributes);
    std::thread([] { pthread_mutex_lock(&lock); }).join();
    expect_eq(EOWNERDEAD, pthread_mutex_lock(&lock));
    expect_eq(0, pthread_mutex_consistent(&lock));
    expect_eq(0, pthread_mutex_unlock(&lock));

    // And to one that waits for it.
    std::atomic<bool> held = false;
    std::thread owner([&] {
        pthread_mutex_lock(&lock);
        held = true;
        guest::sleep_ms(30);
    });
    while (!held)
        guest::sleep_ms(1);
    expect_eq(EOWNERDEAD, pthread_mutex_lock(&lock));
    owner.join();
}

namespace {

std::atomic<int> seen_by = 0;

void remember(int)
{
    seen_by = static_cast<int>(syscall(SYS_gettid));
}

} // namespace

GUEST_TEST("a signal to a thread reaches that thread, one to the process whoever does not block it")
{
    struct sigaction action {};
    action.sa_handler = remember;
    sigaction(SIGUSR1, &action, nullptr);
    std::atomic<int> tid = 0;
    std::atomic<bool> end = false;
    std::thread other([&] {
        tid = static_cast<int>(syscall(SYS_gettid));
        while (!end)
            guest::sleep_ms(1);
    });
    while (!tid)
        guest::sleep_ms(1);
    pthread_kill(other.native_handle(), SIGUSR1);
    while (!seen_by)
        guest::sleep_ms(1);
    expect_eq(tid.load(), seen_by.load());

    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &mask, nullptr);
    seen_by = 0;
    kill(getpid(), SIGUSR1);
    while (!seen_by)
        guest::sleep_ms(1);
    expect_eq(tid.load(), seen_by.load());
    end = true;
    other.join();
}

GUEST_TEST("a spinning thread is interrupted by a signal, and by the process' end")
{
    struct sigaction action {};
    action.sa_handler = remember;
    sigaction(SIGUSR1, &action, nullptr);
    seen_by = 0;
    std::thread([] {
        while (!seen_by) { }
    }).swap(*new std::thread);
    pthread_kill(pthread_self(), SIGUSR1);
    expect(seen_by != 0, "handled at once");
    guest::note(guest::fate_of([] {
        std::thread spinner([] {
            for (volatile long i = 0;; i = i + 1) { }
        });
        spinner.detach();
        guest::sleep_ms(20);
        _exit(7);
        return 0;
    }));
}

GUEST_TEST("exit of the whole process from another thread, and of the first thread alone")
{
    guest::note(guest::fate_of([] {
        std::thread([] { _exit(5); }).join();
        return 1;
    }));
    guest::note(guest::fate_of([] {
        std::thread other([] {
            guest::sleep_ms(30);
            _exit(6);
        });
        other.detach();
        syscall(SYS_exit, 3); // the leader alone: the process lives on
        return 1;
    }));
    guest::note(guest::fate_of([] {
        std::thread other([] { guest::sleep_ms(30); });
        other.detach();
        syscall(SYS_exit, 3); // the last one's status counts
        return 1;
    }));
}

GUEST_TEST("a fatal signal ends all threads")
{
    guest::note(guest::fate_of([] {
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([] { pause(); });
        guest::sleep_ms(10);
        kill(getpid(), SIGTERM);
        for (auto& thread : threads)
            thread.join();
        return 1;
    }));
    guest::note(guest::fate_of([] {
        std::thread([] { *static_cast<volatile int*>(nullptr) = 1; }).join();
        return 1;
    }));
}

GUEST_TEST("execve from any thread leaves one, with the process' number")
{
    int wanted = 0;
    auto child = guest::in_child([] {
        std::thread waiting([] { pause(); });
        std::thread executing([] {
            guest::sleep_ms(10);
            execl("/bin/sh", "sh", "-c", "test $$ = $(cut -d' ' -f1 /proc/self/stat 2>/dev/null || echo x) ; exit 9", nullptr);
            _exit(1);
        });
        executing.join();
        waiting.join();
        return 2;
    });
    wanted = child;
    int status = 0;
    expect_eq(wanted, waitpid(child, &status, 0));
    guest::note(guest::describe(status));
}

GUEST_TEST("a stop stops all threads, and SIGCONT lets them go on")
{
    auto pipe = guest::make_pipe();
    pid_t child = guest::in_child([&] {
        std::thread([&] {
            for (int i = 0; i < 1000; ++i) {
                char byte = 'x';
                if (write(pipe.writer, &byte, 1) != 1)
                    _exit(1);
                guest::sleep_ms(2);
            }
        }).detach();
        while (true)
            pause();
        return 0;
    });
    char byte;
    expect_eq(1, read(pipe.reader, &byte, 1));
    kill(child, SIGSTOP);
    int status = 0;
    expect_eq(child, waitpid(child, &status, WUNTRACED));
    guest::note(guest::describe(status));
    kill(child, SIGCONT);
    expect_eq(child, waitpid(child, &status, WCONTINUED));
    guest::note(guest::describe(status));
    for (int i = 0; i < 20; ++i)
        expect_eq(1, read(pipe.reader, &byte, 1));
    kill(child, SIGKILL);
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("vfork in a thread stops that thread alone")
{
    std::atomic<int> steps = 0;
    std::atomic<bool> end = false;
    std::thread other([&] {
        while (!end) {
            ++steps;
            guest::sleep_ms(1);
        }
    });
    int before = steps;
    pid_t child = vfork();
    if (child == 0) {
        timespec time {0, 50'000'000};
        syscall(SYS_nanosleep, &time, nullptr);
        _exit(4);
    }
    expect(steps > before + 3, "the other thread went on");
    guest::note(guest::describe(guest::wait_for(child)));
    end = true;
    other.join();
}

GUEST_TEST("thread-local storage and stacks are each thread's own")
{
    static thread_local int own = 1;
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (int i = 2; i < 10; ++i)
        threads.emplace_back([&right, i] {
            own = i;
            sched_yield();
            volatile char deep[100000];
            deep[0] = static_cast<char>(i);
            sched_yield();
            right += own == i && deep[0] == i;
        });
    for (auto& thread : threads)
        thread.join();
    expect_eq(8, right.load());
    expect_eq(1, own);
}
