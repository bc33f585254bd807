// A tree of the host, reached through the one descriptor that was given for its root. Names are single components, opened and
// asked for relative to their directory's descriptor; a symbolic link or ".." is never walked by the host.
#pragma once

#include "engine/boundary/host_call.h"
#include "engine/boundary/open_how.h"
#include "engine/fs/host/owners.h"
#include "engine/fs/inode.h"
#include "engine/mm/page_cache.h"

#include <list>
#include <map>
#include <memory>
#include <sys/stat.h>

namespace ringside::fs {

class HostInode;
class HostSource;

/// A descriptor that an I/O helper may be using: closed when the last user has let go.
using FdRef = std::shared_ptr<host::Fd>;

class HostFs final : public FileSystem {
public:
    /// `root`: O_PATH of a directory or a regular file. The host's errno where it cannot be looked at.
    static Result<Ref<HostFs>> create(host::Fd root, bool writable, mm::MemoryFile& memory, OwnerLookup* owners);
    ~HostFs() override;

    std::string type() const override { return "host"; }
    Result<struct statfs> statfs(Task& task, Inode& inode) override;
    void evict() override;
    /// Null after evict().
    Ref<HostInode> root() const;
    bool writable() const { return writable_; }

    // Host calls. `task` null: at the start, waiting is fine. `slow`: the file system may hang (FUSE, NFS): always on a helper.
    Result<FdRef> open_at(Task* task, const FdRef& directory, const std::string& name, boundary::OpenHow how, bool slow);
    /// Attributes of `name` in `directory`; name empty: of the descriptor itself.
    Result<struct statx> statx_at(Task* task, const FdRef& directory, const std::string& name, bool slow);
    /// Any other host call with a path: done at once, or on a helper where `slow`.
    Result<long> call(Task* task, bool slow, std::function<Result<long>()> work);

private:
    friend class HostInode;
    friend class HostSource;
    HostFs(bool writable, mm::MemoryFile& memory, OwnerLookup* owners);
    /// The inode of what statx found, known or new.
    Ref<HostInode> inode_for(const struct statx& found, Ref<HostInode> parent, const std::string& name);
    /// Does a file system of this type answer without waiting for anybody?
    Result<bool> is_slow(Task* task, const FdRef& directory, std::uint64_t device);
    void used(HostInode& inode);
    void forget_descriptor(HostInode& inode);
    void retire(Ref<mm::PageCache> cache, std::shared_ptr<HostSource> source);

    struct Key {
        std::uint64_t device, inode;
        friend auto operator<=>(const Key&, const Key&) = default;
    };
    const bool writable_;
    mm::MemoryFile& memory_;
    OwnerLookup* owners_;
    const std::size_t most_idle_; ///< descriptors that may stay open although nobody uses them
    std::map<Key, HostInode*> inodes_;
    std::map<std::uint64_t, bool> slow_devices_;
    std::list<HostInode*> open_; ///< those with a descriptor, the least recently used in front
    /// Caches that are still mapped though their inode is gone.
    std::vector<std::pair<Ref<mm::PageCache>, std::shared_ptr<HostSource>>> retired_;
    Ref<HostInode> root_;
};

Attributes attributes_of(const struct statx& found);

}
