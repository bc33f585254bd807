// A mount: a tree of dentries standing somewhere in another. One namespace; mounts are made before the first program runs.
#pragma once

#include "engine/base/ref.h"
#include "engine/fs/dentry.h"

#include <string>

namespace ringside::fs {

class Mount final : public RefCounted {
public:
    Mount(int id, Ref<FileSystem> fs, Ref<Dentry> root, std::string source, unsigned long flags)
        : id(id), fs(std::move(fs)), root(std::move(root)), source(std::move(source)), flags(flags)
    {
    }
    const int id;
    const Ref<FileSystem> fs;
    const Ref<Dentry> root;
    const std::string source;  ///< first column of /proc/mounts
    const unsigned long flags; ///< MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC
    std::string options;       ///< what /proc/mounts shows after the flags
    Ref<Mount> parent;         ///< null: the root of the namespace
    Ref<Dentry> mountpoint;    ///< in the parent
};

/// A place: a dentry as seen through a mount.
struct Path {
    Ref<Mount> mount;
    Ref<Dentry> dentry;
    bool valid() const { return static_cast<bool>(dentry); }
    Inode& inode() const { return dentry->inode(); }
    friend bool operator==(const Path& a, const Path& b) { return a.mount == b.mount && a.dentry == b.dentry; }
};

}
