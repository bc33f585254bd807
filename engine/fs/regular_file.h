// An open regular file of any file system: position, append, limits; the inode moves the bytes.
#pragma once

#include "engine/fs/path_file.h"

namespace ringside::fs {

class RegularFile final : public PlacedFile {
public:
    RegularFile(const Path& path, int flags);
    ~RegularFile() override;

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset) override;
    Result<std::int64_t> seek(Task& task, std::int64_t offset, int whence) override;
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override;
    Result<void> truncate(Task& task, std::uint64_t size) override;
    Result<void> allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length) override;
    Result<void> sync(Task& task, bool data_only) override;
    Result<Ref<mm::Mappable>> mappable(Task& task) override;

private:
    std::uint64_t position_ = 0;
};

/// How many of `wanted` bytes at `offset` RLIMIT_FSIZE lets a task write; SIGXFSZ and EFBIG where none.
Result<std::uint64_t> limit_file_size(Task& task, std::uint64_t offset, std::uint64_t wanted);
/// Whether a file of this size may get the wanted one, by truncate: SIGXFSZ and EFBIG where RLIMIT_FSIZE forbids it.
Result<void> limit_new_size(Task& task, std::uint64_t size, std::uint64_t wanted);
/// The position that lseek gives for SEEK_SET, SEEK_CUR and SEEK_END. EINVAL, EOVERFLOW.
Result<std::uint64_t> seek_to(std::uint64_t position, std::uint64_t end, std::int64_t offset, int whence);

}
