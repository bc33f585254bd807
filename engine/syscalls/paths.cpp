// Where paths begin.
#include "engine/syscalls/paths.h"

#include <fcntl.h>

namespace ringside::syscalls {

Result<fs::Path> path_start(Task& task, int dirfd, const std::string& path)
{
    if (!path.empty() && path[0] == '/')
        return task.fs_context().root;
    if (dirfd == AT_FDCWD)
        return task.fs_context().working_directory;
    Ref<fs::File> file = TRY(task.files().get(dirfd));
    if (!file->path())
        return Errno(ENOTDIR);
    return *file->path();
}

Result<fs::Path> walk_at(Task& task, int dirfd, GuestPtr<const char> pathname, int flags)
{
    std::string path = TRY(task.copy_in_path(pathname));
    if (path.empty() && !(flags & AT_EMPTY_PATH))
        return Errno(ENOENT);
    fs::WalkFlags how;
    how.follow = !(flags & AT_SYMLINK_NOFOLLOW);
    how.empty_path = (flags & AT_EMPTY_PATH) != 0;
    return vfs(task).walk(task, TRY(path_start(task, dirfd, path)), path, how);
}

}
