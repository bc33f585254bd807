// Input and output on the caller's descriptors.
#include "engine/fs/host/host_stream.h"

#include "engine/fs/host/host_fs.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/io_helpers.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"
#include "engine/mm/page_cache.h"
#include "engine/record/task_recorder.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

namespace ringside::fs {

namespace {

/// A pipe that is writable takes this much without waiting; a terminal takes it unless its reader has stopped.
constexpr std::size_t quick_write = 4096;
constexpr std::size_t chunk = 64 * 1024;

class StreamFs final : public FileSystem {
public:
    explicit StreamFs(int fd) : fd_(fd) { }
    std::string type() const override { return "host"; }
    Result<struct statfs> statfs(Task&, Inode&) override
    {
        struct statfs result {};
        TRY(host::call(SYS_fstatfs, fd_, &result));
        return result;
    }

private:
    int fd_;
};

class StreamSource final : public mm::PageSource {
public:
    explicit StreamSource(int fd) : fd_(fd) { }
    Result<int> descriptor(kernel::Task&) override { return fd_; }

private:
    int fd_;
};

}

FileSystem& HostStreamInode::fs() const
{
    if (!fs_)
        fs_ = make_ref<StreamFs>(fd_);
    return *fs_;
}

Result<Attributes> HostStreamInode::attributes(Task& task, Age)
{
    struct statx found {};
    TRY(host::call(SYS_statx, fd_, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_BTIME, &found));
    Attributes result = attributes_of(found);
    if (owners_ && (result.uid == kernel::overflow_id || result.gid == kernel::overflow_id)) {
        auto answer = std::exchange(owners_, nullptr)->owners(task, fd_);
        if (answer.ok() && answer.value().contains("."))
            owner_ = answer.value().at(".");
    }
    if (owner_) {
        result.uid = owner_->uid;
        result.gid = owner_->gid;
    }
    return result;
}

HostStream::HostStream(kernel::Kernel& kernel, int fd, int flags, Ref<HostStreamInode> inode, std::string name)
    : File(flags)
    , kernel_(kernel)
    , fd_(fd)
    , inode_(std::move(inode))
    , name_(std::move(name))
{
    // /dev/null, zero, full, random: memory devices answer at once.
    struct statx status {};
    bool memory_device = host::call(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &status).ok() && S_ISCHR(status.stx_mode) && status.stx_rdev_major == 1;
    always_ready_ = inode_->is_regular() || inode_->is_directory() || memory_device;
}

// The descriptor is the Sentry's for its whole life: another description of the same terminal may still be polled.
HostStream::~HostStream() = default;

trace::ObjectKind HostStream::trace_kind() const
{
    switch (inode_->type()) {
    case S_IFREG:
        return trace::ObjectKind::file;
    case S_IFDIR:
        return trace::ObjectKind::directory;
    case S_IFIFO:
        return trace::ObjectKind::pipe;
    case S_IFSOCK:
        return trace::ObjectKind::socket;
    case S_IFCHR:
        return trace::ObjectKind::char_device;
    case S_IFBLK:
        return trace::ObjectKind::block_device;
    default:
        return trace::ObjectKind::other;
    }
}

Result<bool> HostStream::wait_readable(Task& task)
{
    while (!(kernel_.host_poller().ready(fd_, EPOLLIN) & (EPOLLIN | EPOLLHUP | EPOLLERR))) {
        if (nonblocking()) {
            kernel_.host_poller().arm(fd_, EPOLLIN); // an edge-triggered epoll hears of what comes next
            return Errno(EAGAIN);
        }
        TRY(kernel::wait_host_ready(task, fd_, EPOLLIN));
    }
    return true;
}

Result<std::size_t> HostStream::read_once(Task& task, std::span<std::byte> to, std::optional<std::uint64_t> offset)
{
    iovec vector {to.data(), to.size()};
    if (!inode_->is_regular())
        return static_cast<std::size_t>(TRY(host::call(SYS_read, fd_, to.data(), to.size())));
    std::uint64_t at = offset.value_or(~std::uint64_t {0}); // -1: the description's own position, which the caller's shell shares
    auto quick = host::call(SYS_preadv2, fd_, &vector, 1, at, 0, RWF_NOWAIT);
    if (quick.ok())
        return static_cast<std::size_t>(quick.value());
    if (quick.error() != EAGAIN && quick.error() != EOPNOTSUPP)
        return quick.error();
    auto buffer = std::make_shared<std::vector<std::byte>>(to.size());
    long length = TRY(kernel::offload(task, [fd = fd_, buffer, at] {
        iovec whole {buffer->data(), buffer->size()};
        return host::call(SYS_preadv2, fd, &whole, 1, at, 0, 0);
    }));
    std::copy_n(buffer->begin(), length, to.begin());
    return static_cast<std::size_t>(length);
}

Result<std::size_t> HostStream::read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset)
{
    if (to.remaining() == 0)
        return std::size_t {0};
    std::vector<std::byte> buffer(std::min<std::uint64_t>(chunk, to.remaining()));
    std::size_t done = 0;
    for (;;) {
        TRY(may_read(task));
        if (!always_ready_ && !TRY(wait_readable(task)))
            return std::size_t {0};
        auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), to.remaining()));
        auto length = read_once(task, part, offset ? std::optional(*offset + done) : std::nullopt);
        if (!length.ok()) {
            if (done > 0)
                return done;
            if (length.error() == EAGAIN && !nonblocking())
                continue; // somebody else was faster
            return length.error();
        }
        if (length.value() > 0) {
            auto moved = to.put(part.first(length.value()));
            if (!moved.ok())
                return done > 0 ? Result<std::size_t>(done) : moved.error();
            done += moved.value();
        }
        // Only files are read on until the buffer is full.
        if (!always_ready_ || length.value() < part.size() || to.remaining() == 0)
            return done;
    }
}

Result<std::size_t> HostStream::write_once(Task& task, std::span<const std::byte> from)
{
    if (!inode_->is_regular() || from.size() <= chunk / 4)
        return static_cast<std::size_t>(TRY(host::call(SYS_write, fd_, from.data(), from.size())));
    auto copy = std::make_shared<std::vector<std::byte>>(from.begin(), from.end());
    return static_cast<std::size_t>(TRY(kernel::offload(task, [fd = fd_, copy] { return host::call(SYS_write, fd, copy->data(), copy->size()); })));
}

Result<std::size_t> HostStream::write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset)
{
    if (from.remaining() == 0)
        return std::size_t {0};
    // pwrite, and O_APPEND that only the guest has set: by moving the description's position there (and back).
    std::optional<long> back;
    if (inode_->is_regular() && ((flags_ & O_APPEND) || offset)) {
        if (offset)
            back = TRY(host::call(SYS_lseek, fd_, 0, SEEK_CUR));
        TRY(host::call(SYS_lseek, fd_, flags_ & O_APPEND ? 0 : static_cast<long>(*offset), flags_ & O_APPEND ? SEEK_END : SEEK_SET));
    }
    std::size_t done = 0;
    Result<std::size_t> result = std::size_t {0};
    std::vector<std::byte> buffer(std::min<std::uint64_t>(always_ready_ ? chunk : quick_write, from.remaining()));
    while (from.remaining() > 0) {
        auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), from.remaining()));
        auto taken = from.get(part);
        if (!taken.ok() || taken.value() == 0) {
            result = taken.ok() ? Errno(EFAULT) : taken.error();
            break;
        }
        std::size_t put = 0;
        while (put < taken.value() && result.ok()) {
            auto allowed = may_write(task);
            while (allowed.ok() && !always_ready_ && !(kernel_.host_poller().ready(fd_, EPOLLOUT) & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
                allowed = nonblocking() ? Result<void>(Errno(EAGAIN)) : kernel::wait_host_ready(task, fd_, EPOLLOUT);
            if (!allowed.ok()) {
                result = allowed.error();
                break;
            }
            auto written = write_once(task, part.subspan(put, taken.value() - put));
            if (written.ok())
                put += written.value();
            else if (written.error() != EAGAIN || nonblocking())
                result = written.error();
        }
        done += put;
        if (!result.ok())
            break;
    }
    if (back)
        TRY(host::call(SYS_lseek, fd_, *back, SEEK_SET));
    if (done > 0)
        return done;
    if (!result.ok() && result.error() == EPIPE)
        kernel::raise_sigpipe(task);
    return result;
}

Result<std::int64_t> HostStream::seek(Task&, std::int64_t offset, int whence)
{
    return static_cast<std::int64_t>(TRY(host::call(SYS_lseek, fd_, offset, whence)));
}

PollMask HostStream::poll()
{
    constexpr PollMask all = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP;
    if (always_ready_)
        return File::poll();
    PollMask now = kernel_.host_poller().ready(fd_, all);
    PollMask missing = (EPOLLIN | EPOLLOUT) & ~now;
    if (missing)
        kernel_.host_poller().arm(fd_, missing);
    if (now & EPOLLIN)
        now |= EPOLLRDNORM;
    if (now & EPOLLOUT)
        now |= EPOLLWRNORM;
    return now;
}

kernel::WaitQueue* HostStream::poll_queue()
{
    return always_ready_ ? nullptr : &kernel_.host_poller().queue(fd_);
}

Result<long> HostStream::ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    if (request != FIONREAD)
        return Errno(ENOTTY);
    int count = 0;
    TRY(host::call(SYS_ioctl, fd_, request, &count));
    TRY(task.copy_out(GuestPtr<int>(argument), count));
    return 0;
}

Result<Ref<File>> HostStream::reopen(Task&, int flags)
{
    int access = flags & O_ACCMODE;
    if ((access != O_WRONLY && !readable()) || (access != O_RDONLY && !writable()))
        return Errno(EACCES); // the caller gave one direction only
    return Ref<File>(make_ref<HostStream>(kernel_, fd_, flags & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_LARGEFILE), inode_, name_));
}

Result<void> HostStream::sync(Task&, bool)
{
    // The caller's file: flushing it is the caller's business. Pipes and terminals cannot be synced.
    if (!inode_->is_regular())
        return Errno(EINVAL);
    return {};
}

Result<Ref<mm::Mappable>> HostStream::mappable(Task& task)
{
    if (!inode_->is_regular())
        return Errno(ENODEV);
    if (!source_)
        source_ = std::make_unique<StreamSource>(fd_);
    // A mapping shows the file as it is now; it may outlive the description, but the source does not: the kernel keeps standard
    // streams for its own lifetime (setup.cpp).
    return Ref<mm::Mappable>(make_ref<mm::PageCache>(task.memory(), source_.get(), TRY(inode_->attributes(task, Inode::Age::fresh)).size));
}

}
