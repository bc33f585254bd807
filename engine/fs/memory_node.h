// Inodes that live in memory: tmpfs is nothing else, and the overlay's upper side is made of them.
#pragma once

#include "engine/fs/inode.h"
#include "engine/mm/page_cache.h"

#include <map>
#include <string>

namespace ringside::fs {

class MemoryNode;

/// A file system of memory nodes.
class MemoryFs : public FileSystem {
public:
    MemoryFs(mm::MemoryFile& memory, dev_t device, std::uint64_t limit) : memory(memory), device(device), limit(limit) { }
    std::string type() const override { return "tmpfs"; }
    Result<struct statfs> statfs(Task& task, Inode& inode) override;
    virtual Ref<MemoryNode> make(const MemoryNode* parent, const NewInode& wanted);

    mm::MemoryFile& memory;
    const dev_t device;
    const std::uint64_t limit; ///< bytes; 0: none, statfs shows no size
    std::uint64_t last_inode = 0;
};

class MemoryNode : public Inode {
public:
    MemoryNode(MemoryFs& fs, const NewInode& wanted, ino_t inode, dev_t device);

    FileSystem& fs() const override { return *fs_; }
    Result<Attributes> attributes(Task& task, Age age) override;
    Result<void> change(Task& task, const AttributeChange& change) override;
    Result<void> truncate(Task& task, std::uint64_t size) override;

    Result<Ref<Inode>> lookup(Task& task, const std::string& name) override;
    Result<Ref<Inode>> create(Task& task, const std::string& name, const NewInode& wanted) override;
    Result<Ref<Inode>> create_unnamed(Task& task, const NewInode& wanted) override;
    Result<void> link(Task& task, const std::string& name, Inode& target) override;
    Result<void> unlink(Task& task, const std::string& name, Inode& victim) override;
    Result<void> rmdir(Task& task, const std::string& name, Inode& victim) override;
    Result<void> rename(Task& task, const std::string& name, Inode& moved, Inode& new_parent, const std::string& new_name,
        Inode* replaced, unsigned flags) override;
    Result<std::vector<DirectoryEntry>> list(Task& task) override;
    Result<std::string> readlink(Task& task) override;
    Result<Ref<File>> open(Task& task, const Path& path, int flags) override;

    Result<std::uint64_t> data_size(Task& task) override;
    Result<std::span<const std::byte>> read_data(Task& task, std::uint64_t offset, std::uint64_t wanted) override;
    Result<void> write_data(Task& task, std::uint64_t offset, std::span<const std::byte> bytes) override;
    Result<void> allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length) override;
    Result<std::uint64_t> next_data(Task& task, std::uint64_t offset, bool data) override;
    Result<Ref<mm::Mappable>> mappable(Task& task, bool may_write) override;
    void accessed(Task& task) override;

    Result<std::string> get_xattr(Task& task, const std::string& name) override;
    Result<void> set_xattr(Task& task, const std::string& name, const std::string& value, int flags) override;
    Result<void> remove_xattr(Task& task, const std::string& name) override;
    Result<std::vector<std::string>> list_xattrs(Task& task) override;

    /// Gives a directory a child without asking anybody: for building trees at the start.
    Ref<MemoryNode> plant(const std::string& name, const NewInode& wanted);
    /// Enters a node that is there already.
    void plant_node(const std::string& name, Ref<MemoryNode> node) { put_name(name, std::move(node), false); }
    /// What plant() made, or null.
    Ref<MemoryNode> planted(const std::string& name) const;
    bool is_mapped() { return cache_ && cache_->is_mapped(); }
    Attributes& own_attributes() { return attributes_; }

protected:
    /// An entry of a directory. `node` null: a whiteout, the name of the tree below is gone.
    struct Entry {
        Ref<MemoryNode> node;
        bool covers = false; ///< the tree below has the name too
        std::uint64_t order = 0; ///< of creation, which is the order of listing
    };
    /// The overlay copies attributes, or data, up here before they change.
    virtual Result<void> own(Task&) { return {}; }
    virtual Result<void> own_data(Task& task) { return own(task); }
    /// Has lost its last name.
    virtual void orphaned() { }
    virtual void remove_name(const std::string& name);
    void put_name(const std::string& name, Ref<MemoryNode> node, bool covers);
    virtual bool covers(const std::string& name) const;
    void touch(bool modified);
    void count_subdirectory(int change);
    mm::PageCache& cache();

    Ref<MemoryFs> fs_;
    Attributes attributes_;
    std::map<std::string, Entry> entries_;
    std::uint64_t last_order_ = 0;
    std::uint64_t entry_size_ = 20; ///< what an entry adds to a directory's size (BOGO_DIRENT_SIZE)
    Ref<mm::PageCache> cache_;
    std::string target_;
    std::map<std::string, std::string> xattrs_;
};

}
