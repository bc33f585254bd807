// What fs keeps for the whole kernel; hangs on kernel::Kernel.
#pragma once

#include "engine/fs/host/host_stream.h"
#include "engine/fs/inotify.h"
#include "engine/fs/memory_node.h"
#include "engine/fs/tty/devpts.h"
#include "engine/fs/vfs.h"

#include <string>

#include <map>
#include <vector>

namespace ringside::fs {

struct KernelState {
    Ref<Vfs> vfs;
    /// The caller's descriptors 0-2: kept for the kernel's lifetime, since mappings of them may outlive the descriptions.
    std::vector<Ref<File>> standard_files;
    Ref<HostTerminal> terminal; ///< null: the caller has none
    std::string terminal_name; ///< "/dev/pts/3"
    Ref<MemoryNode> devices; ///< the root of /dev
    Ref<PtsDirectory> pseudo_terminals;
    Ref<MemoryNode> anonymous_files; ///< where memfds live
    /// POSIX locks: who waits for whom, to find circles.
    std::map<const void*, const void*> lock_waits;
    Ref<RefCounted> ipc; ///< System V objects (ipc/state.h), made by the first of them
    Ref<InotifyUsers> inotify_users; ///< made by the first instance
    OwnerLookup* owners = nullptr;
    int processors = 1;
    std::uint64_t memory_limit = 0;
};

/// open(2) of /dev/tty. ENXIO without a controlling terminal.
Result<Ref<File>> open_controlling_terminal(Task& task, int flags);

}
