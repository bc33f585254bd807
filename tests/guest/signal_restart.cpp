// What a signal does to a call that waits: EINTR, or a restart where SA_RESTART and the call allow it. (man 7 signal)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <linux/futex.h>
#include <string>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace {

volatile sig_atomic_t alarms = 0;
volatile int feed = -1;

// Each alarm is counted; the third one puts a byte into the pipe that somebody may wait for.
void on_alarm(int)
{
    alarms = alarms + 1;
    if (alarms == 3 && feed >= 0)
        write(feed, "3", 1);
}

void alarms_every_20ms(int flags)
{
    struct sigaction action{};
    action.sa_handler = on_alarm;
    action.sa_flags = flags;
    expect_ok(sigaction(SIGALRM, &action, nullptr));
    itimerval timer{{0, 20000}, {0, 20000}};
    expect_ok(setitimer(ITIMER_REAL, &timer, nullptr));
}

} // namespace

GUEST_TEST("read of a pipe: EINTR without SA_RESTART")
{
    auto [reader, writer] = guest::make_pipe();
    alarms_every_20ms(0);
    char byte;
    expect_errno(EINTR, read(reader, &byte, 1));
    expect(alarms >= 1, "an alarm ended it"); // on a busy machine the next one may have come as well
}

GUEST_TEST("read of a pipe: restarted with SA_RESTART until data comes")
{
    auto [reader, writer] = guest::make_pipe();
    feed = writer;
    alarms_every_20ms(SA_RESTART);
    char byte = 0;
    expect_eq(1, read(reader, &byte, 1));
    expect_eq('3', byte);
    expect(alarms >= 3, "two alarms did not end it");
}

GUEST_TEST("write into a full pipe: EINTR, or the part that was written")
{
    auto [reader, writer] = guest::make_pipe();
    alarms_every_20ms(0);
    std::vector<char> big(70000, 'x');
    expect_eq(65536, write(writer, big.data(), big.size()));
    expect_errno(EINTR, write(writer, big.data(), 1));
}

GUEST_TEST("waitpid: EINTR, or restarted")
{
    guest::Gate gate;
    pid_t child = guest::in_child([&] {
        gate.wait();
        return 4;
    });
    alarms_every_20ms(0);
    int status;
    expect_errno(EINTR, waitpid(child, &status, 0));
    pid_t opener = guest::in_child([&] {
        guest::sleep_ms(70);
        gate.open();
        return 0;
    });
    alarms_every_20ms(SA_RESTART);
    expect_eq(child, waitpid(child, &status, 0));
    guest::note(guest::describe(status));
    guest::wait_for(opener);
}

GUEST_TEST("nanosleep: EINTR with the rest of the time, SA_RESTART or not")
{
    alarms_every_20ms(SA_RESTART);
    timespec wait{5, 0};
    timespec rest{};
    expect_errno(EINTR, nanosleep(&wait, &rest));
    expect(rest.tv_sec == 4 && rest.tv_nsec > 0, "between four and five seconds are left");
    expect_eq(EINTR, clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, &rest));
}

GUEST_TEST("a stop and SIGCONT do not end a sleep")
{
    pid_t child = guest::in_child([] {
        timespec wait{0, 200000000};
        long began = guest::now_ms();
        int result = nanosleep(&wait, nullptr);
        long took = guest::now_ms() - began;
        return result == 0 && took >= 199 ? 0 : 1;
    });
    guest::sleep_ms(40);
    kill(child, SIGSTOP);
    int status;
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGCONT);
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("a stop and SIGCONT do not end a read")
{
    auto [reader, writer] = guest::make_pipe();
    int from = reader;
    pid_t child = guest::in_child([=] {
        char byte = 0;
        return read(from, &byte, 1) == 1 && byte == 'r' ? 0 : 1;
    });
    guest::sleep_ms(20);
    kill(child, SIGSTOP);
    int status;
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGCONT);
    guest::sleep_ms(20);
    write(writer, "r", 1);
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("pause and sigsuspend")
{
    alarms_every_20ms(SA_RESTART);
    expect_errno(EINTR, pause());
    sigset_t blocked, none, now;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    int before = alarms;
    guest::sleep_ms(60);
    expect_eq(before, alarms);
    expect_errno(EINTR, sigsuspend(&none));
    expect_eq(before + 1, alarms);
    sigprocmask(SIG_SETMASK, nullptr, &now);
    expect_eq(1, sigismember(&now, SIGALRM));
}

GUEST_TEST("a futex wait: EINTR without SA_RESTART, woken by its time with it")
{
    int word = 0;
    alarms_every_20ms(0);
    expect_errno(EINTR, syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr, nullptr, 0));
    alarms_every_20ms(SA_RESTART);
    timespec wait{0, 90000000};
    // With a relative time it is a restart block: the handler's return gives EINTR all the same.
    expect_errno(EINTR, syscall(SYS_futex, &word, FUTEX_WAIT, 0, &wait, nullptr, 0));
}

GUEST_TEST("epoll_wait is not restarted")
{
    int epoll = expect_ok(epoll_create1(0));
    alarms_every_20ms(SA_RESTART);
    epoll_event event;
    expect_errno(EINTR, epoll_wait(epoll, &event, 1, 5000));
}

GUEST_TEST("a record lock that waits: EINTR, or restarted")
{
    guest::enter_scratch();
    guest::write_file("f", "x");
    int fd = expect_ok(open("f", O_RDWR));
    guest::Gate held;
    guest::Gate release;
    pid_t child = guest::in_child([&] {
        int own = open("f", O_RDWR);
        flock lock{};
        lock.l_type = F_WRLCK;
        fcntl(own, F_SETLK, &lock);
        held.open();
        release.wait();
        return 0;
    });
    held.wait();
    flock lock{};
    lock.l_type = F_WRLCK;
    alarms_every_20ms(0);
    expect_errno(EINTR, fcntl(fd, F_SETLKW, &lock));
    pid_t opener = guest::in_child([&] {
        guest::sleep_ms(50);
        release.open();
        return 0;
    });
    alarms_every_20ms(SA_RESTART);
    expect_ok(fcntl(fd, F_SETLKW, &lock));
    guest::wait_for(child);
    guest::wait_for(opener);
}
