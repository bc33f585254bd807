// The only ways in which the Sentry opens a host file. openat2's flags lie in memory, where seccomp cannot look: the structures stand in
// a sealed, read-only page at a fixed address below everything else, and the filter compares the pointer.
#pragma once

#include "engine/base/result.h"
#include "engine/boundary/host_call.h"

#include <cstddef>
#include <linux/openat2.h>

namespace ringside::boundary {

/// Every one has O_CLOEXEC and RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS: paths are relative, symbolic links are
/// the VFS's business.
enum class OpenHow : std::size_t {
    path,             ///< O_PATH | O_NOFOLLOW: to stat, to walk, to read a symbolic link
    path_cached,      ///< the same, RESOLVE_CACHED: EAGAIN where the host would have to look at its disk
    directory,        ///< O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    directory_cached,
    read,             ///< O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY. Never open a FIFO, socket or device: look at its type first
    read_cached,
    // Allowed by the filter only with a writable bind.
    write,            ///< O_WRONLY, else as read
    read_write,       ///< O_RDWR, else as read
    create,           ///< O_RDWR | O_CREAT | O_EXCL, mode 0600: fchmod to the mode wanted
    count
};
constexpr std::size_t first_writing_how = static_cast<std::size_t>(OpenHow::write);

/// Lowest page of the Sentry's address space that is in use. munmap, mprotect and fixed mmap at or below its end are refused by the filter.
constexpr std::uintptr_t open_how_address = 0x10'0000;

/// Maps and seals the page; once, before confinement (and in tests that open host files). Later calls do nothing.
Result<void> prepare_open_how();
const open_how* how(OpenHow kind);

/// openat2 with one of the structures. ELOOP where the last component is a symbolic link (not for `path`), EXDEV where the path leaves.
Result<host::Fd> open_host(int dirfd, const char* path, OpenHow kind);

}
