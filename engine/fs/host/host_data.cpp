// Data of host files: read through the page cache, written through it to writable binds.
#include "engine/fs/host/host_inode.h"

#include "engine/kernel/clock.h"
#include "engine/kernel/task.h"

#include <fcntl.h>
#include <sys/uio.h>

namespace ringside::fs {

namespace {
/// A reader at the end of a file that grows (tail -f) looks at the host again after this.
constexpr std::uint64_t trust = 200'000'000;
/// Larger writes may wait for the host's disk: on a helper.
constexpr std::size_t quick_write = 64 * 1024;
}

Result<int> HostSource::descriptor(kernel::Task& task)
{
    if (!inode_)
        return pinned_ ? Result<int>(pinned_->get()) : Result<int>(Errno(EIO));
    return TRY(inode_->descriptor(&task))->get();
}

int HostSource::writable_descriptor()
{
    const FdRef& descriptor = inode_ ? inode_->writable_ : pinned_writable_;
    return descriptor ? descriptor->get() : -1;
}

Result<void> HostInode::prepare_reading(Task& task)
{
    TRY(descriptor(&task));
    return {};
}

Result<FdRef> HostInode::writable_descriptor(Task& task)
{
    if (!fs_->writable())
        return Errno(EROFS);
    if (writable_)
        return writable_;
    if (is_root_)
        return descriptor_; // a bound file comes open for writing
    FdRef directory = TRY(parent_descriptor(&task));
    auto opened = fs_->open_at(&task, directory, name_, boundary::OpenHow::read_write, slow_);
    if (!opened.ok() && opened.error() == EACCES)
        opened = fs_->open_at(&task, directory, name_, boundary::OpenHow::write, slow_);
    if (!opened.ok())
        return opened.error();
    writable_ = opened.value();
    fs_->used(*this);
    return writable_;
}

Result<Ref<mm::PageCache>> HostInode::cache(Task&)
{
    if (cache_ && (detached_ || cache_stamp_ == stamp()))
        return cache_;
    if (!source_)
        source_ = std::make_shared<HostSource>(*this);
    if (cache_ && writers > 0) {
        // Our own writes changed the stamp, or somebody else wrote beside us: pages are read again.
        cache_->invalidate();
    } else {
        if (cache_)
            fs_->retire(std::move(cache_), source_);
        cache_ = make_ref<mm::PageCache>(fs_->memory_, source_.get(), attributes_.size);
    }
    cache_stamp_ = stamp();
    return cache_;
}

void HostInode::detach()
{
    detached_ = true;
}

Result<std::uint64_t> HostInode::data_size(Task& task)
{
    if (!detached_)
        TRY(refresh(&task));
    return TRY(attributes(task, Age::any)).size;
}

Result<std::span<const std::byte>> HostInode::read_data(Task& task, std::uint64_t offset, std::uint64_t wanted)
{
    Ref<mm::PageCache> pages = TRY(cache(task));
    if (offset >= pages->size() && !detached_ && kernel::monotonic_now() - checked_ > trust) {
        TRY(refresh(&task));
        pages = TRY(cache(task));
    }
    return pages->read(task, offset, wanted);
}

Result<void> HostInode::write_data(Task& task, std::uint64_t offset, std::span<const std::byte> bytes)
{
    FdRef descriptor = TRY(writable_descriptor(task));
    Ref<mm::PageCache> pages = TRY(cache(task));
    std::size_t done = 0;
    while (done < bytes.size()) {
        auto part = bytes.subspan(done);
        auto write = [descriptor, at = offset + done](std::span<const std::byte> from) {
            iovec vector {const_cast<std::byte*>(from.data()), from.size()};
            return host::call(SYS_pwritev2, descriptor->get(), &vector, 1, at, 0, 0);
        };
        long written = 0;
        if (slow_ || part.size() > quick_write) {
            auto copy = std::make_shared<std::vector<std::byte>>(part.begin(), part.end());
            written = TRY(kernel::offload(task, [write, copy] { return write(*copy); }, slow_));
        } else {
            written = TRY(write(part));
        }
        if (written == 0)
            return Errno(EIO);
        TRY(pages->write(task, offset + done, part.first(static_cast<std::size_t>(written))));
        done += static_cast<std::size_t>(written);
    }
    // Only after the host has taken it: size and times are the host's.
    TRY(refresh(&task));
    cache_stamp_ = stamp();
    return {};
}

Result<void> HostInode::truncate(Task& task, std::uint64_t size)
{
    if (!is_regular())
        return Errno(is_directory() ? EISDIR : EINVAL);
    FdRef descriptor = TRY(writable_descriptor(task));
    TRY(fs_->call(&task, slow_, [descriptor, size] { return host::call(SYS_ftruncate, descriptor->get(), size); }));
    TRY(TRY(cache(task))->resize(task, size));
    TRY(refresh(&task));
    cache_stamp_ = stamp();
    return {};
}

Result<void> HostInode::allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length)
{
    FdRef descriptor = TRY(writable_descriptor(task));
    TRY(fs_->call(&task, true, [descriptor, mode, offset, length] { return host::call(SYS_fallocate, descriptor->get(), mode, offset, length); }));
    TRY(refresh(&task));
    Ref<mm::PageCache> pages = TRY(cache(task));
    pages->invalidate();
    if (pages->size() != attributes_.size)
        TRY(pages->resize(task, attributes_.size));
    cache_stamp_ = stamp();
    return {};
}

Result<void> HostInode::sync(Task& task, bool data_only)
{
    if (!fs_->writable() || !writable_)
        return {};
    FdRef descriptor = writable_;
    TRY(fs_->call(&task, true, [descriptor, data_only] { return host::call(data_only ? SYS_fdatasync : SYS_fsync, descriptor->get()); }));
    return {};
}

Result<Ref<mm::Mappable>> HostInode::mappable(Task& task, bool may_write)
{
    if (!is_regular())
        return Errno(ENODEV);
    if (may_write)
        TRY(writable_descriptor(task));
    return Ref<mm::Mappable>(TRY(cache(task)));
}

}
