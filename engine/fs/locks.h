// Record locks of an inode: POSIX (owned by a process), OFD (owned by a description), flock (owned by a description, whole file).
// man 2 fcntl, man 2 flock.
#pragma once

#include "engine/base/result.h"
#include "engine/fs/file.h"
#include "engine/kernel/wait_queue.h"

#include <fcntl.h>
#include <vector>

namespace ringside::fs {

class LockTable {
public:
    struct Lock {
        const void* owner; ///< FileTable of the process, or File
        int pid;           ///< F_GETLK shows it; -1 for OFD locks
        bool exclusive;
        std::uint64_t start, end; ///< end is one past the last byte; ~0: to the end of the file, however long
    };
    /// Takes, changes or (`unlock`) gives up a range. Waits where `wait`, else EAGAIN; EDEADLK where processes would wait for each other (POSIX locks only).
    Result<void> set(Task& task, Lock lock, bool unlock, bool wait);
    /// The first lock that stands in the way.
    const Lock* conflict(const Lock& lock) const;
    /// close(2) of any descriptor of the file drops all of the process' POSIX locks; the last close of a description drops its own.
    void release(const void* owner);

    // flock
    Result<void> flock(Task& task, const void* owner, bool exclusive, bool wait);
    void unlock(const void* owner);

private:
    void apply(const Lock& lock, bool unlock);
    std::vector<Lock> locks_;
    std::vector<Lock> flocks_;
    kernel::WaitQueue queue_;
};

}
