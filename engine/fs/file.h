// An open file description (POSIX), and what every kind of file answers. Descriptors refer to one; dup and fork share it.
#pragma once

#include "engine/base/ref.h"
#include "engine/kernel/io_buffer.h"
#include "engine/kernel/wait_queue.h"
#include "engine/mm/mappable.h"
#include "trace/record.h"

#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace ringside::fs {

using kernel::IoBuffer;
using kernel::PollMask;
using kernel::Task;

class Dentry;
class Inode;
struct Path;

/// Receives directory entries; false: no room, stop before this one.
using DirentSink = std::function<bool(const std::string& name, std::uint64_t inode, std::uint8_t type, std::uint64_t next_offset)>;

class File : public RefCounted {
public:
    explicit File(int flags) : flags_(flags) { }
    ~File() override;

    /// O_ACCMODE and status flags (O_APPEND, O_NONBLOCK, …), never O_CLOEXEC, which is the descriptor's.
    int flags() const { return flags_; }
    virtual Result<void> set_flags(int flags);
    bool readable() const;
    bool writable() const;
    bool nonblocking() const;

    // Defaults answer as Linux does for a file without the operation. `offset` present: pread/pwrite, which do not move the position.
    virtual Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset);
    virtual Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset);
    virtual Result<std::int64_t> seek(Task& task, std::int64_t offset, int whence);
    virtual PollMask poll();
    /// Where pollers hang; null: always ready.
    virtual kernel::WaitQueue* poll_queue();
    virtual Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument);
    virtual Result<void> read_directory(Task& task, const DirentSink& sink);
    virtual Result<struct stat> stat(Task& task);
    virtual Result<void> truncate(Task& task, std::uint64_t size);
    virtual Result<void> allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length);
    virtual Result<void> sync(Task& task, bool data_only);
    /// What mmap maps. ENODEV where it can't be; EACCES by mode is the caller's check.
    virtual Result<Ref<mm::Mappable>> mappable(Task& task);
    /// open(2) without O_NOCTTY: a terminal may become the controlling one of the task's session.
    virtual void offer_control(Task&) { }
    /// Called at each close(2) of a descriptor that refers to it (POSIX locks, flush).
    virtual void descriptor_closed(Task& task);

    /// As readlink of /proc/self/fd/N shows it: a path, "pipe:[12]", "anon_inode:[eventpoll]".
    virtual std::string name(Task& task);
    virtual trace::ObjectKind trace_kind() const { return trace::ObjectKind::other; }
    /// Null for those without a place in the file system.
    virtual Ref<Dentry> dentry();
    virtual Ref<Inode> inode();
    /// Where it was opened; null for those without a place.
    virtual const Path* path() const;
    /// open(2) of /proc/self/fd/N where it has no place: pipes and the caller's descriptors can be opened again. ENXIO.
    virtual Result<Ref<File>> reopen(Task& task, int flags);
    /// O_PATH: names a place, does no input or output.
    bool is_path_only() const { return (flags_ & path_flag) != 0; }
    static constexpr int path_flag = 010000000; ///< O_PATH
    static constexpr int large_file_flag = 0100000; ///< O_LARGEFILE as F_GETFL shows it on 64 bits; the C library's is 0
    /// What F_GETFL shows of the flags of open(2).
    static constexpr int kept_flags = O_ACCMODE | O_NONBLOCK | O_APPEND | large_file_flag;
    /// SIGIO's and SIGURG's receiver, as F_SETOWN gave it (no file here sends SIGIO).
    int owner = 0;
    int owner_signal = 0;
    /// epolls that watch it: told when the description is gone (they do not keep it).
    class Watcher {
    public:
        virtual ~Watcher() = default;
        virtual void file_gone() = 0;
    };
    std::vector<Watcher*> watchers;
    /// The trace's id of this description, given when it is first recorded.
    std::uint64_t trace_object = 0;

protected:
    int flags_;
};

}
