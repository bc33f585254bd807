// The overlay: the host's tree as it is below, all changes in memory above. An inode takes over (owns) attributes when they change; a
// file's data is taken over by writing into the page cache, which goes on filling untouched pages from the host. Directories hold
// what was added and what was removed, so that a renamed directory is simply found under another name, with all that lies in it.
#pragma once

#include "engine/fs/host/host_inode.h"
#include "engine/fs/memory_node.h"

#include <map>

namespace ringside::fs {

class OverlayNode;

class OverlayFs final : public MemoryFs {
public:
    OverlayFs(Ref<HostFs> lower, mm::MemoryFile& memory, std::uint64_t limit);
    ~OverlayFs() override;
    std::string type() const override { return "overlay"; }
    Result<struct statfs> statfs(Task& task, Inode& inode) override;
    void evict() override;
    Ref<MemoryNode> make(const MemoryNode* parent, const NewInode& wanted) override;
    /// The node that stands for a host inode.
    Ref<OverlayNode> node_for(Ref<HostInode> lower);
    Ref<OverlayNode> root();

private:
    friend class OverlayNode;
    Ref<HostFs> lower_;
    std::map<HostInode*, OverlayNode*> nodes_;
    /// Nodes that differ from what lies below: kept until their last name is gone, or the namespace.
    std::map<OverlayNode*, Ref<OverlayNode>> changed_;
};

class OverlayNode final : public MemoryNode {
public:
    /// Made in the sandbox.
    OverlayNode(OverlayFs& fs, const NewInode& wanted, ino_t inode, dev_t device) : MemoryNode(fs, wanted, inode, device), owned_(true)
    {
        entry_size_ = 0; // disks' directories grow by blocks
    }
    /// Stands for a host inode.
    OverlayNode(OverlayFs& fs, Ref<HostInode> lower);
    ~OverlayNode() override;

    Result<Attributes> attributes(Task& task, Age age) override;
    Names names() const override { return lower_ ? Names::revalidate : Names::stable; }
    Result<Ref<Inode>> lookup(Task& task, const std::string& name) override;
    Result<Ref<Inode>> create(Task& task, const std::string& name, const NewInode& wanted) override;
    Result<std::vector<DirectoryEntry>> list(Task& task) override;
    Result<std::string> readlink(Task& task) override;
    Result<Ref<File>> open(Task& task, const Path& path, int flags) override;
    Result<std::uint64_t> data_size(Task& task) override;
    Result<std::span<const std::byte>> read_data(Task& task, std::uint64_t offset, std::uint64_t wanted) override;
    Result<Ref<mm::Mappable>> mappable(Task& task, bool may_write) override;
    void accessed(Task& task) override;

    /// The child, for building the tree before there is a task. `task` may be null.
    Result<Ref<OverlayNode>> find(Task* task, const std::string& name);
    HostInode* lower() const { return lower_.get(); }

protected:
    Result<void> own(Task& task) override;
    Result<void> own_data(Task& task) override;
    void orphaned() override;
    void remove_name(const std::string& name) override;

private:
    OverlayFs& overlay() const { return static_cast<OverlayFs&>(*fs_); }
    Ref<HostInode> lower_;
    bool owned_ = false;      ///< attributes
    bool owns_data_ = false;
};

}
