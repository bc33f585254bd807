// sendfile(2), splice(2), tee(2), copy_file_range(2).
#include "engine/fs/anonymous.h"
#include "engine/fs/file_table.h"
#include "engine/fs/inode.h"
#include "engine/fs/pipe.h"
#include "engine/kernel/io_buffer.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/iovec.h"

#include <algorithm>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace ringside::syscalls {

using kernel::IoBuffer;

namespace {

constexpr std::size_t chunk = 64 * 1024;

/// Moves bytes through the kernel: reads at `in_offset` (absent: the position) and writes likewise; offsets move along. What was moved.
Result<std::uint64_t> copy(Task& task, fs::File& in, std::optional<std::uint64_t>& in_offset, fs::File& out, std::optional<std::uint64_t>& out_offset, std::uint64_t count)
{
    std::vector<std::byte> buffer(std::min<std::uint64_t>(chunk, count));
    std::uint64_t done = 0;
    while (done < count) {
        auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), count - done));
        IoBuffer to(task, part);
        auto got = in.read(task, to, in_offset);
        if (!got.ok()) {
            if (done > 0)
                break;
            return got.error();
        }
        if (got.value() == 0)
            break;
        IoBuffer from(task, part.first(got.value()));
        auto put = out.write(task, from, out_offset);
        std::uint64_t written = put.ok() ? put.value() : 0;
        if (in_offset)
            *in_offset += written;
        else if (written < got.value()) // what was not written was not taken: the position goes back
            static_cast<void>(in.seek(task, static_cast<std::int64_t>(written) - static_cast<std::int64_t>(got.value()), SEEK_CUR).ok());
        if (out_offset)
            *out_offset += written;
        done += written;
        if (!put.ok() && done == 0)
            return put.error();
        if (!put.ok() || written < got.value() || got.value() < part.size())
            break;
    }
    return done;
}

Result<std::optional<std::int64_t>> copy_in_offset(Task& task, GuestPtr<std::int64_t> address)
{
    if (address.is_null())
        return std::optional<std::int64_t>();
    return std::optional<std::int64_t>(TRY(task.copy_in(address)));
}

Result<std::optional<std::uint64_t>> check_offset(const std::optional<std::int64_t>& value)
{
    if (!value)
        return std::optional<std::uint64_t>();
    if (*value < 0)
        return Errno(EINVAL);
    return std::optional<std::uint64_t>(static_cast<std::uint64_t>(*value));
}

Result<std::optional<std::uint64_t>> read_offset(Task& task, GuestPtr<std::int64_t> address)
{
    return check_offset(TRY(copy_in_offset(task, address)));
}

Result<void> write_offset(Task& task, GuestPtr<std::int64_t> address, const std::optional<std::uint64_t>& offset)
{
    if (address.is_null())
        return {};
    return task.copy_out(address, static_cast<std::int64_t>(*offset));
}

bool is_regular(fs::File& file)
{
    auto inode = file.inode();
    return inode && inode->is_regular();
}

}

Result<long> sendfile(Task& task, int out_fd, int in_fd, GuestPtr<std::int64_t> offset_address, std::uint64_t count)
{
    auto offset = TRY(read_offset(task, offset_address));
    Ref<fs::File> in = TRY(task.files().get_for_io(in_fd));
    if (!in->readable())
        return Errno(EBADF);
    if (offset && !has_positions(task, *in))
        return Errno(ESPIPE);
    Ref<fs::File> out = TRY(task.files().get_for_io(out_fd));
    if (!out->writable())
        return Errno(EBADF);
    // The source must be mappable in Linux' eyes: files, not pipes or terminals. O_APPEND on the target is refused.
    if (!is_regular(*in) || (out->flags() & O_APPEND))
        return Errno(EINVAL);
    std::optional<std::uint64_t> position;
    std::uint64_t done = TRY(copy(task, *in, offset, *out, position, std::min(count, max_count)));
    TRY(write_offset(task, offset_address, offset));
    return static_cast<long>(done);
}

Result<long> copy_file_range(Task& task, int in_fd, GuestPtr<std::int64_t> in_address, int out_fd, GuestPtr<std::int64_t> out_address, std::uint64_t count, unsigned flags)
{
    Ref<fs::File> in = TRY(task.files().get_for_io(in_fd));
    Ref<fs::File> out = TRY(task.files().get_for_io(out_fd));
    auto in_offset = TRY(read_offset(task, in_address));
    auto out_offset = TRY(read_offset(task, out_address));
    if (flags != 0)
        return Errno(EINVAL);
    auto in_inode = in->inode();
    auto out_inode = out->inode();
    if ((in_inode && in_inode->is_directory()) || (out_inode && out_inode->is_directory()))
        return Errno(EISDIR);
    if (!is_regular(*in) || !is_regular(*out))
        return Errno(EINVAL);
    if (!in->readable() || !out->writable() || (out->flags() & O_APPEND))
        return Errno(EBADF);
    if (&in_inode->fs() != &out_inode->fs())
        return Errno(EXDEV);
    if (in_inode == out_inode) {
        auto from = in_offset ? *in_offset : static_cast<std::uint64_t>(TRY(in->seek(task, 0, SEEK_CUR)));
        auto to = out_offset ? *out_offset : static_cast<std::uint64_t>(TRY(out->seek(task, 0, SEEK_CUR)));
        auto size = static_cast<std::uint64_t>(TRY(in->stat(task)).st_size);
        std::uint64_t there = from < size ? std::min(count, size - from) : 0; // what there is to copy may not lie over where it goes
        if (from < to + there && to < from + there)
            return Errno(EINVAL);
    }
    std::uint64_t done = TRY(copy(task, *in, in_offset, *out, out_offset, std::min(count, max_count)));
    TRY(write_offset(task, in_address, in_offset));
    TRY(write_offset(task, out_address, out_offset));
    return static_cast<long>(done);
}

namespace {

/// Waits until something can move from one pipe to the other. 0: nothing will (end of file).
Result<bool> pipes_ready(Task& task, fs::PipeEnd& in, fs::PipeEnd& out, bool nonblocking)
{
    for (;;) {
        if (out.pipe().readers == 0) {
            kernel::raise_sigpipe(task);
            return Errno(EPIPE);
        }
        if (in.pipe().size() == 0) {
            if (in.pipe().writers == 0)
                return false;
            if (nonblocking || in.nonblocking())
                return Errno(EAGAIN);
            TRY(in.pipe().queue.wait(task));
            continue;
        }
        if (out.pipe().room() == 0) {
            if (nonblocking || out.nonblocking())
                return Errno(EAGAIN);
            TRY(out.pipe().queue.wait(task));
            continue;
        }
        return true;
    }
}

}

Result<long> tee(Task& task, int in_fd, int out_fd, std::uint64_t count, unsigned flags)
{
    TRY(check_flags(flags, SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT));
    if (count == 0)
        return 0;
    Ref<fs::File> in_file = TRY(task.files().get_for_io(in_fd));
    Ref<fs::File> out_file = TRY(task.files().get_for_io(out_fd));
    if (!in_file->readable() || !out_file->writable())
        return Errno(EBADF);
    auto* in = dynamic_cast<fs::PipeEnd*>(in_file.get());
    auto* out = dynamic_cast<fs::PipeEnd*>(out_file.get());
    if (!in || !out || &in->pipe() == &out->pipe())
        return Errno(EINVAL);
    if (!TRY(pipes_ready(task, *in, *out, (flags & SPLICE_F_NONBLOCK) != 0)))
        return 0;
    return static_cast<long>(in->move_to(out->pipe(), std::min(count, max_count), true));
}

Result<long> splice(Task& task, int in_fd, GuestPtr<std::int64_t> in_address, int out_fd, GuestPtr<std::int64_t> out_address, std::uint64_t count, unsigned flags)
{
    if (count == 0)
        return 0;
    TRY(check_flags(flags, SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT));
    count = std::min(count, max_count);
    Ref<fs::File> in_file = TRY(task.files().get_for_io(in_fd));
    Ref<fs::File> out_file = TRY(task.files().get_for_io(out_fd));
    auto* in = dynamic_cast<fs::PipeEnd*>(in_file.get());
    auto* out = dynamic_cast<fs::PipeEnd*>(out_file.get());
    bool nonblocking = (flags & SPLICE_F_NONBLOCK) != 0;
    if ((in && !in_address.is_null()) || (out && !out_address.is_null()))
        return Errno(ESPIPE);
    auto out_value = TRY(copy_in_offset(task, out_address)); // EFAULT, before EBADF and before EINVAL for a negative one
    auto in_value = TRY(copy_in_offset(task, in_address));
    if (!in_file->readable() || !out_file->writable())
        return Errno(EBADF);
    auto out_offset = TRY(check_offset(out_value));
    auto in_offset = TRY(check_offset(in_value));
    if (in && out) {
        if (&in->pipe() == &out->pipe())
            return Errno(EINVAL);
        if (!TRY(pipes_ready(task, *in, *out, nonblocking)))
            return 0;
        return static_cast<long>(in->move_to(out->pipe(), count, false));
    }
    if (!in && !out)
        return Errno(EINVAL);
    if ((in_offset && !has_positions(task, *in_file)) || (out_offset && !has_positions(task, *out_file)))
        return Errno(EINVAL);
    // Neither what only appends nor an event descriptor can be spliced to.
    if (in && ((out_file->flags() & O_APPEND) || dynamic_cast<fs::AnonymousFile*>(out_file.get())))
        return Errno(EINVAL);
    if (in) {
        if (nonblocking && in->pipe().size() == 0 && in->pipe().writers > 0)
            return Errno(EAGAIN);
        count = std::min<std::uint64_t>(count, std::max<std::size_t>(in->pipe().size(), 1)); // what is there now; the first byte is waited for
    } else {
        // Never more than the pipe takes without waiting twice.
        while (out->pipe().room() == 0 && out->pipe().readers > 0) {
            if (nonblocking || out->nonblocking())
                return Errno(EAGAIN);
            TRY(out->pipe().queue.wait(task));
        }
        if (dynamic_cast<fs::AnonymousFile*>(in_file.get()))
            return Errno(EINVAL); // no splice_read
        count = std::min<std::uint64_t>(count, std::max<std::size_t>(out->pipe().room(), 1));
    }
    std::uint64_t done = TRY(copy(task, *in_file, in_offset, *out_file, out_offset, count));
    if (!in_address.is_null())
        TRY(write_offset(task, in_address, in_offset));
    if (!out_address.is_null())
        TRY(write_offset(task, out_address, out_offset));
    return static_cast<long>(done);
}

const Register<SYS_sendfile, sendfile> r_sendfile;
const Register<SYS_splice, splice> r_splice;
const Register<SYS_tee, tee> r_tee;
const Register<SYS_copy_file_range, copy_file_range> r_copy_file_range;

}
