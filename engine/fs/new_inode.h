// Owner, group and mode of what a task creates.
#pragma once

#include "engine/fs/inode.h"

namespace ringside::fs {

/// `mode` with type and permission bits: the umask is taken off, set-gid directories pass their group on (inode_init_owner).
NewInode new_inode(Task& task, const Attributes& directory, mode_t mode, dev_t device);

}
