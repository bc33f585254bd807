// dup(2), dup2(2), dup3(2), fcntl(2), flock(2), ioctl(2).
#include "engine/fs/file_table.h"
#include "engine/fs/locks.h"
#include "engine/fs/pipe.h"
#include "engine/fs/memfd.h"
#include "engine/kernel/task.h"
#include "engine/kernel/thread_group.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"

#include <climits>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ringside::syscalls {

Result<long> dup(Task& task, int fd)
{
    return TRY(task.files().install(task, TRY(task.files().get(fd)), false));
}

Result<long> dup3(Task& task, int old_fd, int new_fd, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), O_CLOEXEC));
    if (old_fd == new_fd)
        return Errno(EINVAL);
    return TRY(task.files().install_at(task, TRY(task.files().get(old_fd)), new_fd, (flags & O_CLOEXEC) != 0));
}

Result<long> dup2(Task& task, int old_fd, int new_fd)
{
    if (old_fd == new_fd) {
        TRY(task.files().get(old_fd));
        return new_fd;
    }
    return dup3(task, old_fd, new_fd, 0);
}

namespace {

/// The bytes that a struct flock names. EINVAL, EOVERFLOW.
Result<fs::LockTable::Lock> lock_range(Task& task, fs::File& file, const struct flock& wanted)
{
    std::int64_t base = 0;
    if (wanted.l_whence == SEEK_CUR) {
        auto position = file.seek(task, 0, SEEK_CUR);
        base = position.ok() ? position.value() : 0; // what has no positions is at 0
    } else if (wanted.l_whence == SEEK_END)
        base = TRY(file.stat(task)).st_size;
    else if (wanted.l_whence != SEEK_SET)
        return Errno(EINVAL);
    std::int64_t start = 0;
    if (__builtin_add_overflow(base, static_cast<std::int64_t>(wanted.l_start), &start))
        return Errno(EOVERFLOW);
    std::int64_t end = LLONG_MAX;
    if (wanted.l_len > 0) {
        if (__builtin_add_overflow(start, static_cast<std::int64_t>(wanted.l_len), &end))
            return Errno(EOVERFLOW);
    } else if (wanted.l_len < 0) {
        end = start;
        if (__builtin_add_overflow(start, static_cast<std::int64_t>(wanted.l_len), &start))
            return Errno(EINVAL);
    }
    if (start < 0)
        return Errno(EINVAL);
    bool to_the_end = wanted.l_len == 0;
    return fs::LockTable::Lock {nullptr, 0, wanted.l_type == F_WRLCK, static_cast<std::uint64_t>(start), to_the_end ? ~std::uint64_t {0} : static_cast<std::uint64_t>(end)};
}

Result<long> record_lock(Task& task, const Ref<fs::File>& file, int command, GuestPtr<struct flock> address)
{
    struct flock wanted = TRY(task.copy_in(address));
    bool of_description = command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
    bool query = command == F_GETLK || command == F_OFD_GETLK;
    if (wanted.l_type != F_RDLCK && wanted.l_type != F_WRLCK && (query || wanted.l_type != F_UNLCK))
        return Errno(EINVAL);
    if (of_description && wanted.l_pid != 0)
        return Errno(EINVAL);
    Ref<fs::Inode> inode = file->inode();
    if (!inode)
        return Errno(EBADF);
    auto lock = TRY(lock_range(task, *file, wanted));
    lock.owner = of_description ? static_cast<const void*>(file.get()) : &task.files();
    lock.pid = of_description ? -1 : task.group().tgid();
    if (query) {
        const auto* other = inode->locks().conflict(lock);
        if (!other) {
            wanted.l_type = F_UNLCK;
        } else {
            wanted.l_type = static_cast<short>(other->exclusive ? F_WRLCK : F_RDLCK);
            wanted.l_whence = SEEK_SET;
            wanted.l_start = static_cast<off_t>(other->start);
            wanted.l_len = other->end == ~std::uint64_t {0} ? 0 : static_cast<off_t>(other->end - other->start);
            wanted.l_pid = other->pid;
        }
        TRY(task.copy_out(address, wanted));
        return 0;
    }
    if ((wanted.l_type == F_RDLCK && !file->readable()) || (wanted.l_type == F_WRLCK && !file->writable()))
        return Errno(EBADF);
    TRY(inode->locks().set(task, lock, wanted.l_type == F_UNLCK, command == F_SETLKW || command == F_OFD_SETLKW));
    return 0;
}

Result<long> pipe_size(Task& task, fs::File& file, int command, std::uint64_t argument)
{
    auto* end = dynamic_cast<fs::PipeEnd*>(&file);
    if (!end)
        return Errno(EBADF);
    if (command == F_GETPIPE_SZ)
        return static_cast<long>(end->pipe().capacity());
    return static_cast<long>(TRY(end->pipe().set_capacity(task, argument)));
}

Result<long> owner_command(Task& task, fs::File& file, int command, std::uint64_t argument)
{
    switch (command) {
    case F_SETOWN:
        file.owner = static_cast<int>(argument);
        return 0;
    case F_GETOWN:
        return file.owner;
    case F_SETSIG:
        if (argument > 64)
            return Errno(EINVAL);
        file.owner_signal = static_cast<int>(argument);
        return 0;
    case F_GETSIG:
        return file.owner_signal;
    case F_SETOWN_EX: {
        f_owner_ex owner = TRY(task.copy_in(GuestPtr<f_owner_ex>(argument)));
        file.owner = owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
        return 0;
    }
    default: { // F_GETOWN_EX
        f_owner_ex owner {file.owner < 0 ? F_OWNER_PGRP : F_OWNER_PID, file.owner < 0 ? -file.owner : file.owner};
        TRY(task.copy_out(GuestPtr<f_owner_ex>(argument), owner));
        return 0;
    }
    }
}

}

Result<long> fcntl(Task& task, int fd, unsigned command_value, std::uint64_t argument)
{
    auto command = static_cast<int>(command_value);
    Ref<fs::File> file = TRY(task.files().get(fd));
    if (file->is_path_only() && command != F_DUPFD && command != F_DUPFD_CLOEXEC && command != F_GETFD && command != F_SETFD && command != F_GETFL)
        return Errno(EBADF);
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (static_cast<unsigned>(argument) > INT_MAX) // the low half only (f_dupfd)
            return Errno(EINVAL);
        return TRY(task.files().install(task, file, command == F_DUPFD_CLOEXEC, static_cast<int>(argument)));
    case F_GETFD:
        return TRY(task.files().close_on_exec(fd)) ? FD_CLOEXEC : 0;
    case F_SETFD:
        TRY(task.files().set_close_on_exec(fd, (argument & FD_CLOEXEC) != 0));
        return 0;
    case F_GETFL:
        return file->flags();
    case F_SETFL:
        TRY(file->set_flags(static_cast<int>(argument)));
        return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return record_lock(task, file, command, GuestPtr<struct flock>(argument));
    case F_SETOWN:
    case F_GETOWN:
    case F_SETSIG:
    case F_GETSIG:
    case F_SETOWN_EX:
    case F_GETOWN_EX:
        return owner_command(task, *file, command, argument);
    case F_SETPIPE_SZ:
    case F_GETPIPE_SZ:
        return pipe_size(task, *file, command, argument);
    case F_ADD_SEALS:
        return TRY(fs::add_seals(*file, static_cast<unsigned>(argument)));
    case F_GET_SEALS:
        return TRY(fs::get_seals(*file));
    case F_SETLEASE:
    case F_GETLEASE:
    case F_NOTIFY:
        task.recorder().unsupported();
        return Errno(EINVAL);
    default:
        return Errno(EINVAL);
    }
}

Result<long> flock(Task& task, int fd, unsigned operation)
{
    constexpr unsigned mandatory = 32; // LOCK_MAND: no longer supported, and ignored
    if (operation & mandatory)
        return 0;
    unsigned kind = operation & ~static_cast<unsigned>(LOCK_NB);
    if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
        return Errno(EINVAL);
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (kind != LOCK_UN && !file->readable() && !file->writable())
        return Errno(EBADF); // opened with access mode 3
    Ref<fs::Inode> inode = file->inode();
    if (!inode)
        return Errno(EBADF);
    if (kind == LOCK_UN)
        inode->locks().unlock(file.get());
    else
        TRY(inode->locks().flock(task, file.get(), kind == LOCK_EX, !(operation & LOCK_NB)));
    return 0;
}

Result<long> ioctl(Task& task, int fd, unsigned request, std::uint64_t argument)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    GuestPtr<int> integer(argument);
    switch (request) {
    case FIOCLEX:
        TRY(task.files().set_close_on_exec(fd, true));
        return 0;
    case FIONCLEX:
        TRY(task.files().set_close_on_exec(fd, false));
        return 0;
    case FIONBIO: {
        bool on = TRY(task.copy_in(integer)) != 0;
        TRY(file->set_flags(on ? file->flags() | O_NONBLOCK : file->flags() & ~O_NONBLOCK));
        return 0;
    }
    case FIOASYNC: {
        bool on = TRY(task.copy_in(integer)) != 0;
        TRY(file->set_flags(on ? file->flags() | O_ASYNC : file->flags() & ~O_ASYNC));
        return 0;
    }
    default:
        return file->ioctl(task, request, GuestAddr(argument));
    }
}

const Register<SYS_dup, dup> r_dup;
const Register<SYS_dup2, dup2> r_dup2;
const Register<SYS_dup3, dup3> r_dup3;
const Register<SYS_fcntl, fcntl> r_fcntl("leases, F_NOTIFY");
const Register<SYS_flock, flock> r_flock;
const Register<SYS_ioctl, ioctl> r_ioctl("devices and file systems other than terminals, sockets and FIONREAD, FIONBIO, FIOCLEX");

}
