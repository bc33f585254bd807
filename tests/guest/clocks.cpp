// Clocks, sleeps, alarms and interval timers. (man 2 clock_gettime, nanosleep, alarm, setitimer)
#include "guest_test.h"

#include <csignal>
#include <string>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

namespace {

volatile sig_atomic_t count = 0;

void count_signal(int number)
{
    struct sigaction action{};
    action.sa_handler = [](int) { count = count + 1; };
    sigaction(number, &action, nullptr);
}

long long ns(clockid_t clock)
{
    timespec now{};
    expect_ok(clock_gettime(clock, &now));
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

} // namespace

GUEST_TEST("clocks go forward, and have a resolution")
{
    for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW,
                            CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI}) {
        long long before = ns(clock);
        for (int i = 0; i < 100; ++i) {
            long long now = ns(clock);
            expect(now >= before, "forward");
            before = now;
        }
        timespec resolution{};
        expect_ok(clock_getres(clock, &resolution));
        expect(resolution.tv_sec == 0 && resolution.tv_nsec > 0, "a resolution");
    }
    expect_ok(clock_getres(CLOCK_REALTIME, nullptr));
    timespec now{};
    expect_errno(EINVAL, syscall(SYS_clock_gettime, 99, &now));
    expect_errno(EFAULT, syscall(SYS_clock_gettime, CLOCK_REALTIME, 8));
}

GUEST_TEST("the calls and the vDSO agree")
{
    timespec raw{}, quick{};
    for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME}) {
        clock_gettime(clock, &quick);
        syscall(SYS_clock_gettime, clock, &raw);
        long long apart = (raw.tv_sec - quick.tv_sec) * 1000000000LL + raw.tv_nsec - quick.tv_nsec;
        expect(apart >= 0 && apart < 1000000000LL, "one after the other");
    }
    timeval day{};
    expect_ok(gettimeofday(&day, nullptr));
    time_t second = time(nullptr);
    expect(second - day.tv_sec >= 0 && second - day.tv_sec <= 1, "time and gettimeofday");
    time_t direct = syscall(SYS_time, nullptr);
    expect(direct - second >= 0 && direct - second <= 1, "the call time");
}

GUEST_TEST("sleeps last as long as asked, not less")
{
    for (long milliseconds : {1, 5, 20}) {
        timespec wait{0, milliseconds * 1000000};
        long long before = ns(CLOCK_MONOTONIC);
        expect_ok(nanosleep(&wait, nullptr));
        expect(ns(CLOCK_MONOTONIC) - before >= milliseconds * 1000000, "long enough");
    }
    timespec at{};
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += 15000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        ++at.tv_sec;
    }
    expect_eq(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr));
    expect(ns(CLOCK_MONOTONIC) >= at.tv_sec * 1000000000LL + at.tv_nsec, "not before its time");
    at = {1, 0};
    expect_eq(0, clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, nullptr));
}

GUEST_TEST("sleeps that are refused")
{
    timespec wrong{0, 1000000000};
    expect_errno(EINVAL, nanosleep(&wrong, nullptr));
    wrong = {-1, 0};
    expect_errno(EINVAL, nanosleep(&wrong, nullptr));
    expect_errno(EFAULT, syscall(SYS_nanosleep, 8, nullptr));
    wrong = {0, 0};
    expect_eq(EINVAL, clock_nanosleep(99, 0, &wrong, nullptr));
    expect_errno(EINVAL, -static_cast<long>(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &wrong, nullptr) == EINVAL && (errno = EINVAL)));
}

GUEST_TEST("alarm tells what was left, and 0 takes it away")
{
    count_signal(SIGALRM);
    expect_eq(0, alarm(100));
    expect_eq(100, alarm(50));
    unsigned left = alarm(0);
    expect(left == 50 || left == 49, "about fifty");
    expect_eq(0, alarm(0));
    alarm(1);
    pause();
    expect_eq(1, count);
}

GUEST_TEST("setitimer: real time, once and again")
{
    count_signal(SIGALRM);
    itimerval timer{{0, 10000}, {0, 10000}};
    itimerval old{};
    expect_ok(setitimer(ITIMER_REAL, &timer, &old));
    expect_eq(0, old.it_value.tv_usec);
    while (count < 5)
        pause();
    timer = {};
    expect_ok(setitimer(ITIMER_REAL, &timer, &old));
    expect_eq(10000, old.it_interval.tv_usec);
    int now = count;
    guest::sleep_ms(40);
    expect_eq(now, count);
    timer.it_value.tv_usec = 1000000;
    expect_errno(EINVAL, setitimer(ITIMER_REAL, &timer, nullptr));
    expect_errno(EINVAL, setitimer(static_cast<__itimer_which_t>(9), &old, nullptr));
    expect_errno(EFAULT, syscall(SYS_getitimer, ITIMER_REAL, 8));
}

GUEST_TEST("setitimer: processor time")
{
    count_signal(SIGVTALRM);
    count_signal(SIGPROF);
    itimerval timer{{0, 0}, {0, 30000}};
    expect_ok(setitimer(ITIMER_VIRTUAL, &timer, nullptr));
    expect_ok(setitimer(ITIMER_PROF, &timer, nullptr));
    long began = guest::now_ms();
    while (count < 2 && guest::now_ms() - began < 10000)
        for (volatile int i = 0; i < 100000; i = i + 1) {
        }
    expect_eq(2, count);
}

GUEST_TEST("timers do not go on in a child, but go on through exec")
{
    count_signal(SIGALRM);
    alarm(100);
    guest::note(guest::fate_of([] { return static_cast<int>(alarm(0)); }));
    expect(alarm(0) > 90, "ours still runs");
    guest::note(guest::fate_of([] {
        signal(SIGALRM, SIG_DFL);
        ualarm(150000, 0);
        execl("/bin/sleep", "sleep", "5", nullptr);
        return 1;
    }));
}

GUEST_TEST("POSIX timers: signal, value, overrun, deletion")
{
    static volatile int value = 0;
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
        value = info->si_code == SI_TIMER ? info->si_value.sival_int : -1;
        count = count + 1;
    };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGUSR1, &action, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    event.sigev_value.sival_int = 77;
    timer_t timer;
    expect_ok(timer_create(CLOCK_MONOTONIC, &event, &timer));
    itimerspec when{{0, 5000000}, {0, 5000000}};
    expect_ok(timer_settime(timer, 0, &when, nullptr));
    while (count < 3)
        pause();
    expect_eq(77, value);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, nullptr);
    guest::sleep_ms(60);
    siginfo_t info{};
    expect_eq(SIGUSR1, sigwaitinfo(&mask, &info));
    expect(info.si_overrun >= 5, "expirations that were not delivered");
    expect_ok(timer_delete(timer));
    expect_errno(EINVAL, syscall(SYS_timer_gettime, 12345, &when));
}

GUEST_TEST("processor time is counted")
{
    long long before = ns(CLOCK_PROCESS_CPUTIME_ID);
    long began = guest::now_ms();
    while (ns(CLOCK_PROCESS_CPUTIME_ID) - before < 30000000 && guest::now_ms() - began < 10000) {
    }
    expect(ns(CLOCK_PROCESS_CPUTIME_ID) - before >= 30000000, "30 ms of it");
    tms used{};
    expect(times(&used) != -1, "times");
}
