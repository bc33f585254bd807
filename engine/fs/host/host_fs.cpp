// Host calls of host trees: at once where that cannot wait for anybody, else on an I/O helper; and the descriptors in use.
#include "engine/fs/host/host_fs.h"

#include "engine/fs/host/host_inode.h"
#include "engine/kernel/task.h"

#include <array>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace ringside::fs {

namespace {

/// Files kept open although nobody uses them: a part of what may be open at all, the rest is for those in use.
std::size_t most_idle_descriptors()
{
    rlimit limit {};
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? std::clamp<std::size_t>(limit.rlim_cur / 4, 8, 500) : 8;
}

constexpr unsigned wanted_statx = STATX_BASIC_STATS | STATX_BTIME;

constexpr std::uint64_t f2fs = 0xf2f52010, zfs = 0x2fc12fc1, xfs = 0x58465342, squashfs = 0x73717368, erofs = 0xe0f5e1e2, msdos = 0x4d44,
                        exfat = 0x2011bab0, bcachefs = 0xca451a4e, ramfs = 0x858458f6;

/// File systems whose answers come from this machine's own disk or memory.
constexpr std::array<std::uint64_t, 17> local_types = {EXT4_SUPER_MAGIC, xfs, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC,
    squashfs, ISOFS_SUPER_MAGIC, f2fs, zfs, erofs, msdos, exfat, bcachefs, ramfs, PROC_SUPER_MAGIC, SYSFS_MAGIC, HUGETLBFS_MAGIC};

timespec to_timespec(const statx_timestamp& time)
{
    return {time.tv_sec, static_cast<long>(time.tv_nsec)};
}

boundary::OpenHow cached_kind(boundary::OpenHow how)
{
    switch (how) {
    case boundary::OpenHow::path:
        return boundary::OpenHow::path_cached;
    case boundary::OpenHow::directory:
        return boundary::OpenHow::directory_cached;
    case boundary::OpenHow::read:
        return boundary::OpenHow::read_cached;
    default:
        return how;
    }
}

}

Attributes attributes_of(const struct statx& found)
{
    Attributes result;
    result.mode = found.stx_mode;
    result.uid = found.stx_uid;
    result.gid = found.stx_gid;
    result.links = found.stx_nlink;
    result.size = found.stx_size;
    result.blocks = found.stx_blocks;
    result.block_size = found.stx_blksize;
    result.device = makedev(found.stx_dev_major, found.stx_dev_minor);
    result.special_device = makedev(found.stx_rdev_major, found.stx_rdev_minor);
    result.inode = found.stx_ino;
    result.atime = to_timespec(found.stx_atime);
    result.mtime = to_timespec(found.stx_mtime);
    result.ctime = to_timespec(found.stx_ctime);
    result.btime = to_timespec(found.stx_btime);
    return result;
}

Result<Ref<HostFs>> HostFs::create(host::Fd root, bool writable, mm::MemoryFile& memory, OwnerLookup* owners)
{
    Ref<HostFs> fs(new HostFs(writable, memory, owners));
    auto descriptor = std::make_shared<host::Fd>(std::move(root));
    struct statx found = TRY(fs->statx_at(nullptr, descriptor, "", false));
    fs->root_ = fs->inode_for(found, {}, "");
    fs->root_->is_root_ = true;
    fs->root_->descriptor_ = descriptor;
    fs->root_->slow_ = TRY(fs->is_slow(nullptr, descriptor, fs->root_->attributes_.device));
    return fs;
}

HostFs::HostFs(bool writable, mm::MemoryFile& memory, OwnerLookup* owners) : writable_(writable), memory_(memory), owners_(owners), most_idle_(most_idle_descriptors()) { }

HostFs::~HostFs() = default;

void HostFs::evict()
{
    root_ = {};
}

Ref<HostInode> HostFs::root() const
{
    return root_;
}

Result<long> HostFs::call(Task* task, bool slow, std::function<Result<long>()> work)
{
    if (!task || !slow)
        return work();
    return kernel::offload(*task, std::move(work), true);
}

Result<FdRef> HostFs::open_at(Task* task, const FdRef& directory, const std::string& name, boundary::OpenHow how, bool slow)
{
    if (task && !slow) {
        auto opened = boundary::open_host(directory->get(), name.c_str(), cached_kind(how));
        if (opened.ok())
            return std::make_shared<host::Fd>(std::move(opened).value());
        if (opened.error() != EAGAIN || cached_kind(how) == how)
            return opened.error();
    }
    // The descriptor is the job's own until it is done: one that comes too late is closed with it.
    auto opened = std::make_shared<host::Fd>();
    auto work = [directory, name, how, opened]() -> Result<long> {
        *opened = TRY(boundary::open_host(directory->get(), name.c_str(), how));
        return 0;
    };
    if (task)
        TRY(kernel::offload(*task, work, slow));
    else
        TRY(work());
    return opened;
}

Result<struct statx> HostFs::statx_at(Task* task, const FdRef& directory, const std::string& name, bool slow)
{
    // Not asking a server for the mount point itself: a hung FUSE mount does not stop whoever lists the directory it is in.
    int flags = AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0) | (slow ? AT_STATX_SYNC_AS_STAT : AT_STATX_DONT_SYNC);
    if (!task || !slow) {
        struct statx found {};
        TRY(host::call(SYS_statx, directory->get(), name.c_str(), flags, wanted_statx, &found));
        return found;
    }
    auto found = std::make_shared<struct statx>();
    TRY(kernel::offload(*task, [directory, name, flags, found] {
        return host::call(SYS_statx, directory->get(), name.c_str(), flags, wanted_statx, found.get());
    }, true));
    return *found;
}

Result<bool> HostFs::is_slow(Task* task, const FdRef& directory, std::uint64_t device)
{
    auto known = slow_devices_.find(device);
    if (known != slow_devices_.end())
        return known->second;
    auto answer = std::make_shared<struct statfs>();
    TRY(call(task, true, [directory, answer] { return host::call(SYS_fstatfs, directory->get(), answer.get()); }));
    bool local = false;
    for (std::uint64_t type : local_types)
        local = local || type == static_cast<std::uint64_t>(answer->f_type);
    slow_devices_[device] = !local;
    return !local;
}

Result<struct statfs> HostFs::statfs(Task& task, Inode& inode)
{
    auto& node = static_cast<HostInode&>(inode);
    FdRef descriptor = node.is_directory() ? TRY(node.descriptor(&task)) : node.parent_ ? TRY(node.parent_->descriptor(&task)) : node.descriptor_;
    auto answer = std::make_shared<struct statfs>();
    TRY(call(&task, node.slow_, [descriptor, answer] { return host::call(SYS_fstatfs, descriptor->get(), answer.get()); }));
    return *answer;
}

Ref<HostInode> HostFs::inode_for(const struct statx& found, Ref<HostInode> parent, const std::string& name)
{
    Key key {makedev(found.stx_dev_major, found.stx_dev_minor), found.stx_ino};
    auto known = inodes_.find(key);
    if (known != inodes_.end()) {
        HostInode& inode = *known->second;
        bool same = inode.type() == (found.stx_mode & S_IFMT)
            && inode.attributes_.btime.tv_sec == found.stx_btime.tv_sec && inode.attributes_.btime.tv_nsec == static_cast<long>(found.stx_btime.tv_nsec);
        if (same) {
            Ref<HostInode> keep(&inode);
            inode.update(found);
            if (!inode.is_root_ && parent) {
                inode.parent_ = std::move(parent);
                inode.name_ = name;
            }
            return keep;
        }
    }
    auto made = make_ref<HostInode>(*this, found, std::move(parent), name);
    inodes_[key] = made.get();
    return made;
}

void HostFs::used(HostInode& inode)
{
    if (inode.place_ != open_.end())
        open_.erase(inode.place_);
    inode.place_ = open_.insert(open_.end(), &inode);
    if (open_.size() <= most_idle_)
        return;
    for (auto candidate = open_.begin(); candidate != open_.end() && *candidate != &inode;) {
        HostInode& old = **candidate++;
        if (!old.idle())
            continue;
        old.descriptor_ = {};
        old.unread_ = false;
        old.writable_ = {};
        forget_descriptor(old);
        break;
    }
}

void HostFs::forget_descriptor(HostInode& inode)
{
    if (inode.place_ != open_.end())
        open_.erase(inode.place_);
    inode.place_ = open_.end();
}

void HostFs::retire(Ref<mm::PageCache> cache, std::shared_ptr<HostSource> source)
{
    std::erase_if(retired_, [](const auto& old) { return old.first->ref_count() == 1; });
    if (cache->ref_count() > 1)
        retired_.emplace_back(std::move(cache), std::move(source));
}

}
