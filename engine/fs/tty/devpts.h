// devpts: /dev/pts, where each open pseudo-terminal has a node. fs/devpts/inode.c.
#pragma once

#include "engine/fs/memory_node.h"
#include "engine/fs/mount.h"

#include <set>

namespace ringside::fs {

class Pty;

class DevptsFs final : public MemoryFs {
public:
    using MemoryFs::MemoryFs;
    std::string type() const override { return "devpts"; }
    Result<struct statfs> statfs(Task& task, Inode& inode) override;
};

/// Its only directory. Names come and go with the terminals; nobody else can make or remove any.
class PtsDirectory final : public MemoryNode {
public:
    PtsDirectory(Ref<DevptsFs> fs, gid_t tty_group);

    /// A new pseudo-terminal with the lowest free number, owned by the task. ENOSPC at /proc/sys/kernel/pty/max.
    Result<Ref<Pty>> make(Task& task);
    /// The node's place in the tree. EIO when it has gone.
    Result<Path> place(Task& task, int index);
    /// A number that is taken: the caller's terminal has it.
    void reserve(int index) { indexes_.insert(index); }
    void release(int index) { indexes_.erase(index); }
    void remove(int index) { remove_name(std::to_string(index)); }
    std::size_t count() const { return indexes_.size(); }
    static constexpr int max_terminals = 4096;

    Names names() const override { return Names::fleeting; }
    Result<Ref<Inode>> create(Task& task, const std::string& name, const NewInode& wanted) override;
    Result<void> link(Task& task, const std::string& name, Inode& target) override;
    Result<void> unlink(Task& task, const std::string& name, Inode& victim) override;
    Result<void> rename(Task& task, const std::string& name, Inode& moved, Inode& new_parent, const std::string& new_name,
        Inode* replaced, unsigned flags) override;

private:
    std::set<int> indexes_;
    gid_t tty_group_;
};

/// The one that is mounted at /dev/pts.
Ref<PtsDirectory> pts_directory(Task& task);

/// /dev/ptmx's device number.
constexpr unsigned multiplexer_major = 5, multiplexer_minor = 2;

}
