// An open directory of any file system: getdents over a list that is taken when reading begins.
#pragma once

#include "engine/fs/inode.h"
#include "engine/fs/path_file.h"

#include <vector>

namespace ringside::fs {

/// Positions are places in the list, so they stay valid while entries come and go; rewinding takes a new list.
class DirectoryFile final : public PlacedFile {
public:
    using PlacedFile::PlacedFile;
    Result<std::size_t> read(Task&, IoBuffer&, std::optional<std::uint64_t>) override { return Errno(EISDIR); }
    Result<std::int64_t> seek(Task& task, std::int64_t offset, int whence) override;
    Result<void> read_directory(Task& task, const DirentSink& sink) override;
    Result<void> sync(Task& task, bool data_only) override;

private:
    Result<void> take_list(Task& task);
    std::vector<DirectoryEntry> entries_;
    std::uint64_t position_ = 0;
    bool listed_ = false;
};

}
