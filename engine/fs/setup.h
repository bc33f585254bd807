// Building the first program's view of the file system: what the Sentry's start-up calls once, with the host descriptors that
// it was given.
#pragma once

#include "engine/base/result.h"
#include "engine/boundary/host_call.h"
#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/host/owners.h"
#include "engine/mm/memory_file.h"

#include <string>
#include <vector>

namespace ringside::kernel {
class Kernel;
}

namespace ringside::fs {

struct BindMount {
    host::Fd root;           ///< O_PATH of SRC: a directory or a regular file
    std::string destination; ///< absolute path inside
    bool read_only = false;
    std::string source; ///< SRC as given, for /proc/mounts
};

struct RootConfig {
    host::Fd root; ///< O_PATH of the directory that becomes "/" (read-only, under the overlay)
    std::vector<BindMount> binds;
    std::string working_directory = "/";
    std::uint64_t memory_limit = 0; ///< bytes, for df of tmpfs; 0: none
    OwnerLookup* owners = nullptr; ///< null: owners are what statx says
    int processors = 1;
};

/// Overlay on the host's tree, /proc, /dev, /dev/pts, /dev/shm, /sys, binds. Before the first task: it may block on the host.
Result<Ref<FsContext>> make_file_system(kernel::Kernel& kernel, RootConfig config);
/// Descriptors 0-2: those of the caller; before the filter is in force, and after make_file_system. A number that the caller has closed stays closed. Kernel::start announces them to the
/// recorder (FileTable::announce).
Result<Ref<FileTable>> make_standard_files(kernel::Kernel& kernel, Vfs& vfs);

}
