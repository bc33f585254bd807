// The overlay's inodes. (Documentation/filesystems/overlayfs.rst says what a user may expect; this one keeps inode numbers and hard
// links, and renames directories, as a native file system does.)
#include "engine/fs/overlay/overlay.h"

#include "engine/fs/directory_file.h"
#include "engine/fs/regular_file.h"
#include "engine/kernel/task.h"

#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <utility>

namespace ringside::fs {

namespace {
/// Numbers of inodes made in the sandbox: far above what disks use, below 2^53 for programs that keep them in a double.
constexpr std::uint64_t first_own_inode = std::uint64_t {1} << 44;
}

OverlayFs::OverlayFs(Ref<HostFs> lower, mm::MemoryFile& memory, std::uint64_t limit)
    : MemoryFs(memory, lower->root()->known_attributes().device, limit)
    , lower_(std::move(lower))
{
    last_inode = first_own_inode;
}

OverlayFs::~OverlayFs() = default;

Result<struct statfs> OverlayFs::statfs(Task& task, Inode& inode)
{
    auto& node = static_cast<OverlayNode&>(inode);
    HostInode& lower = node.lower() ? *node.lower() : *lower_->root();
    return lower_->statfs(task, lower);
}

void OverlayFs::evict()
{
    // Out of the member first: a node that goes may take others with it.
    auto changed = std::exchange(changed_, {});
    lower_->evict();
}

Ref<MemoryNode> OverlayFs::make(const MemoryNode* parent, const NewInode& wanted)
{
    auto* above = static_cast<const OverlayNode*>(parent);
    dev_t where = above ? const_cast<OverlayNode*>(above)->own_attributes().device : device;
    auto node = make_ref<OverlayNode>(*this, wanted, ++last_inode, where);
    if (S_ISDIR(wanted.mode)) {
        node->own_attributes().size = page_size; // as disks show it
        node->own_attributes().blocks = page_size / 512;
    }
    return node;
}

Ref<OverlayNode> OverlayFs::node_for(Ref<HostInode> lower)
{
    auto known = nodes_.find(lower.get());
    if (known != nodes_.end())
        return Ref<OverlayNode>(known->second);
    return make_ref<OverlayNode>(*this, std::move(lower));
}

Ref<OverlayNode> OverlayFs::root()
{
    return node_for(lower_->root());
}

OverlayNode::OverlayNode(OverlayFs& fs, Ref<HostInode> lower)
    : MemoryNode(fs, NewInode {.mode = lower->type(), .target = {}}, lower->known_attributes().inode, lower->known_attributes().device)
    , lower_(std::move(lower))
{
    attributes_ = lower_->known_attributes();
    entry_size_ = 0;
    fs.nodes_[lower_.get()] = this;
}

OverlayNode::~OverlayNode()
{
    if (lower_)
        overlay().nodes_.erase(lower_.get());
}

Result<Attributes> OverlayNode::attributes(Task& task, Age age)
{
    if (!owned_)
        return lower_->attributes(task, age);
    Attributes result = attributes_;
    if (is_regular() && cache_ && (owns_data_ || !lower_)) {
        result.size = cache_->size();
        // What a disk would show for data without holes.
        result.blocks = lower_ ? (result.size + page_mask) / page_size * (page_size / 512) : cache_->resident() / 512;
    }
    return result;
}

Result<void> OverlayNode::own(Task& task)
{
    if (owned_)
        return {};
    Attributes now = TRY(lower_->attributes(task, Age::any));
    if (owned_) // another task was here while this one waited
        return {};
    attributes_ = now;
    owned_ = true;
    overlay().changed_.emplace(this, Ref<OverlayNode>(this));
    return {};
}

Result<void> OverlayNode::own_data(Task& task)
{
    TRY(own(task));
    if (owns_data_ || !lower_ || !is_regular())
        return {};
    Ref<mm::PageCache> pages = TRY(lower_->cache(task));
    TRY(lower_->prepare_reading(task)); // its descriptor stays: the pages still to come
    lower_->detach();
    cache_ = std::move(pages);
    owns_data_ = true;
    return {};
}

void OverlayNode::orphaned()
{
    overlay().changed_.erase(this); // the caller holds a reference
}

Result<Ref<OverlayNode>> OverlayNode::find(Task* task, const std::string& name)
{
    auto found = entries_.find(name);
    if (found != entries_.end()) {
        if (!found->second.node)
            return Errno(ENOENT);
        return Ref<OverlayNode>(static_cast<OverlayNode*>(found->second.node.get()));
    }
    if (!lower_)
        return Errno(is_directory() ? ENOENT : ENOTDIR);
    Ref<HostInode> below = TRY(lower_->find(task, name));
    found = entries_.find(name); // it may have waited
    if (found != entries_.end())
        return find(task, name);
    return overlay().node_for(std::move(below));
}

Result<Ref<Inode>> OverlayNode::lookup(Task& task, const std::string& name)
{
    return Ref<Inode>(TRY(find(&task, name)));
}

Result<Ref<Inode>> OverlayNode::create(Task& task, const std::string& name, const NewInode& wanted)
{
    return MemoryNode::create(task, name, wanted);
}

void OverlayNode::remove_name(const std::string& name)
{
    auto found = entries_.find(name);
    if (found == entries_.end()) {
        if (lower_)
            entries_[name] = {{}, true, 0};
        return;
    }
    if (found->second.covers)
        found->second.node = {};
    else
        entries_.erase(found);
}

Result<std::vector<DirectoryEntry>> OverlayNode::list(Task& task)
{
    if (!is_directory())
        return Errno(ENOTDIR);
    std::vector<DirectoryEntry> result;
    if (lower_)
        result = TRY(lower_->list(task));
    // Names of below keep their place; what was made or put in their place since comes behind them.
    std::erase_if(result, [this](const DirectoryEntry& entry) { return entries_.contains(entry.name); });
    for (DirectoryEntry& entry : TRY(MemoryNode::list(task)))
        result.push_back(std::move(entry));
    return result;
}

Result<std::string> OverlayNode::readlink(Task& task)
{
    if (!is_symlink())
        return Errno(EINVAL);
    return lower_ ? lower_->readlink(task) : MemoryNode::readlink(task);
}

Result<Ref<File>> OverlayNode::open(Task& task, const Path& path, int flags)
{
    if (!lower_)
        return MemoryNode::open(task, path, flags);
    if (is_directory()) {
        TRY(lower_->open(task, path, flags)); // the host's own word on whether it may be read
        return Ref<File>(make_ref<DirectoryFile>(path, flags));
    }
    if (!is_regular())
        return Errno(ENXIO);
    if (!owns_data_) {
        // Even for writing alone: the pages that are not written come from the host.
        TRY(lower_->prepare_reading(task));
        if ((flags & O_ACCMODE) != O_RDONLY)
            TRY(own_data(task));
    }
    return Ref<File>(make_ref<RegularFile>(path, flags));
}

Result<std::uint64_t> OverlayNode::data_size(Task& task)
{
    if (lower_ && !owns_data_)
        return lower_->data_size(task);
    return MemoryNode::data_size(task);
}

Result<std::span<const std::byte>> OverlayNode::read_data(Task& task, std::uint64_t offset, std::uint64_t wanted)
{
    if (lower_ && !owns_data_)
        return lower_->read_data(task, offset, wanted);
    return MemoryNode::read_data(task, offset, wanted);
}

Result<Ref<mm::Mappable>> OverlayNode::mappable(Task& task, bool may_write)
{
    if (may_write)
        TRY(own_data(task));
    if (lower_ && !owns_data_)
        return lower_->mappable(task, false);
    return MemoryNode::mappable(task, may_write);
}

void OverlayNode::accessed(Task& task)
{
    if (owned_)
        MemoryNode::accessed(task);
}

}
