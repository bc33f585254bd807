// epoll: level, edge, one-shot, nested, and what happens to closed descriptors. (man 7 epoll)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace {

int add(int epoll, int fd, unsigned events, unsigned long data = 1)
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

std::string wait_ms(int epoll, int milliseconds = 0)
{
    epoll_event events[8];
    int count = expect_ok(epoll_wait(epoll, events, 8, milliseconds));
    std::string text = std::to_string(count);
    for (int i = 0; i < count; ++i) {
        char one[64];
        snprintf(one, sizeof one, " %lu:%x", static_cast<unsigned long>(events[i].data.u64), events[i].events);
        text += one;
    }
    return text;
}

} // namespace

GUEST_TEST("level: as long as there is something; edge: once for each arrival")
{
    auto [reader, writer] = guest::make_pipe(O_NONBLOCK);
    int level = expect_ok(epoll_create1(EPOLL_CLOEXEC));
    int edge = expect_ok(epoll_create(1));
    expect_ok(add(level, reader, EPOLLIN, 5));
    expect_ok(add(edge, reader, EPOLLIN | EPOLLET, 6));
    guest::note("empty: " + wait_ms(level) + ", " + wait_ms(edge));
    write(writer, "abc", 3);
    guest::note("data: " + wait_ms(level) + ", " + wait_ms(edge));
    guest::note("again: " + wait_ms(level) + ", " + wait_ms(edge));
    write(writer, "d", 1);
    guest::note("more: " + wait_ms(level) + ", " + wait_ms(edge));
    char buffer[8];
    read(reader, buffer, 8);
    guest::note("read: " + wait_ms(level) + ", " + wait_ms(edge));
    close(writer);
    guest::note("hang-up: " + wait_ms(level) + ", " + wait_ms(edge));
    guest::note("still: " + wait_ms(level) + ", " + wait_ms(edge));
}

GUEST_TEST("one-shot reports once until it is armed again")
{
    auto [reader, writer] = guest::make_pipe();
    int epoll = expect_ok(epoll_create1(0));
    expect_ok(add(epoll, reader, EPOLLIN | EPOLLONESHOT, 9));
    write(writer, "x", 1);
    guest::note(wait_ms(epoll) + ", " + wait_ms(epoll));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLONESHOT;
    event.data.u64 = 10;
    expect_ok(epoll_ctl(epoll, EPOLL_CTL_MOD, reader, &event));
    guest::note(wait_ms(epoll) + ", " + wait_ms(epoll));
}

GUEST_TEST("writing side, errors, and MOD")
{
    auto [reader, writer] = guest::make_pipe(O_NONBLOCK);
    int epoll = expect_ok(epoll_create1(0));
    expect_ok(add(epoll, writer, EPOLLOUT, 2));
    guest::note(wait_ms(epoll));
    epoll_event event{};
    event.events = 0;
    event.data.u64 = 3;
    expect_ok(epoll_ctl(epoll, EPOLL_CTL_MOD, writer, &event));
    guest::note(wait_ms(epoll));
    close(reader);
    guest::note(wait_ms(epoll)); // EPOLLERR comes unasked
}

GUEST_TEST("an epoll inside an epoll; loops are refused")
{
    auto [reader, writer] = guest::make_pipe();
    int inner = expect_ok(epoll_create1(0));
    int outer = expect_ok(epoll_create1(0));
    expect_ok(add(inner, reader, EPOLLIN, 1));
    expect_ok(add(outer, inner, EPOLLIN, 2));
    guest::note(wait_ms(outer));
    write(writer, "x", 1);
    guest::note(wait_ms(outer) + " / " + wait_ms(inner));
    expect_errno(ELOOP, add(inner, outer, EPOLLIN));
    expect_errno(EINVAL, add(inner, inner, EPOLLIN));
}

GUEST_TEST("epoll_ctl's and epoll_wait's refusals")
{
    auto [reader, writer] = guest::make_pipe();
    int epoll = expect_ok(epoll_create1(0));
    epoll_event event{};
    expect_ok(add(epoll, reader, EPOLLIN));
    expect_errno(EEXIST, add(epoll, reader, EPOLLIN));
    expect_errno(ENOENT, epoll_ctl(epoll, EPOLL_CTL_MOD, writer, &event));
    expect_errno(ENOENT, epoll_ctl(epoll, EPOLL_CTL_DEL, writer, &event));
    expect_errno(EBADF, add(epoll, 999, EPOLLIN));
    expect_errno(EBADF, add(999, reader, EPOLLIN));
    expect_errno(EINVAL, add(reader, writer, EPOLLIN));
    expect_errno(EINVAL, epoll_ctl(epoll, 77, writer, &event));
    expect_errno(EFAULT, epoll_ctl(epoll, EPOLL_CTL_ADD, writer, nullptr));
    guest::enter_scratch();
    guest::write_file("f", "");
    expect_errno(EPERM, add(epoll, expect_ok(open("f", O_RDONLY)), EPOLLIN));
    expect_errno(EINVAL, epoll_create(0));
    expect_errno(EINVAL, epoll_create1(1));
    expect_errno(EINVAL, epoll_wait(epoll, &event, 0, 0));
    expect_errno(EINVAL, epoll_wait(epoll, &event, -1, 0));
    expect_errno(EBADF, epoll_wait(999, &event, 1, 0));
    expect_errno(EINVAL, epoll_wait(reader, &event, 1, 0));
}

GUEST_TEST("closing takes a file out, but not while a copy is open")
{
    auto [reader, writer] = guest::make_pipe();
    int epoll = expect_ok(epoll_create1(0));
    expect_ok(add(epoll, reader, EPOLLIN, 4));
    write(writer, "x", 1);
    int copy = dup(reader);
    close(reader);
    guest::note(wait_ms(epoll));
    close(copy);
    guest::note(wait_ms(epoll));
}

GUEST_TEST("several ready ones take turns when few are asked for")
{
    int epoll = expect_ok(epoll_create1(0));
    for (unsigned long i = 0; i < 4; ++i)
        expect_ok(add(epoll, eventfd(1, 0), EPOLLIN, i));
    std::string order;
    epoll_event event{};
    for (int i = 0; i < 8; ++i) {
        expect_eq(1, epoll_wait(epoll, &event, 1, 0));
        order += std::to_string(event.data.u64);
    }
    guest::note(order);
}

GUEST_TEST("epoll_wait wakes for what another process does, waits as long as it is told, and takes a mask")
{
    auto [reader, writer] = guest::make_pipe();
    int epoll = expect_ok(epoll_create1(0));
    expect_ok(add(epoll, reader, EPOLLIN, 1));
    long began = guest::now_ms();
    guest::note(wait_ms(epoll, 40));
    expect(guest::now_ms() - began >= 39, "40 ms");
    int to = writer;
    pid_t child = guest::in_child([=] {
        guest::sleep_ms(20);
        return write(to, "x", 1) == 1 ? 0 : 1;
    });
    guest::note(wait_ms(epoll, 5000));
    guest::wait_for(child);
    char byte;
    read(reader, &byte, 1);
    sigset_t blocked, none;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    signal(SIGALRM, [](int) {});
    ualarm(1000, 0);
    guest::sleep_ms(20);
    epoll_event event;
    expect_errno(EINTR, epoll_pwait(epoll, &event, 1, 5000, &none));
}
