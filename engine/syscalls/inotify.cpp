// inotify_init(2), inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2).
#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/inotify.h"
#include "engine/syscalls/paths.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace ringside::syscalls {

namespace {

constexpr std::uint32_t all_bits = IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK
    | IN_MASK_ADD | IN_MASK_CREATE | IN_ISDIR | IN_ONESHOT;

Result<fs::Inotify*> instance(Ref<fs::File>& file)
{
    auto* found = dynamic_cast<fs::Inotify*>(file.get());
    if (!found)
        return Errno(EINVAL);
    return found;
}

}

Result<long> inotify_init1(Task& task, int flags)
{
    TRY(check_flags(static_cast<unsigned>(flags), IN_CLOEXEC | IN_NONBLOCK));
    Ref<fs::File> file = TRY(fs::Inotify::create(task, flags));
    return TRY(task.files().install(task, file, (flags & IN_CLOEXEC) != 0));
}

Result<long> inotify_init(Task& task)
{
    return inotify_init1(task, 0);
}

Result<long> inotify_add_watch(Task& task, int fd, GuestPtr<const char> pathname, std::uint32_t mask)
{
    if ((mask & ~all_bits) || !(mask & all_bits))
        return Errno(EINVAL);
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if ((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE))
        return Errno(EINVAL);
    fs::Inotify* inotify = TRY(instance(file));
    fs::Path path = TRY(walk_at(task, AT_FDCWD, pathname, mask & IN_DONT_FOLLOW ? AT_SYMLINK_NOFOLLOW : 0));
    if ((mask & IN_ONLYDIR) && !path.inode().is_directory())
        return Errno(ENOTDIR);
    TRY(fs::check_permission(task, path, R_OK));
    return TRY(inotify->add(path, mask));
}

Result<long> inotify_rm_watch(Task& task, int fd, int watch)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    TRY(TRY(instance(file))->remove(watch));
    return 0;
}

const Register<SYS_inotify_init, inotify_init> r_inotify_init;
const Register<SYS_inotify_init1, inotify_init1> r_inotify_init1;
const Register<SYS_inotify_add_watch, inotify_add_watch> r_inotify_add_watch;
const Register<SYS_inotify_rm_watch, inotify_rm_watch> r_inotify_rm_watch;

}
