// eventfd(2), timerfd_create(2) and its calls, signalfd(2), memfd_create(2).
#include "engine/fs/event_files.h"
#include "engine/fs/file_table.h"
#include "engine/fs/memfd.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <linux/capability.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

namespace ringside::syscalls {

Result<long> eventfd2(Task& task, unsigned initial, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
    return TRY(task.files().install(task, Ref<fs::File>(make_ref<fs::EventFd>(task, initial, flags)), (flags & EFD_CLOEXEC) != 0));
}

Result<long> eventfd(Task& task, unsigned initial)
{
    return eventfd2(task, initial, 0);
}

Result<long> timerfd_create(Task& task, int clock, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), TFD_CLOEXEC | TFD_NONBLOCK));
    bool alarm = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME && !alarm)
        return Errno(EINVAL);
    if (alarm && !task.credentials().capable(CAP_WAKE_ALARM))
        return Errno(EPERM);
    int plain = clock == CLOCK_REALTIME_ALARM ? CLOCK_REALTIME : clock == CLOCK_BOOTTIME_ALARM ? CLOCK_BOOTTIME : clock;
    return TRY(task.files().install(task, Ref<fs::File>(make_ref<fs::TimerFd>(task, plain, flags)), (flags & TFD_CLOEXEC) != 0));
}

namespace {

Result<Ref<fs::TimerFd>> timer_of(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    auto* timer = dynamic_cast<fs::TimerFd*>(file.get());
    if (!timer)
        return Errno(EINVAL);
    return Ref<fs::TimerFd>(timer);
}

}

Result<long> timerfd_settime(Task& task, int fd, int flags, GuestPtr<itimerspec> value, GuestPtr<itimerspec> old)
{
    itimerspec wanted = TRY(task.copy_in(value));
    TRY(check_flags(static_cast<unsigned>(flags), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET));
    for (const timespec& time : {wanted.it_value, wanted.it_interval})
        (void)TRY(kernel::from_timespec(time)); // EINVAL, before the descriptor is looked at
    Ref<fs::TimerFd> timer = TRY(timer_of(task, fd));
    itimerspec before = timer->get();
    TRY(timer->set(task, wanted, (flags & TFD_TIMER_ABSTIME) != 0));
    if (!old.is_null())
        TRY(task.copy_out(old, before));
    return 0;
}

Result<long> timerfd_gettime(Task& task, int fd, GuestPtr<itimerspec> value)
{
    TRY(task.copy_out(value, TRY(timer_of(task, fd))->get()));
    return 0;
}

Result<long> signalfd4(Task& task, int fd, GuestPtr<std::uint64_t> mask, std::uint64_t size, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), SFD_CLOEXEC | SFD_NONBLOCK));
    if (size != sizeof(std::uint64_t))
        return Errno(EINVAL);
    kernel::SignalSet set = kernel::SignalSet(TRY(task.copy_in(mask))) & ~kernel::unblockable;
    if (fd == -1)
        return TRY(task.files().install(task, Ref<fs::File>(make_ref<fs::SignalFd>(task, set, flags)), (flags & SFD_CLOEXEC) != 0));
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    auto* known = dynamic_cast<fs::SignalFd*>(file.get());
    if (!known)
        return Errno(EINVAL);
    known->set_mask(set);
    return fd;
}

Result<long> signalfd(Task& task, int fd, GuestPtr<std::uint64_t> mask, std::uint64_t size)
{
    return signalfd4(task, fd, mask, size, 0);
}

Result<long> memfd_create(Task& task, GuestPtr<const char> name_address, unsigned flags)
{
    if (flags & MFD_HUGETLB) {
        task.recorder().unsupported();
        return Errno(ENOSYS);
    }
    TRY(check_flags(flags, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    auto name = task.copy_in_string(name_address.addr(), 250); // MFD_NAME_MAX_LEN and its NUL
    if (!name.ok())
        return Errno(name.error() == ENAMETOOLONG ? EINVAL : name.error().value());
    Ref<fs::File> file = TRY(fs::make_memfd(task, name.value(), flags));
    return TRY(task.files().install(task, std::move(file), (flags & MFD_CLOEXEC) != 0));
}

const Register<SYS_eventfd, eventfd> r_eventfd;
const Register<SYS_eventfd2, eventfd2> r_eventfd2;
const Register<SYS_timerfd_create, timerfd_create> r_timerfd_create;
const Register<SYS_timerfd_settime, timerfd_settime> r_timerfd_settime;
const Register<SYS_timerfd_gettime, timerfd_gettime> r_timerfd_gettime;
const Register<SYS_signalfd, signalfd> r_signalfd;
const Register<SYS_signalfd4, signalfd4> r_signalfd4;
const Register<SYS_memfd_create, memfd_create> r_memfd_create("MFD_HUGETLB");

}
