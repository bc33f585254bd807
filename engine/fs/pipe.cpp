// Pipes and FIFOs (fs/pipe.c).
#include "engine/fs/pipe.h"

#include "engine/fs/anonymous.h"
#include "engine/fs/fs_context.h"
#include "engine/fs/poll_events.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"

#include <algorithm>
#include <bit>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

namespace ringside::fs {

namespace {

timespec now()
{
    return kernel::to_timespec(kernel::realtime_now());
}

}

Result<std::size_t> Pipe::set_capacity(Task& task, std::size_t wanted)
{
    if (wanted > (std::size_t {1} << 31))
        return Errno(EINVAL);
    std::size_t rounded = std::bit_ceil(std::max<std::size_t>(wanted, page_size));
    if (rounded > max_capacity && rounded > capacity_ && !task.credentials().capable(CAP_SYS_RESOURCE))
        return Errno(EPERM);
    if (rounded < size_)
        return Errno(EBUSY);
    capacity_ = rounded;
    queue.wake_all(writable_events);
    return rounded;
}

void Pipe::append(std::span<const std::byte> bytes, bool packet)
{
    size_ += bytes.size();
    constexpr std::size_t mergeable = 65536;
    if (!packet && !pieces_.empty() && !pieces_.back().packet && pieces_.back().bytes.size() + bytes.size() <= mergeable) {
        auto& last = pieces_.back().bytes;
        last.insert(last.end(), bytes.begin(), bytes.end());
        return;
    }
    pieces_.push_back({{bytes.begin(), bytes.end()}, 0, packet});
}

std::span<const std::byte> Pipe::front() const
{
    if (pieces_.empty())
        return {};
    return std::span(pieces_.front().bytes).subspan(pieces_.front().taken);
}

void Pipe::consume(std::size_t count)
{
    Piece& first = pieces_.front();
    std::size_t left = first.bytes.size() - first.taken;
    if (first.packet)
        count = left; // what did not fit into the reader's buffer is lost (man 2 pipe, O_DIRECT)
    first.taken += count;
    size_ -= count;
    if (first.taken == first.bytes.size())
        pieces_.pop_front();
}

PipeEnd::PipeEnd(Ref<Pipe> pipe, Ref<Inode> inode, int flags) : File(flags), pipe_(std::move(pipe)), inode_(std::move(inode))
{
    opened();
}

PipeEnd::PipeEnd(Ref<Pipe> pipe, const Path& path, int flags)
    : File(flags)
    , pipe_(std::move(pipe))
    , inode_(path.dentry->inode_ref())
    , path_(path)
{
    opened();
}

void PipeEnd::opened()
{
    if (readable()) {
        ++pipe_->readers;
        ++pipe_->reader_openings;
    }
    if (writable()) {
        ++pipe_->writers;
        ++pipe_->writer_openings;
    }
    pipe_->queue.wake_all();
}

PipeEnd::~PipeEnd()
{
    if (readable())
        --pipe_->readers;
    if (writable())
        --pipe_->writers;
    // Both sides may have to look again: end of file, or nobody left to write to (pipe_release).
    if ((pipe_->readers == 0) != (pipe_->writers == 0))
        pipe_->queue.wake_all(readable_events | writable_events | EPOLLERR | EPOLLHUP);
    if (pipe_->readers == 0 && pipe_->writers == 0 && inode_)
        inode_->fifo = {}; // what nobody has read is gone
}

Result<std::size_t> PipeEnd::read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset)
{
    if (offset)
        return Errno(ESPIPE);
    if (to.remaining() == 0)
        return std::size_t {0};
    while (pipe_->size() == 0) {
        if (pipe_->writers == 0)
            return std::size_t {0};
        if (nonblocking())
            return Errno(EAGAIN);
        TRY(pipe_->queue.wait(task));
    }
    std::size_t done = 0;
    while (to.remaining() > 0 && pipe_->size() > 0) {
        auto bytes = pipe_->front();
        bool packet = pipe_->front_is_packet();
        // Copied first: copy-out may wait, and another reader may take what `bytes` shows meanwhile.
        std::uint64_t room = to.room(bytes.size());
        if (room == 0) { // what cannot be given stays in the pipe
            if (done == 0)
                return Errno(EFAULT);
            break;
        }
        std::vector<std::byte> copy(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(room));
        pipe_->consume(copy.size());
        auto moved = to.put(copy);
        if (!moved.ok()) {
            if (done == 0)
                return moved.error();
            break;
        }
        done += moved.value();
        if (packet || moved.value() < copy.size())
            break;
    }
    pipe_->atime = now();
    pipe_->queue.wake_all(writable_events);
    return done;
}

Result<std::size_t> PipeEnd::write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset)
{
    if (offset)
        return Errno(ESPIPE);
    if (from.remaining() == 0)
        return std::size_t {0};
    std::vector<std::byte> bytes;
    std::size_t done = 0;
    std::size_t pending = 0; // of `bytes`, not yet in the pipe
    bool packet = (flags_ & O_DIRECT) != 0;
    for (;;) {
        if (pending == 0) {
            if (from.remaining() == 0)
                break;
            std::size_t limit = packet ? Pipe::atomic_size : Pipe::default_capacity;
            bytes.resize(std::min<std::uint64_t>(from.remaining(), limit));
            auto taken = from.get(bytes);
            if (!taken.ok() || taken.value() == 0) {
                if (done > 0)
                    break;
                return taken.ok() ? Errno(EFAULT) : taken.error();
            }
            bytes.resize(taken.value());
            pending = taken.value();
        }
        if (pipe_->readers == 0) {
            kernel::raise_sigpipe(task); // also where a part was written before (pipe_write)
            if (done > 0)
                break;
            return Errno(EPIPE);
        }
        // Up to PIPE_BUF bytes go in one piece or not at all.
        std::size_t whole = done + pending + from.remaining();
        std::size_t needed = whole <= Pipe::atomic_size || packet ? pending : 1;
        if (pipe_->room() >= needed) {
            std::size_t part = std::min(pipe_->room(), pending);
            pipe_->append(std::span(bytes).subspan(bytes.size() - pending, part), packet);
            pending -= part;
            done += part;
            pipe_->mtime = now();
            pipe_->queue.wake_all(readable_events);
            continue;
        }
        if (nonblocking()) {
            if (done > 0)
                break;
            return Errno(EAGAIN);
        }
        auto waited = pipe_->queue.wait(task);
        if (!waited.ok()) {
            if (done > 0)
                break;
            return waited.error();
        }
    }
    return done;
}

PollMask PipeEnd::poll()
{
    PollMask mask = 0;
    if (readable()) {
        if (pipe_->size() > 0)
            mask |= readable_events;
        if (pipe_->writers == 0 && pipe_->writer_openings != writers_at_open_)
            mask |= EPOLLHUP;
    }
    if (writable()) {
        if (pipe_->room() > 0)
            mask |= writable_events;
        if (pipe_->readers == 0)
            mask |= EPOLLERR;
    }
    return mask;
}

kernel::WaitQueue* PipeEnd::poll_queue()
{
    return &pipe_->queue;
}

Result<long> PipeEnd::ioctl(Task& task, std::uint32_t request, GuestAddr argument)
{
    if (request != FIONREAD)
        return Errno(ENOTTY);
    TRY(task.copy_out(GuestPtr<int>(argument), static_cast<int>(pipe_->size())));
    return 0;
}

std::string PipeEnd::name(Task& task)
{
    if (path_.valid())
        return path_name(task, path_);
    return "pipe:[" + std::to_string(static_cast<AnonymousInode&>(*inode_).number()) + "]";
}

Result<Ref<File>> PipeEnd::reopen(Task&, int flags)
{
    return Ref<File>(make_ref<PipeEnd>(pipe_, inode_, flags & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_LARGEFILE)));
}

std::size_t PipeEnd::move_to(Pipe& to, std::size_t count, bool copy)
{
    std::size_t done = 0;
    if (copy) { // tee: all that stands in front, in order
        auto bytes = pipe_->front();
        done = std::min({count, bytes.size(), to.room()});
        to.append(bytes.first(done), false);
    } else {
        while (done < count && pipe_->size() > 0 && to.room() > 0) {
            auto bytes = pipe_->front();
            std::size_t part = std::min({count - done, bytes.size(), to.room()});
            to.append(bytes.first(part), pipe_->front_is_packet());
            pipe_->consume(part);
            done += part;
        }
        if (done > 0)
            pipe_->queue.wake_all(writable_events);
    }
    if (done > 0)
        to.queue.wake_all(readable_events);
    return done;
}

std::pair<Ref<File>, Ref<File>> make_pipe(Task& task, int flags)
{
    auto pipe = make_ref<Pipe>();
    pipe->atime = pipe->mtime = now();
    auto inode = make_ref<AnonymousInode>(*task.fs_context().vfs, S_IFIFO | 0600, task.credentials().fsuid, task.credentials().fsgid);
    int status = flags & (O_NONBLOCK | O_DIRECT);
    return {make_ref<PipeEnd>(pipe, inode, O_RDONLY | (status & ~O_DIRECT)), make_ref<PipeEnd>(pipe, inode, O_WRONLY | status)};
}

Result<Ref<File>> open_fifo(Task& task, const Path& path, int flags)
{
    Inode& inode = path.inode();
    if (!inode.fifo)
        inode.fifo = make_ref<Pipe>();
    Ref<Pipe> pipe = inode.fifo;
    int access = flags & O_ACCMODE;
    if (access == O_ACCMODE)
        return Errno(EINVAL);
    int kept = flags & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_LARGEFILE | O_NOATIME);
    if (access == O_WRONLY && (flags & O_NONBLOCK) && pipe->readers == 0)
        return Errno(ENXIO);
    auto file = make_ref<PipeEnd>(pipe, path, kept);
    if (access == O_RDONLY && pipe->writers == 0 && (flags & O_NONBLOCK))
        file->expect_writer();
    if (access == O_RDWR || (flags & O_NONBLOCK))
        return Ref<File>(file);
    // The other side may come and go while this one waits: its openings count, not its presence.
    std::uint64_t& openings = access == O_RDONLY ? pipe->writer_openings : pipe->reader_openings;
    int& others = access == O_RDONLY ? pipe->writers : pipe->readers;
    for (std::uint64_t before = openings; others == 0 && openings == before;)
        TRY(pipe->queue.wait(task));
    return Ref<File>(file);
}

}
