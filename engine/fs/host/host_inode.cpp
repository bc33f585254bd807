// Looking at the host's files: look-up, attributes, lists, links.
#include "engine/fs/host/host_inode.h"

#include "engine/fs/directory_file.h"
#include "engine/fs/regular_file.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"

#include <array>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <utility>

namespace ringside::fs {

namespace {

using kernel::overflow_id;

bool same_time(const timespec& a, const timespec& b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}

bool HostInode::Stamp::operator==(const Stamp& other) const
{
    return size == other.size && same_time(mtime, other.mtime) && same_time(ctime, other.ctime);
}

HostInode::HostInode(HostFs& fs, const struct statx& found, Ref<HostInode> parent, std::string name)
    : Inode(found.stx_mode)
    , fs_(&fs)
    , parent_(std::move(parent))
    , name_(std::move(name))
    , place_(fs.open_.end())
{
    update(found);
}

HostInode::~HostInode()
{
    fs_->forget_descriptor(*this);
    auto known = fs_->inodes_.find({attributes_.device, attributes_.inode});
    if (known != fs_->inodes_.end() && known->second == this)
        fs_->inodes_.erase(known);
    if (source_) {
        source_->inode_ = nullptr;
        source_->pinned_ = descriptor_;
        source_->pinned_writable_ = writable_;
        fs_->retire(std::move(cache_), std::move(source_));
    }
}

void HostInode::update(const struct statx& found)
{
    Attributes fresh = attributes_of(found);
    if (owner_known_ && attributes_.inode != 0 && same_time(fresh.ctime, attributes_.ctime)) {
        fresh.uid = attributes_.uid; // asked for before, and unchanged since
        fresh.gid = attributes_.gid;
    } else {
        owner_known_ = !fs_->owners_ || (fresh.uid != overflow_id && fresh.gid != overflow_id);
    }
    if (detached_)
        fresh.size = attributes_.size;
    attributes_ = fresh;
    checked_ = kernel::monotonic_now();
}

Result<FdRef> HostInode::parent_descriptor(Task* task)
{
    if (!parent_)
        return Errno(ESTALE);
    return parent_->descriptor(task);
}

bool HostInode::idle() const
{
    // Roots cannot be opened again; a file that is open or mapped may be read by a helper now.
    return !is_root_ && !removed_ && !detached_ && (!cache_ || cache_->ref_count() == 1) && writers == 0 && descriptor_.use_count() <= 1;
}

Result<FdRef> HostInode::descriptor(Task* task)
{
    if (descriptor_) {
        if (!is_root_)
            fs_->used(*this);
        return descriptor_;
    }
    return open_as(task, is_regular() ? boundary::OpenHow::read : boundary::OpenHow::path);
}

Result<FdRef> HostInode::open_as(Task* task, boundary::OpenHow how)
{
    FdRef directory = TRY(parent_descriptor(task));
    FdRef opened = TRY(fs_->open_at(task, directory, name_, how, slow_));
    // Somebody may have put another file in its place since it was looked at: the Sentry must not take that one for this.
    struct statx found = TRY(fs_->statx_at(task, opened, "", slow_));
    if (found.stx_ino != attributes_.inode || makedev(found.stx_dev_major, found.stx_dev_minor) != attributes_.device)
        return Errno(ESTALE);
    if (!descriptor_) {
        descriptor_ = opened;
        unread_ = how == boundary::OpenHow::directory;
        fs_->used(*this);
    }
    return descriptor_;
}

Result<void> HostInode::refresh(Task* task)
{
    struct statx found {};
    if (descriptor_)
        found = TRY(fs_->statx_at(task, descriptor_, "", slow_));
    else
        found = TRY(fs_->statx_at(task, TRY(parent_descriptor(task)), name_, slow_));
    if (found.stx_ino == attributes_.inode && (found.stx_mode & S_IFMT) == type())
        update(found);
    return {};
}

Result<void> HostInode::learn_owner(Task& task)
{
    HostInode& directory = parent_ && !is_root_ ? *parent_ : *this;
    const std::string& name = parent_ && !is_root_ ? name_ : std::string(".");
    auto known = directory.owners_.find(name);
    if (known == directory.owners_.end()) {
        FdRef descriptor = TRY(directory.descriptor(&task));
        auto answer = fs_->owners_->owners(task, descriptor->get());
        if (!answer.ok() && answer.error() == ERESTARTSYS)
            return answer.error();
        if (answer.ok())
            directory.owners_ = std::move(answer).value();
        known = directory.owners_.find(name);
    }
    if (known != directory.owners_.end()) {
        attributes_.uid = known->second.uid;
        attributes_.gid = known->second.gid;
    }
    owner_known_ = true; // where nobody knows, what the host shows has to do
    return {};
}

Result<Attributes> HostInode::attributes(Task& task, Age age)
{
    if (age == Age::fresh && !removed_) {
        auto refreshed = refresh(&task);
        if (!refreshed.ok() && refreshed.error() == ERESTARTSYS)
            return refreshed.error();
    }
    if (!owner_known_)
        TRY(learn_owner(task));
    Attributes result = attributes_;
    if (cache_ && (detached_ || writers > 0))
        result.size = cache_->size();
    return result;
}

Result<Ref<HostInode>> HostInode::find(Task* task, const std::string& name)
{
    if (!is_directory())
        return Errno(ENOTDIR);
    FdRef directory = TRY(descriptor(task));
    struct statx found = TRY(fs_->statx_at(task, directory, name, slow_));
    Ref<HostInode> inode = fs_->inode_for(found, Ref<HostInode>(this), name);
    inode->slow_ = slow_;
    if (inode->attributes_.device != attributes_.device) {
        // Another file system begins here.
        auto known = fs_->slow_devices_.find(inode->attributes_.device);
        if (known != fs_->slow_devices_.end()) {
            inode->slow_ = known->second;
        } else if (inode->is_directory()) {
            FdRef mounted = TRY(fs_->open_at(task, directory, name, boundary::OpenHow::path, false));
            inode->slow_ = true; // until it has answered
            inode->slow_ = TRY(fs_->is_slow(task, mounted, inode->attributes_.device));
        } else {
            inode->slow_ = true;
        }
    }
    return inode;
}

Result<Ref<Inode>> HostInode::lookup(Task& task, const std::string& name)
{
    return Ref<Inode>(TRY(find(&task, name)));
}

Result<std::vector<DirectoryEntry>> HostInode::list(Task& task)
{
    FdRef reader = TRY(descriptor(&task));
    if (!std::exchange(unread_, false)) // where somebody reads already, he has the position
        reader = TRY(fs_->open_at(&task, reader, ".", boundary::OpenHow::directory, slow_));
    constexpr std::size_t room = std::size_t {64} * 1024;
    auto buffer = std::make_shared_for_overwrite<char[]>(room);
    std::vector<DirectoryEntry> result;
    for (;;) {
        long length = TRY(fs_->call(&task, slow_, [reader, buffer] { return host::call(SYS_getdents64, reader->get(), buffer.get(), room); }));
        if (length == 0)
            return result;
        for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
            // struct linux_dirent64: d_ino, d_off, d_reclen, d_type, d_name
            ino_t inode = 0;
            unsigned short record = 0;
            std::memcpy(&inode, &buffer[at], sizeof inode);
            std::memcpy(&record, &buffer[at + 16], sizeof record);
            auto type = static_cast<std::uint8_t>(buffer[at + 18]);
            result.push_back({std::string(&buffer[at + 19]), inode, type});
            at += record;
        }
    }
}

Result<std::string> HostInode::read_link_now()
{
    std::array<char, 4096> text {};
    long length = TRY(host::call(SYS_readlinkat, TRY(parent_descriptor(nullptr))->get(), name_.c_str(), text.data(), text.size()));
    return std::string(text.data(), static_cast<std::size_t>(length));
}

Result<std::string> HostInode::readlink(Task& task)
{
    if (!is_symlink())
        return Errno(EINVAL);
    if (!target_) {
        FdRef directory = TRY(parent_descriptor(&task));
        auto text = std::make_shared<std::array<char, 4096>>();
        long length = TRY(fs_->call(&task, slow_, [directory, name = name_, text] {
            return host::call(SYS_readlinkat, directory->get(), name.c_str(), text->data(), text->size());
        }));
        target_ = std::string(text->data(), static_cast<std::size_t>(length));
    }
    return *target_;
}

Result<Ref<File>> HostInode::open(Task& task, const Path& path, int flags)
{
    if (is_directory()) {
        // The host may forbid what the mode allows: say so now, as open(2) does. Most are read next, by the descriptor that this takes.
        if (descriptor_)
            TRY(fs_->open_at(&task, TRY(descriptor(&task)), ".", boundary::OpenHow::directory, slow_));
        else
            TRY(open_as(&task, boundary::OpenHow::directory));
        return Ref<File>(make_ref<DirectoryFile>(path, flags));
    }
    if (!is_regular())
        return Errno(ENXIO); // devices and sockets of the host are never opened
    int access = flags & O_ACCMODE;
    if (access != O_RDONLY)
        TRY(writable_descriptor(task));
    if (access != O_WRONLY)
        TRY(prepare_reading(task));
    TRY(cache(task));
    return Ref<File>(make_ref<RegularFile>(path, flags));
}

}
