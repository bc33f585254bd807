// eventfd and timerfd: counters, semaphores, expirations. (man 2 eventfd, timerfd_create)
#include "guest_test.h"

#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

namespace {

unsigned long read_count(int fd)
{
    unsigned long value = 0;
    expect_eq(8, read(fd, &value, 8));
    return value;
}

int write_count(int fd, unsigned long value)
{
    return static_cast<int>(write(fd, &value, 8));
}

void arm(int timer, long first_ms, long interval_ms, int flags = 0)
{
    itimerspec when{{interval_ms / 1000, interval_ms % 1000 * 1000000}, {first_ms / 1000, first_ms % 1000 * 1000000}};
    expect_ok(timerfd_settime(timer, flags, &when, nullptr));
}

} // namespace

GUEST_TEST("eventfd adds up and empties at once; a semaphore gives one at a time")
{
    int fd = expect_ok(eventfd(3, EFD_NONBLOCK));
    expect_eq(8, write_count(fd, 4));
    expect_eq(7, read_count(fd));
    unsigned long value;
    expect_errno(EAGAIN, read(fd, &value, 8));
    int semaphore = expect_ok(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    expect_eq(1, read_count(semaphore));
    expect_eq(1, read_count(semaphore));
    expect_errno(EAGAIN, read(semaphore, &value, 8));
}

GUEST_TEST("eventfd: limits and errors")
{
    int fd = expect_ok(eventfd(0, EFD_NONBLOCK));
    unsigned long value = ~0UL;
    expect_errno(EINVAL, write(fd, &value, 8));
    expect_errno(EINVAL, write(fd, &value, 4));
    expect_errno(EINVAL, read(fd, &value, 4));
    expect_eq(8, write_count(fd, ~0UL - 1));
    expect_errno(EAGAIN, write_count(fd, 1));
    pollfd one{fd, POLLIN | POLLOUT, 0};
    expect_eq(1, poll(&one, 1, 0));
    expect_eq(POLLIN, one.revents);
    read_count(fd);
    expect_eq(1, poll(&one, 1, 0));
    expect_eq(POLLOUT, one.revents);
    expect_errno(EINVAL, eventfd(0, 0x100));
    expect_eq(0, lseek(fd, 100, SEEK_SET)); // no position, and no error either
}

GUEST_TEST("a blocked reader of an eventfd wakes for another process")
{
    int fd = expect_ok(eventfd(0, 0));
    pid_t child = guest::in_child([=] {
        guest::sleep_ms(20);
        return write_count(fd, 11) == 8 ? 0 : 1;
    });
    expect_eq(11, read_count(fd));
    guest::wait_for(child);
}

GUEST_TEST("timerfd: once, periodic, disarmed, absolute")
{
    int timer = expect_ok(timerfd_create(CLOCK_MONOTONIC, 0));
    arm(timer, 20, 0);
    long began = guest::now_ms();
    expect_eq(1, read_count(timer));
    expect(guest::now_ms() - began >= 19, "20 ms");
    arm(timer, 10, 10);
    guest::sleep_ms(65);
    unsigned long count = read_count(timer);
    expect(count >= 5 && count < 1000, "five or more expirations");
    itimerspec now{};
    expect_ok(timerfd_gettime(timer, &now));
    expect_eq(10000000, now.it_interval.tv_nsec);
    expect(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 10000000, "the rest of one interval");
    arm(timer, 0, 0);
    expect_ok(timerfd_gettime(timer, &now));
    expect_eq(0, now.it_value.tv_nsec);
    fcntl(timer, F_SETFL, O_NONBLOCK);
    unsigned long value;
    expect_errno(EAGAIN, read(timer, &value, 8));
    arm(timer, 1, 0, TFD_TIMER_ABSTIME); // long past: at once
    pollfd one{timer, POLLIN, 0};
    expect_eq(1, poll(&one, 1, 1000));
    expect_eq(1, read_count(timer));
}

GUEST_TEST("timerfd: errors")
{
    expect_errno(EINVAL, timerfd_create(77, 0));
    expect_errno(EINVAL, timerfd_create(CLOCK_MONOTONIC, 0x100));
    int timer = expect_ok(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    itimerspec wrong{{0, 0}, {0, 1000000000}};
    expect_errno(EINVAL, timerfd_settime(timer, 0, &wrong, nullptr));
    expect_errno(EINVAL, timerfd_settime(timer, 0x100, &wrong, nullptr));
    expect_errno(EFAULT, timerfd_settime(timer, 0, nullptr, nullptr));
    expect_errno(EINVAL, timerfd_gettime(guest::make_pipe().reader, &wrong));
    unsigned long value;
    expect_errno(EINVAL, read(timer, &value, 4));
    expect_errno(EINVAL, write(timer, &value, 8));
}
