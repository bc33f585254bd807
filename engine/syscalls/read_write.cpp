// read(2), write(2) and their vector and offset forms; lseek(2).
#include "engine/fs/anonymous.h"
#include "engine/fs/epoll.h"
#include "engine/fs/file_table.h"
#include "engine/kernel/io_buffer.h"
#include "engine/kernel/pidfd.h"
#include "engine/kernel/task.h"
#include "engine/record/task_recorder.h"
#include "engine/syscalls/handler.h"
#include "engine/syscalls/iovec.h"

#include <climits>
#include <sys/uio.h>
#include <unistd.h>

namespace ringside::syscalls {

using kernel::IoBuffer;

namespace {

Result<Ref<fs::File>> readable(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (!file->readable())
        return Errno(EBADF);
    return file;
}

Result<Ref<fs::File>> writable(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (!file->writable())
        return Errno(EBADF);
    return file;
}

Result<void> check_range(GuestAddr start, std::uint64_t count)
{
    if (start.value() > guest_address_end || count > guest_address_end - start.value())
        return Errno(EFAULT); // access_ok
    return {};
}

/// What pread and pwrite ask first: ESPIPE comes before EBADF for a description without the right.
Result<Ref<fs::File>> positioned(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (!has_positions(task, *file))
        return Errno(ESPIPE);
    return file;
}

/// rw_verify_area: no position past the end of positions.
Result<void> check_end(std::uint64_t offset, std::uint64_t count)
{
    if (count > static_cast<std::uint64_t>(SSIZE_MAX) - offset)
        return Errno(EINVAL);
    return {};
}

std::uint64_t total_of(const std::vector<IoBuffer::Range>& ranges)
{
    std::uint64_t total = 0;
    for (const IoBuffer::Range& range : ranges)
        total += range.length;
    return total;
}

/// In do_readv's order: the position's kind, the vector, the right, and nothing more for no bytes.
Result<long> move_vector(Task& task, int fd, GuestAddr vector, int count, std::optional<std::uint64_t> offset, bool writes)
{
    Ref<fs::File> file = offset ? TRY(positioned(task, fd)) : TRY(task.files().get_for_io(fd));
    auto ranges = TRY(copy_in_iovec(task, vector, count));
    if (writes ? !file->writable() : !file->readable())
        return Errno(EBADF);
    std::uint64_t total = total_of(ranges);
    if (total == 0 && !dynamic_cast<fs::Epoll*>(file.get())) // which has neither read nor write: EINVAL
        return 0;
    if (offset)
        TRY(check_end(*offset, total));
    IoBuffer data(task, std::move(ranges));
    return static_cast<long>(writes ? TRY(file->write(task, data, offset)) : TRY(file->read(task, data, offset)));
}

Result<long> read_vector(Task& task, int fd, GuestAddr vector, int count, std::optional<std::uint64_t> offset)
{
    return move_vector(task, fd, vector, count, offset, false);
}

Result<long> write_vector(Task& task, int fd, GuestAddr vector, int count, std::optional<std::uint64_t> offset)
{
    return move_vector(task, fd, vector, count, offset, true);
}

}

bool has_positions(Task& task, fs::File& file)
{
    if (dynamic_cast<fs::AnonymousFile*>(&file) || dynamic_cast<kernel::PidFd*>(&file))
        return false;
    auto position = file.seek(task, 0, SEEK_CUR);
    return position.ok() || position.error() != ESPIPE;
}

Result<IoBuffer> buffer_at(Task& task, GuestAddr start, std::uint64_t length)
{
    TRY(check_range(start, length));
    return IoBuffer(task, start, std::min(length, max_count));
}

Result<std::vector<IoBuffer::Range>> copy_in_iovec(Task& task, GuestAddr vector, int count)
{
    if (count < 0 || count > IOV_MAX)
        return Errno(EINVAL);
    auto elements = TRY(task.copy_in_array(GuestPtr<iovec>(vector), static_cast<std::size_t>(count)));
    std::vector<IoBuffer::Range> ranges;
    std::uint64_t total = 0;
    for (const iovec& element : elements) {
        auto length = static_cast<std::uint64_t>(element.iov_len);
        if (length > static_cast<std::uint64_t>(SSIZE_MAX))
            return Errno(EINVAL);
        GuestAddr start(reinterpret_cast<std::uintptr_t>(element.iov_base));
        TRY(check_range(start, length));
        length = std::min(length, max_count - total);
        total += length;
        ranges.push_back({start, length});
    }
    return ranges;
}

Result<long> read(Task& task, int fd, GuestPtr<void> buf, std::uint64_t count)
{
    Ref<fs::File> file = TRY(readable(task, fd));
    IoBuffer to = TRY(buffer_at(task, buf, count));
    return static_cast<long>(TRY(file->read(task, to, {})));
}

Result<long> write(Task& task, int fd, GuestPtr<const void> buf, std::uint64_t count)
{
    Ref<fs::File> file = TRY(writable(task, fd));
    IoBuffer from = TRY(buffer_at(task, buf.addr(), count));
    return static_cast<long>(TRY(file->write(task, from, {})));
}

Result<long> pread64(Task& task, int fd, GuestPtr<void> buf, std::uint64_t count, std::int64_t offset)
{
    if (offset < 0)
        return Errno(EINVAL);
    Ref<fs::File> file = TRY(positioned(task, fd));
    if (!file->readable())
        return Errno(EBADF);
    IoBuffer to = TRY(buffer_at(task, buf, count));
    TRY(check_end(static_cast<std::uint64_t>(offset), count));
    return static_cast<long>(TRY(file->read(task, to, static_cast<std::uint64_t>(offset))));
}

Result<long> pwrite64(Task& task, int fd, GuestPtr<const void> buf, std::uint64_t count, std::int64_t offset)
{
    if (offset < 0)
        return Errno(EINVAL);
    Ref<fs::File> file = TRY(positioned(task, fd));
    if (!file->writable())
        return Errno(EBADF);
    IoBuffer from = TRY(buffer_at(task, buf.addr(), count));
    TRY(check_end(static_cast<std::uint64_t>(offset), count));
    return static_cast<long>(TRY(file->write(task, from, static_cast<std::uint64_t>(offset))));
}

Result<long> readv(Task& task, int fd, GuestAddr vector, int count)
{
    return read_vector(task, fd, vector, count, {});
}

Result<long> writev(Task& task, int fd, GuestAddr vector, int count)
{
    return write_vector(task, fd, vector, count, {});
}

namespace {

/// The offset of preadv and the like comes in two halves; on 64 bits the low one holds it all. -1 (v2 only): the file's position.
Result<std::optional<std::uint64_t>> vector_offset(std::uint64_t low, bool may_be_current)
{
    auto offset = static_cast<std::int64_t>(low);
    if (may_be_current && offset == -1)
        return std::optional<std::uint64_t>();
    if (offset < 0)
        return Errno(EINVAL);
    return std::optional<std::uint64_t>(low);
}

}

Result<long> preadv(Task& task, int fd, GuestAddr vector, int count, std::uint64_t low, std::uint64_t)
{
    return read_vector(task, fd, vector, count, TRY(vector_offset(low, false)));
}

Result<long> pwritev(Task& task, int fd, GuestAddr vector, int count, std::uint64_t low, std::uint64_t)
{
    return write_vector(task, fd, vector, count, TRY(vector_offset(low, false)));
}

Result<long> preadv2(Task& task, int fd, GuestAddr vector, int count, std::uint64_t low, std::uint64_t, int flags)
{
    // Hints that change no result; RWF_NOWAIT and RWF_APPEND would.
    if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC)) {
        task.recorder().unsupported();
        return Errno(EOPNOTSUPP);
    }
    return read_vector(task, fd, vector, count, TRY(vector_offset(low, true)));
}

Result<long> pwritev2(Task& task, int fd, GuestAddr vector, int count, std::uint64_t low, std::uint64_t, int flags)
{
    if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC)) {
        task.recorder().unsupported();
        return Errno(EOPNOTSUPP);
    }
    return write_vector(task, fd, vector, count, TRY(vector_offset(low, true)));
}

Result<long> lseek(Task& task, int fd, std::int64_t offset, unsigned whence)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    if (whence > SEEK_HOLE)
        return Errno(EINVAL);
    return TRY(file->seek(task, offset, static_cast<int>(whence)));
}

const Register<SYS_read, read> r_read;
const Register<SYS_write, write> r_write;
const Register<SYS_pread64, pread64> r_pread64;
const Register<SYS_pwrite64, pwrite64> r_pwrite64;
const Register<SYS_readv, readv> r_readv;
const Register<SYS_writev, writev> r_writev;
const Register<SYS_preadv, preadv> r_preadv;
const Register<SYS_pwritev, pwritev> r_pwritev;
const Register<SYS_preadv2, preadv2> r_preadv2("RWF_NOWAIT");
const Register<SYS_pwritev2, pwritev2> r_pwritev2("RWF_NOWAIT, RWF_APPEND");
const Register<SYS_lseek, lseek> r_lseek;

}
