// Data and extended attributes of memory nodes: the page cache is the file.
#include "engine/fs/memory_node.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/falloc.h>
#include <sys/xattr.h>

namespace ringside::fs {

mm::PageCache& MemoryNode::cache()
{
    if (!cache_)
        cache_ = make_ref<mm::PageCache>(fs_->memory, nullptr, 0);
    return *cache_;
}

Result<void> MemoryNode::truncate(Task& task, std::uint64_t size)
{
    if (!is_regular())
        return Errno(is_directory() ? EISDIR : EINVAL);
    TRY(own_data(task));
    TRY(cache().resize(task, size));
    attributes_.size = size;
    attributes_.blocks = 0;
    touch(true);
    return {};
}

Result<std::uint64_t> MemoryNode::data_size(Task&)
{
    return is_regular() ? cache().size() : attributes_.size;
}

Result<std::span<const std::byte>> MemoryNode::read_data(Task& task, std::uint64_t offset, std::uint64_t wanted)
{
    return cache().read(task, offset, wanted);
}

Result<void> MemoryNode::write_data(Task& task, std::uint64_t offset, std::span<const std::byte> bytes)
{
    TRY(own_data(task));
    Ref<MemoryNode> keep(this);
    TRY(cache().write(task, offset, bytes));
    attributes_.size = cache().size();
    // Writing takes set-id bits away (file_remove_privs).
    if ((attributes_.mode & (S_ISUID | S_ISGID)) && !task.credentials().capable(CAP_FSETID)) {
        attributes_.mode &= ~static_cast<mode_t>(S_ISUID);
        if (attributes_.mode & S_IXGRP)
            attributes_.mode &= ~static_cast<mode_t>(S_ISGID);
    }
    touch(true);
    return {};
}

Result<void> MemoryNode::allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length)
{
    if (!is_regular())
        return Errno(ENODEV);
    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
        return Errno(EOPNOTSUPP);
    TRY(own_data(task));
    std::uint64_t end = offset + length;
    if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
        std::uint64_t size = cache().size();
        if (offset < size)
            TRY(cache().punch(task, offset, std::min(end, size) - offset));
    }
    // Memory is taken when it is touched; the limit is checked then.
    if (!(mode & FALLOC_FL_KEEP_SIZE) && end > cache().size())
        TRY(cache().resize(task, end));
    attributes_.size = cache().size();
    touch(true);
    return {};
}

Result<std::uint64_t> MemoryNode::next_data(Task&, std::uint64_t offset, bool data)
{
    return cache().next_data(offset, data);
}

Result<Ref<mm::Mappable>> MemoryNode::mappable(Task& task, bool may_write)
{
    if (!is_regular())
        return Errno(ENODEV);
    if (may_write)
        TRY(own_data(task));
    cache();
    return Ref<mm::Mappable>(cache_);
}

void MemoryNode::accessed(Task&)
{
    // relatime: only where the last access is not younger than the last change.
    auto older = [](const timespec& a, const timespec& b) { return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec <= b.tv_nsec); };
    if (older(attributes_.atime, attributes_.mtime) || older(attributes_.atime, attributes_.ctime))
        attributes_.atime = kernel::to_timespec(kernel::realtime_now());
}

Result<std::string> MemoryNode::get_xattr(Task&, const std::string& name)
{
    auto found = xattrs_.find(name);
    if (found == xattrs_.end())
        return Errno(ENODATA);
    return found->second;
}

Result<void> MemoryNode::set_xattr(Task& task, const std::string& name, const std::string& value, int flags)
{
    TRY(own(task));
    bool present = xattrs_.contains(name);
    if (present && (flags & XATTR_CREATE))
        return Errno(EEXIST);
    if (!present && (flags & XATTR_REPLACE))
        return Errno(ENODATA);
    xattrs_[name] = value;
    touch(false);
    return {};
}

Result<void> MemoryNode::remove_xattr(Task& task, const std::string& name)
{
    TRY(own(task));
    if (xattrs_.erase(name) == 0)
        return Errno(ENODATA);
    touch(false);
    return {};
}

Result<std::vector<std::string>> MemoryNode::list_xattrs(Task&)
{
    std::vector<std::string> names;
    for (const auto& [name, value] : xattrs_)
        names.push_back(name);
    return names;
}

}
