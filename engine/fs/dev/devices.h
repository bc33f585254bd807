// Character devices that the kernel itself answers: null, zero, full, random, urandom, tty.
#pragma once

#include "engine/fs/memory_node.h"
#include "engine/fs/path_file.h"

#include <string>

namespace ringside::fs {

/// /dev's inodes: memory nodes whose device numbers mean something.
class DeviceFs final : public MemoryFs {
public:
    using MemoryFs::MemoryFs;
    std::string type() const override { return "devtmpfs"; }
    Ref<MemoryNode> make(const MemoryNode* parent, const NewInode& wanted) override;
};

class HostStreamInode;
struct KernelState;

/// Gives the caller's terminal its place in /dev (pts/3, tty2), so that ttyname(3) finds it. The path.
std::string plant_terminal(KernelState& state, Ref<HostStreamInode> terminal, dev_t device);

/// Builds /dev: nodes, links to /proc/self/fd, places for shm and pts.
Ref<MemoryNode> make_device_tree(Ref<DeviceFs> fs, gid_t tty_group);

}
