// A file of the host. Directories and files hold a descriptor while they are in use (HostFs keeps the number small).
#pragma once

#include "engine/fs/host/host_fs.h"

#include <optional>

namespace ringside::fs {

/// Where a host file's pages come from. Lives as long as the page cache, longer than the inode if need be.
class HostSource final : public mm::PageSource {
public:
    explicit HostSource(HostInode& inode) : inode_(&inode) { }
    Result<int> descriptor(kernel::Task& task) override;
    int writable_descriptor() override;

private:
    friend class HostInode;
    HostInode* inode_;    ///< null: gone, `pinned_` has its descriptor
    FdRef pinned_, pinned_writable_;
};

class HostInode final : public Inode {
public:
    HostInode(HostFs& fs, const struct statx& found, Ref<HostInode> parent, std::string name);
    ~HostInode() override;

    FileSystem& fs() const override { return *fs_; }
    Result<Attributes> attributes(Task& task, Age age) override;
    Result<void> change(Task& task, const AttributeChange& change) override;
    Result<void> truncate(Task& task, std::uint64_t size) override;

    Names names() const override { return Names::revalidate; }
    Result<Ref<Inode>> lookup(Task& task, const std::string& name) override;
    Result<Ref<Inode>> create(Task& task, const std::string& name, const NewInode& wanted) override;
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
    Result<void> sync(Task& task, bool data_only) override;
    Result<Ref<mm::Mappable>> mappable(Task& task, bool may_write) override;

    /// The look-up itself; `task` null at the start.
    Result<Ref<HostInode>> find(Task* task, const std::string& name);
    /// readlink before there is a task.
    Result<std::string> read_link_now();
    /// A descriptor for reading (files) or O_PATH (directories, anything else).
    Result<FdRef> descriptor(Task* task);
    /// Looks whether the host can open it for reading: the errno that open(2) gives.
    Result<void> prepare_reading(Task& task);
    /// The page cache, fresh as of the last look-up.
    Result<Ref<mm::PageCache>> cache(Task& task);
    /// From now on the host's changes are not followed: the overlay writes into the cache.
    void detach();
    const Attributes& known_attributes() const { return attributes_; }

private:
    friend class HostFs;
    friend class HostSource;
    struct Stamp {
        std::uint64_t size = 0;
        timespec mtime {}, ctime {};
        bool operator==(const Stamp& other) const;
    };
    Stamp stamp() const { return {attributes_.size, attributes_.mtime, attributes_.ctime}; }
    void update(const struct statx& found);
    Result<void> learn_owner(Task& task);
    Result<FdRef> writable_descriptor(Task& task);
    /// The directory and name that reach it; ESTALE where there are none (the root).
    Result<FdRef> parent_descriptor(Task* task);
    /// Opened by name, and kept if there was none before.
    Result<FdRef> open_as(Task* task, boundary::OpenHow how);
    Result<void> refresh(Task* task);
    Result<Ref<Inode>> made(Task& task, const std::string& name, const NewInode& wanted);
    bool idle() const;

    Ref<HostFs> fs_;
    Attributes attributes_;
    bool owner_known_ = true;
    bool slow_ = false;     ///< directories: what lies in it is asked for by a helper
    bool is_root_ = false;
    bool detached_ = false;
    bool removed_ = false;
    Ref<HostInode> parent_;
    std::string name_;
    FdRef descriptor_, writable_;
    bool unread_ = false;   ///< directories: the descriptor may be read by, and nobody has
    std::list<HostInode*>::iterator place_;
    std::map<std::string, Owner> owners_;
    std::optional<std::string> target_;
    Ref<mm::PageCache> cache_;
    std::shared_ptr<HostSource> source_;
    Stamp cache_stamp_;
    std::uint64_t checked_ = 0; ///< CLOCK_MONOTONIC of the last look at the host
};

}
