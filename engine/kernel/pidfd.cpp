// pidfds.

#include "engine/kernel/pidfd.h"

#include "engine/fs/file_table.h"

#include <fcntl.h>
#include <sys/epoll.h>

namespace ringside::kernel {

PollMask PidFd::poll()
{
    return group_->zombie() ? EPOLLIN | EPOLLRDNORM : 0;
}

Ref<fs::File> make_pidfd(Ref<ThreadGroup> group, int flags)
{
    return make_ref<PidFd>(std::move(group), O_RDWR | flags);
}

Result<Ref<PidFd>> find_pidfd(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get(fd));
    auto* pidfd = dynamic_cast<PidFd*>(file.get());
    if (!pidfd)
        return Errno(EBADF);
    return Ref<PidFd>(pidfd);
}

}
