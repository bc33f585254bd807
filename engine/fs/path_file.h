// A description with a place in the tree, and the one of O_PATH, which is nothing else.
#pragma once

#include "engine/fs/file.h"
#include "engine/fs/mount.h"

namespace ringside::fs {

/// Keeps where it was opened.
class PlacedFile : public File {
public:
    PlacedFile(const Path& path, int flags) : File(flags), path_(path) { }
    /// Gives up the locks that this description holds (OFD, flock).
    ~PlacedFile() override;
    /// POSIX: closing any descriptor of a file gives up all locks of the process on it.
    void descriptor_closed(Task& task) override;
    const Path* path() const override { return &path_; }
    trace::ObjectKind trace_kind() const override
    {
        return path_.inode().is_directory() ? trace::ObjectKind::directory : trace::ObjectKind::file;
    }

protected:
    Path path_;
};

class PathFile final : public PlacedFile {
public:
    using PlacedFile::PlacedFile;
    Result<void> set_flags(int) override { return Errno(EBADF); }
};

}
