// What an inode says of itself (stat), and what chmod, chown, utimensat and truncate ask of it.
#pragma once

#include <cstdint>
#include <optional>
#include <sys/stat.h>
#include <sys/types.h>

namespace ringside::fs {

struct Attributes {
    mode_t mode = 0; ///< type and permission bits
    uid_t uid = 0;
    gid_t gid = 0;
    std::uint64_t links = 1;
    std::uint64_t size = 0;
    std::uint64_t blocks = 0; ///< of 512 bytes
    std::uint32_t block_size = 4096;
    dev_t device = 0;
    dev_t special_device = 0; ///< st_rdev
    ino_t inode = 0;
    timespec atime {}, mtime {}, ctime {}, btime {};

    struct stat to_stat() const;
};

/// What to change; what is absent stays. The inode sets its ctime.
struct AttributeChange {
    std::optional<mode_t> mode; ///< permission bits (07777) only
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<timespec> atime, mtime;
};

}
