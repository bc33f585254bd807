// tmpfs' answers (mm/shmem.c): names and attributes. Data is in memory_data.cpp.
#include "engine/fs/memory_node.h"

#include "engine/fs/directory_file.h"
#include "engine/fs/regular_file.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/task.h"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>

namespace ringside::fs {

namespace {

timespec now()
{
    return kernel::to_timespec(kernel::realtime_now());
}

MemoryNode& node_of(Inode& inode)
{
    return static_cast<MemoryNode&>(inode); // both stand on the same mount, checked by the VFS
}

}

Ref<MemoryNode> MemoryFs::make(const MemoryNode*, const NewInode& wanted)
{
    return make_ref<MemoryNode>(*this, wanted, ++last_inode, device);
}

Result<struct statfs> MemoryFs::statfs(Task&, Inode&)
{
    struct statfs result {};
    result.f_type = TMPFS_MAGIC;
    result.f_bsize = static_cast<long>(page_size);
    result.f_frsize = static_cast<long>(page_size);
    result.f_namelen = 255;
    if (limit != 0) {
        std::uint64_t used = std::min(limit, memory.bytes_used());
        result.f_blocks = limit / page_size;
        result.f_bfree = result.f_bavail = (limit - used) / page_size;
    }
    result.f_files = 1 << 20;
    result.f_ffree = result.f_files - std::min<std::uint64_t>(result.f_files, last_inode);
    return result;
}

MemoryNode::MemoryNode(MemoryFs& fs, const NewInode& wanted, ino_t inode, dev_t device)
    : Inode(wanted.mode)
    , fs_(&fs)
    , target_(wanted.target)
{
    attributes_.mode = wanted.mode;
    attributes_.uid = wanted.uid;
    attributes_.gid = wanted.gid;
    attributes_.special_device = wanted.device;
    attributes_.inode = inode;
    attributes_.device = device;
    attributes_.links = is_directory() ? 2 : 1;
    attributes_.size = is_directory() ? 2 * entry_size_ : target_.size();
    attributes_.atime = attributes_.mtime = attributes_.ctime = attributes_.btime = now();
}

Result<Attributes> MemoryNode::attributes(Task&, Age)
{
    Attributes result = attributes_;
    if (is_regular() && cache_) {
        result.size = cache_->size();
        result.blocks = std::max(attributes_.blocks, cache_->resident() / 512);
    }
    return result;
}

void MemoryNode::touch(bool modified)
{
    attributes_.ctime = now();
    if (modified)
        attributes_.mtime = attributes_.ctime;
}

Result<void> MemoryNode::change(Task& task, const AttributeChange& change)
{
    TRY(own(task));
    if (change.mode)
        attributes_.mode = (attributes_.mode & S_IFMT) | (*change.mode & 07777);
    if (change.uid)
        attributes_.uid = *change.uid;
    if (change.gid)
        attributes_.gid = *change.gid;
    if (change.atime)
        attributes_.atime = *change.atime;
    if (change.mtime)
        attributes_.mtime = *change.mtime;
    touch(false);
    return {};
}

Result<Ref<Inode>> MemoryNode::lookup(Task&, const std::string& name)
{
    auto found = entries_.find(name);
    if (found == entries_.end() || !found->second.node)
        return Errno(is_directory() ? ENOENT : ENOTDIR);
    return Ref<Inode>(found->second.node);
}

bool MemoryNode::covers(const std::string& name) const
{
    auto found = entries_.find(name);
    return found != entries_.end() && found->second.covers;
}

void MemoryNode::put_name(const std::string& name, Ref<MemoryNode> node, bool covers)
{
    Entry& entry = entries_[name];
    if (!entry.node)
        attributes_.size += entry_size_;
    entry.node = std::move(node);
    entry.covers = entry.covers || covers;
    entry.order = ++last_order_;
}

void MemoryNode::remove_name(const std::string& name)
{
    if (entries_.erase(name) > 0)
        attributes_.size -= entry_size_;
}

void MemoryNode::count_subdirectory(int change)
{
    if (attributes_.links >= 2) // file systems that do not count them show 1
        attributes_.links += static_cast<std::uint64_t>(static_cast<std::int64_t>(change));
}

Ref<MemoryNode> MemoryNode::plant(const std::string& name, const NewInode& wanted)
{
    Ref<MemoryNode> node = fs_->make(this, wanted);
    put_name(name, node, covers(name));
    if (node->is_directory())
        count_subdirectory(1);
    return node;
}

Ref<MemoryNode> MemoryNode::planted(const std::string& name) const
{
    auto found = entries_.find(name);
    return found == entries_.end() ? Ref<MemoryNode>() : found->second.node;
}

Result<Ref<Inode>> MemoryNode::create(Task& task, const std::string& name, const NewInode& wanted)
{
    TRY(own(task));
    auto found = entries_.find(name);
    if (found != entries_.end() && found->second.node)
        return Errno(EEXIST); // made while own() waited
    Ref<MemoryNode> node = plant(name, wanted);
    touch(true);
    return Ref<Inode>(node);
}

Result<Ref<Inode>> MemoryNode::create_unnamed(Task&, const NewInode& wanted)
{
    Ref<MemoryNode> node = fs_->make(this, wanted);
    node->attributes_.links = 0;
    return Ref<Inode>(node);
}

Result<void> MemoryNode::link(Task& task, const std::string& name, Inode& target)
{
    MemoryNode& node = node_of(target);
    TRY(own(task));
    TRY(node.own(task));
    ++node.attributes_.links;
    node.touch(false);
    put_name(name, Ref<MemoryNode>(&node), false);
    touch(true);
    return {};
}

Result<void> MemoryNode::unlink(Task& task, const std::string& name, Inode& victim)
{
    MemoryNode& node = node_of(victim);
    TRY(own(task));
    TRY(node.own(task));
    Ref<MemoryNode> keep(&node);
    remove_name(name);
    if (node.attributes_.links > 0)
        --node.attributes_.links;
    node.touch(false);
    touch(true);
    if (node.attributes_.links == 0)
        node.orphaned();
    return {};
}

Result<void> MemoryNode::rmdir(Task& task, const std::string& name, Inode& victim)
{
    MemoryNode& node = node_of(victim);
    for (const DirectoryEntry& entry : TRY(node.list(task)))
        if (entry.name != "." && entry.name != "..")
            return Errno(ENOTEMPTY);
    TRY(own(task));
    TRY(node.own(task));
    Ref<MemoryNode> keep(&node);
    remove_name(name);
    node.attributes_.links = 0;
    node.touch(false);
    count_subdirectory(-1);
    touch(true);
    node.orphaned();
    return {};
}

Result<void> MemoryNode::rename(Task& task, const std::string& name, Inode& moved, Inode& new_parent, const std::string& new_name,
    Inode* replaced, unsigned flags)
{
    if (flags & RENAME_WHITEOUT)
        return Errno(EINVAL);
    MemoryNode& node = node_of(moved);
    MemoryNode& target = node_of(new_parent);
    Ref<MemoryNode> keep(&node);
    Ref<MemoryNode> victim(replaced ? &node_of(*replaced) : nullptr);
    if (victim && victim->is_directory() && !(flags & RENAME_EXCHANGE))
        for (const DirectoryEntry& entry : TRY(victim->list(task)))
            if (entry.name != "." && entry.name != "..")
                return Errno(ENOTEMPTY);
    TRY(own(task));
    TRY(target.own(task));
    TRY(node.own(task));
    if (victim)
        TRY(victim->own(task));

    bool target_covers = target.covers(new_name) || (victim && !target.entries_.contains(new_name));
    if (flags & RENAME_EXCHANGE) {
        bool source_covers = covers(name) || !entries_.contains(name);
        put_name(name, victim, source_covers);
        target.put_name(new_name, keep, target_covers);
        count_subdirectory(static_cast<int>(victim->is_directory()) - static_cast<int>(node.is_directory()));
        target.count_subdirectory(static_cast<int>(node.is_directory()) - static_cast<int>(victim->is_directory()));
    } else {
        remove_name(name);
        target.put_name(new_name, keep, target_covers);
        if (node.is_directory()) {
            count_subdirectory(-1);
            target.count_subdirectory(1);
        }
        if (victim) {
            if (victim->is_directory()) {
                target.count_subdirectory(-1);
                victim->attributes_.links = 0;
            } else if (victim->attributes_.links > 0) {
                --victim->attributes_.links;
            }
            if (victim->attributes_.links == 0)
                victim->orphaned();
        }
    }
    if (victim)
        victim->touch(false);
    node.touch(false);
    touch(true);
    target.touch(true);
    return {};
}

Result<std::vector<DirectoryEntry>> MemoryNode::list(Task&)
{
    if (!is_directory())
        return Errno(ENOTDIR);
    std::vector<std::pair<std::uint64_t, DirectoryEntry>> ordered;
    for (const auto& [name, entry] : entries_)
        if (entry.node)
            ordered.push_back({entry.order, {name, entry.node->attributes_.inode, static_cast<std::uint8_t>(IFTODT(entry.node->type()))}});
    std::ranges::sort(ordered, {}, [](const auto& item) { return item.first; });
    std::vector<DirectoryEntry> result;
    for (auto& item : ordered)
        result.push_back(std::move(item.second));
    return result;
}

Result<std::string> MemoryNode::readlink(Task&)
{
    if (!is_symlink())
        return Errno(EINVAL);
    return target_;
}

Result<Ref<File>> MemoryNode::open(Task&, const Path& path, int flags)
{
    if (is_directory())
        return Ref<File>(make_ref<DirectoryFile>(path, flags));
    if (is_regular()) {
        cache();
        return Ref<File>(make_ref<RegularFile>(path, flags));
    }
    return Errno(ENXIO); // a device node without a device
}

}
