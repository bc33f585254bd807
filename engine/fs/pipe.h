// Pipes and FIFOs: a byte queue with two kinds of ends. man 7 pipe.
#pragma once

#include "engine/fs/path_file.h"
#include "engine/kernel/wait_queue.h"

#include <deque>
#include <utility>
#include <vector>

namespace ringside::fs {

class Vfs;

/// The queue. Holds packets, so that O_DIRECT pipes keep the borders of writes; merged where borders do not matter.
class Pipe final : public RefCounted {
public:
    static constexpr std::size_t default_capacity = 65536;
    static constexpr std::size_t atomic_size = 4096; ///< PIPE_BUF
    static constexpr std::size_t max_capacity = 1048576; ///< fs/pipe-max-size

    std::size_t size() const { return size_; }
    std::size_t room() const { return capacity_ > size_ ? capacity_ - size_ : 0; }
    std::size_t capacity() const { return capacity_; }
    /// F_SETPIPE_SZ: rounded up to pages of a power of two. EBUSY where more is inside, EPERM past the system's limit.
    Result<std::size_t> set_capacity(Task& task, std::size_t wanted);
    /// At most room() bytes; `packet` keeps them apart from what follows.
    void append(std::span<const std::byte> bytes, bool packet);
    /// The first bytes that lie together (of one packet), without taking them.
    std::span<const std::byte> front() const;
    /// Takes bytes of front(); a packet's rest goes with them where `whole_packet`.
    void consume(std::size_t count);
    bool front_is_packet() const { return !pieces_.empty() && pieces_.front().packet; }

    int readers = 0, writers = 0;
    /// Openings so far: a FIFO's open waits for the other side's next one.
    std::uint64_t reader_openings = 0, writer_openings = 0;
    kernel::WaitQueue queue; ///< readers, writers and pollers: wake-ups say what became true
    timespec atime {}, mtime {};

private:
    struct Piece {
        std::vector<std::byte> bytes;
        std::size_t taken = 0;
        bool packet = false;
    };
    std::deque<Piece> pieces_;
    std::size_t size_ = 0;
    std::size_t capacity_ = default_capacity;
};

/// One end (or both: a FIFO opened O_RDWR).
class PipeEnd final : public File {
public:
    /// An end of an unnamed pipe.
    PipeEnd(Ref<Pipe> pipe, Ref<Inode> inode, int flags);
    /// Of a FIFO.
    PipeEnd(Ref<Pipe> pipe, const Path& path, int flags);
    ~PipeEnd() override;

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset) override;
    PollMask poll() override;
    kernel::WaitQueue* poll_queue() override;
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override;
    std::string name(Task& task) override;
    trace::ObjectKind trace_kind() const override { return path_.valid() ? trace::ObjectKind::fifo : trace::ObjectKind::pipe; }
    Ref<Inode> inode() override { return inode_; }
    const Path* path() const override { return path_.valid() ? &path_ : nullptr; }
    Result<void> allocate(Task&, int, std::uint64_t, std::uint64_t) override { return Errno(ESPIPE); }
    Result<Ref<File>> reopen(Task& task, int flags) override;
    Pipe& pipe() const { return *pipe_; }
    /// No hang-up is shown until a writer has come (fifo_open with O_NONBLOCK).
    void expect_writer() { writers_at_open_ = pipe_->writer_openings; }
    /// Moves up to `count` bytes to another pipe, copying them (tee) or taking them (splice).
    std::size_t move_to(Pipe& to, std::size_t count, bool copy);

private:
    void opened();
    Ref<Pipe> pipe_;
    Ref<Inode> inode_;
    Path path_;
    std::uint64_t writers_at_open_ = ~std::uint64_t {0};
};

/// Two ends of a new pipe: for reading, for writing. `flags`: O_NONBLOCK, O_DIRECT.
std::pair<Ref<File>, Ref<File>> make_pipe(Task& task, int flags);
/// open(2) of a FIFO: waits for the other side, ENXIO for O_WRONLY|O_NONBLOCK without a reader. man 7 fifo.
Result<Ref<File>> open_fifo(Task& task, const Path& path, int flags);

}
