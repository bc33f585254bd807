// What the handlers of calls with paths share: where a path begins, and the AT_ flags.
#pragma once

#include "engine/fs/fs_context.h"
#include "engine/fs/file_table.h"
#include "engine/kernel/task.h"
#include "engine/syscalls/handler.h"

#include <string>

namespace ringside::syscalls {

/// Where `path` begins: the working directory (AT_FDCWD), or a descriptor's place. EBADF, ENOTDIR; an absolute path looks at no
/// descriptor.
Result<fs::Path> path_start(Task& task, int dirfd, const std::string& path);
/// Copies the path in and walks it. `flags`: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.
Result<fs::Path> walk_at(Task& task, int dirfd, GuestPtr<const char> pathname, int flags);
inline fs::Vfs& vfs(Task& task) { return *task.fs_context().vfs; }

}
