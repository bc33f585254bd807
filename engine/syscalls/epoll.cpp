// epoll_create(2), epoll_ctl(2), epoll_wait(2), epoll_pwait(2), epoll_pwait2(2).
#include "engine/fs/epoll.h"
#include "engine/fs/file_table.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/task.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/signal_mask.h"

#include <climits>

namespace ringside::syscalls {

using kernel::Nanoseconds;

Result<long> epoll_create1(Task& task, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), EPOLL_CLOEXEC));
    return TRY(task.files().install(task, Ref<fs::File>(make_ref<fs::Epoll>(task)), (flags & EPOLL_CLOEXEC) != 0));
}

Result<long> epoll_create(Task& task, int size)
{
    if (size <= 0)
        return Errno(EINVAL);
    return epoll_create1(task, 0);
}

namespace {

Result<Ref<fs::Epoll>> epoll_of(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    auto* epoll = dynamic_cast<fs::Epoll*>(file.get());
    if (!epoll)
        return Errno(EINVAL);
    return Ref<fs::Epoll>(epoll);
}

Result<long> do_wait(Task& task, int fd, GuestPtr<epoll_event> events, int max, std::optional<Nanoseconds> deadline)
{
    if (max <= 0 || static_cast<std::size_t>(max) > INT_MAX / sizeof(epoll_event))
        return Errno(EINVAL);
    Ref<fs::Epoll> epoll = TRY(epoll_of(task, fd));
    kernel::Sleeper sleeper(task);
    bool standing = false;
    for (bool late = false;;) {
        auto ready = epoll->collect(static_cast<std::size_t>(max));
        if (!ready.empty()) {
            TRY(task.copy_out(events.addr(), std::as_bytes(std::span(ready))));
            return static_cast<long>(ready.size());
        }
        if (late || (deadline && *deadline == 0))
            return 0;
        if (!standing) {
            sleeper.stand_in(*epoll->poll_queue(), ~kernel::PollMask {0}, true);
            standing = true;
            continue;
        }
        auto slept = sleeper.sleep(deadline);
        if (!slept.ok() && slept.error() == ETIMEDOUT)
            late = true;
        else
            TRY(std::move(slept));
    }
}

std::optional<Nanoseconds> deadline_of(int timeout)
{
    if (timeout < 0)
        return {};
    return timeout == 0 ? 0 : kernel::monotonic_now() + static_cast<Nanoseconds>(timeout) * 1'000'000;
}

}

Result<long> epoll_ctl(Task& task, int epoll_fd, int operation, int fd, GuestPtr<epoll_event> event_address)
{
    epoll_event event {};
    if (operation != EPOLL_CTL_DEL)
        event = TRY(task.copy_in(event_address));
    Ref<fs::File> holder = TRY(task.files().get_for_io(epoll_fd));
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (!file->poll_queue())
        return Errno(EPERM);
    auto* epoll = dynamic_cast<fs::Epoll*>(holder.get());
    if (!epoll || holder == file)
        return Errno(EINVAL);
    constexpr std::uint32_t exclusive_ok = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
    if (operation != EPOLL_CTL_DEL && (event.events & EPOLLEXCLUSIVE))
        if (operation == EPOLL_CTL_MOD || dynamic_cast<fs::Epoll*>(file.get()) || (event.events & ~exclusive_ok))
            return Errno(EINVAL);
    switch (operation) {
    case EPOLL_CTL_ADD:
        TRY(epoll->add(fd, file, event));
        return 0;
    case EPOLL_CTL_MOD:
        TRY(epoll->modify(fd, *file, event));
        return 0;
    case EPOLL_CTL_DEL:
        TRY(epoll->remove(fd, *file));
        return 0;
    default:
        return Errno(EINVAL);
    }
}

Result<long> epoll_wait(Task& task, int fd, GuestPtr<epoll_event> events, int max, int timeout)
{
    return finish_with_mask(task, do_wait(task, fd, events, max, deadline_of(timeout)), EINTR);
}

Result<long> epoll_pwait(Task& task, int fd, GuestPtr<epoll_event> events, int max, int timeout, GuestPtr<std::uint64_t> mask, std::uint64_t mask_size)
{
    TRY(set_temporary_mask(task, mask, mask_size));
    return finish_with_mask(task, do_wait(task, fd, events, max, deadline_of(timeout)), EINTR);
}

Result<long> epoll_pwait2(Task& task, int fd, GuestPtr<epoll_event> events, int max, GuestPtr<timespec> timeout, GuestPtr<std::uint64_t> mask, std::uint64_t mask_size)
{
    std::optional<Nanoseconds> deadline;
    if (!timeout.is_null()) {
        Nanoseconds time = TRY(kernel::from_timespec(TRY(task.copy_in(timeout))));
        deadline = time == 0 ? 0 : kernel::monotonic_now() + time;
    }
    TRY(set_temporary_mask(task, mask, mask_size));
    return finish_with_mask(task, do_wait(task, fd, events, max, deadline), EINTR);
}

const Register<SYS_epoll_create, epoll_create> r_epoll_create;
const Register<SYS_epoll_create1, epoll_create1> r_epoll_create1;
const Register<SYS_epoll_ctl, epoll_ctl> r_epoll_ctl;
const Register<SYS_epoll_wait, epoll_wait> r_epoll_wait;
const Register<SYS_epoll_pwait, epoll_pwait> r_epoll_pwait;
const Register<SYS_epoll_pwait2, epoll_pwait2> r_epoll_pwait2;

}
