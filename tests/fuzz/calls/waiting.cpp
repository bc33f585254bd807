// Steps on what programs wait by, never for long: poll, select, epoll, and the descriptors made for them.
#include "machine.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace fuzz {
namespace {

void eventfd_(Call& c) { c.go("eventfd2", SYS_eventfd2, c.random.pick({0, 1, 5, 0xffffffff}), EFD_NONBLOCK | (c.random.one_in(3) ? EFD_SEMAPHORE : 0) | (c.random.one_in(10) ? 4 : 0)); }
void event_write(Call& c) { c.go("write", SYS_write, c.fd(), c.in(c.random.pick({0, 1, 3, -1, -2})), 8); }
void event_read(Call& c) { c.go("read", SYS_read, c.fd(), c.out(8), 8); }
void timerfd_(Call& c) { c.go("timerfd_create", SYS_timerfd_create, c.random.pick({0, 1, 7, 8, 9, 2, 99, -1}), TFD_NONBLOCK | c.random.flags({TFD_CLOEXEC})); }
void timerfd_set(Call& c)
{
    itimerspec value{{c.random.pick({0, 0, 3000}), c.random.one_in(12) ? 1000000000 : 0}, {c.random.pick({0, 30000, 30000, -1}), c.random.one_in(12) ? -1 : 0}};
    c.go("timerfd_settime", SYS_timerfd_settime, c.fd(), c.random.one_in(12) ? 8 : 0, c.in(value), 0);
}
void timerfd_get(Call& c)
{
    long at = c.out(sizeof(itimerspec));
    c.go("timerfd_gettime", SYS_timerfd_gettime, c.fd(), at);
    c.scrub(at, 16, 16);
}
void epoll_(Call& c) { c.go("epoll_create1", SYS_epoll_create1, c.random.flags({EPOLL_CLOEXEC})); }
void epoll_change(Call& c)
{
    epoll_event event{};
    event.events = static_cast<std::uint32_t>(c.random.flags({EPOLLIN, EPOLLOUT, EPOLLET, EPOLLONESHOT, EPOLLRDHUP, EPOLLPRI}));
    event.data.u64 = static_cast<std::uint64_t>(c.step());
    int epoll = c.fd();
    c.go("epoll_ctl", SYS_epoll_ctl, epoll, c.random.one_in(10) ? c.odd_number() : c.random.pick({1, 1, 2, 3}), c.fd(), c.in(event));
}
void epoll_wait_(Call& c)
{
    long most = c.random.one_in(8) ? c.random.pick({0, -1, 0x7fffffff}) : 1 + c.random.below(8);
    c.go("epoll_wait", SYS_epoll_wait, c.fd(), c.out(96), most, 0);
}
void poll_(Call& c)
{
    pollfd list[4];
    for (pollfd& one : list)
        one = {c.fd(), static_cast<short>(c.random.one_in(6) ? c.random.below(65536) : c.random.below(64)), 0x55};
    c.go("poll", SYS_poll, c.in(list), c.random.one_in(12) ? c.random.pick({0, 5000, -1}) : 1 + c.random.below(4), 0);
}
void ppoll_(Call& c)
{
    pollfd one{c.fd(), 7, 0};
    timespec zero{c.random.one_in(10) ? -1 : 0, c.random.one_in(10) ? -1 : 0};
    std::uint64_t mask = 0;
    long time = c.good(sizeof zero);
    memcpy(reinterpret_cast<void*>(time), &zero, sizeof zero);
    long masks = c.random.one_in(2) ? 0 : c.in(mask);
    c.go("ppoll", SYS_ppoll, c.in(one), 1, time, masks, c.random.one_in(8) ? 4 : 8);
}
void select_(Call& c)
{
    std::uint64_t sets[3];
    long at[3];
    for (int i = 0; i < 3; ++i) {
        sets[i] = 1ul << c.random.below(20) | 1ul << (c.fd() & 15);
        at[i] = c.random.one_in(3) ? 0 : c.in(sets[i]);
    }
    long zero = c.good(16);
    memset(reinterpret_cast<void*>(zero), 0, 16);
    c.go("select", SYS_select, c.random.one_in(8) ? c.random.pick({-1, 0, 64}) : c.random.below(20), at[0], at[1], at[2], zero);
}
void signalfd_(Call& c)
{
    std::uint64_t mask = 1ul << (SIGUSR1 - 1) | 1ul << (SIGUSR2 - 1) | 1ul << 33;
    long number = c.random.one_in(3) ? -1 : private_fds + 4;
    long result = c.go_hidden("signalfd4", SYS_signalfd4, number, c.in(mask), c.random.one_in(8) ? 4 : 8, SFD_NONBLOCK);
    if (result >= 0 && number == -1) {
        raw(SYS_dup2, result, private_fds + 4);
        raw(SYS_close, result);
    }
}
void signalfd_read(Call& c)
{
    long at = c.good(512);
    long result = c.go("read_signalfd", SYS_read, private_fds + 4, at, c.random.pick({0, 127, 128, 300}));
    for (long i = 0; i + 128 <= result; i += 128)
        c.scrub(at, i + 12, 8); // pid and uid
}
void inotify_(Call& c)
{
    long result = c.go_hidden("inotify_init1", SYS_inotify_init1, IN_NONBLOCK | (c.random.one_in(10) ? 1 : 0));
    if (result >= 0) {
        raw(SYS_dup2, result, private_fds);
        raw(SYS_close, result);
    }
}
void inotify_add(Call& c) { c.go("inotify_add_watch", SYS_inotify_add_watch, c.random.one_in(8) ? c.fd() : private_fds, c.path(), c.random.one_in(5) ? c.random.pick({0, IN_ALL_EVENTS | IN_ONLYDIR, IN_ALL_EVENTS | IN_ONESHOT, IN_MASK_ADD | IN_OPEN, IN_ALL_EVENTS | IN_MASK_CREATE, static_cast<long>(0x80000000)}) : IN_ALL_EVENTS); }
void inotify_remove(Call& c) { c.go("inotify_rm_watch", SYS_inotify_rm_watch, private_fds, c.random.pick({-1, 0, 1, 2, 3})); }
void inotify_read(Call& c)
{
    long at = c.good(4096);
    long result = c.go("read_inotify", SYS_read, private_fds, at, c.random.pick({0, 15, 16, 4096, 4096, 4096}));
    for (long i = 0; i < result;) {
        inotify_event event;
        memcpy(&event, reinterpret_cast<void*>(at + i), sizeof event);
        c.note(" %d:%x%s:%.10s", event.wd, event.mask, event.cookie ? "c" : "", event.len ? reinterpret_cast<char*>(at + i + 16) : "");
        i += 16 + event.len;
    }
    if (result > 0)
        memset(reinterpret_cast<void*>(at), 0xa5, static_cast<size_t>(result));
}

const Entry steps[] = {{"waiting", 5, eventfd_}, {"waiting", 4, event_write}, {"waiting", 4, event_read}, {"waiting", 3, timerfd_}, {"waiting", 2, timerfd_set}, {"waiting", 2, timerfd_get}, {"waiting", 3, epoll_},
    {"waiting", 10, epoll_change}, {"waiting", 6, epoll_wait_}, {"waiting", 6, poll_}, {"waiting", 2, ppoll_}, {"waiting", 3, select_}, {"signals", 1, signalfd_}, {"signals", 1, signalfd_read},
    {"inotify", 2, inotify_}, {"inotify", 6, inotify_add}, {"inotify", 2, inotify_remove}, {"inotify", 8, inotify_read}};

}

std::span<const Entry> waiting_steps() { return steps; }

}
