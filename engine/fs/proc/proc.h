// procfs and sysfs: what programs look at, with the sandbox's own numbers, never the host's.
#pragma once

#include "engine/fs/inode.h"
#include "engine/fs/vfs.h"

#include <functional>

namespace ringside::kernel {
class Kernel;
class ThreadGroup;
}

namespace ringside::fs {

using MountAt = std::function<Result<void>(const char* place, Ref<FileSystem> fs, Ref<Inode> root, const char* source, unsigned long flags, const char* options)>;

/// Mounts /proc and /sys.
Result<void> mount_proc(kernel::Kernel& kernel, Vfs& vfs, const MountAt& mount);

}
