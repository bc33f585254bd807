// A task's view of the file system: root, working directory, umask (CLONE_FS shares it, fork copies it).
#pragma once

#include "engine/base/ref.h"
#include "engine/fs/mount.h"
#include "engine/fs/vfs.h"

namespace ringside::fs {

class FsContext final : public RefCounted {
public:
    FsContext(Ref<Vfs> vfs, Path root, Path working_directory) : vfs(std::move(vfs)), root(std::move(root)), working_directory(std::move(working_directory)) { }
    /// For fork.
    Ref<FsContext> copy() const;

    const Ref<Vfs> vfs;
    Path root;
    Path working_directory;
    mode_t umask = 022;
};

}
