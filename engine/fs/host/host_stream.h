// The caller's descriptors 0-2: terminal, pipe, file, socket or device, as the guest's own. The worker never waits in them, and the
// flags of the inherited description are never changed: O_NONBLOCK and O_APPEND of the guest live here.
#pragma once

#include "engine/fs/host/owners.h"
#include "engine/fs/inode.h"
#include "engine/fs/tty/terminal.h"
#include "engine/kernel/kernel.h"
#include "engine/mm/page_cache.h"

#include <optional>
#include <sys/stat.h>

namespace ringside::fs {

/// Stands for what the descriptor refers to, for locks and fstatfs.
class HostStreamInode : public Inode {
public:
    HostStreamInode(int fd, mode_t type, OwnerLookup* owners) : Inode(type), fd_(fd), owners_(owners) { }
    FileSystem& fs() const override;
    Result<Attributes> attributes(Task& task, Age age) override;
    int descriptor() const { return fd_; }

private:
    int fd_;
    OwnerLookup* owners_; ///< null: asked already, or nobody to ask
    std::optional<Owner> owner_;
    mutable Ref<FileSystem> fs_;
};

/// The caller's terminal: all descriptors of it share this.
class HostTerminalInode final : public HostStreamInode, public Terminal {
public:
    HostTerminalInode(int fd, const struct stat& status, OwnerLookup* owners) : HostStreamInode(fd, status.st_mode, owners), device_(status.st_rdev) { }
    dev_t device() const override { return device_; }
    Result<Ref<File>> open_again(Task& task, int flags) override;

private:
    dev_t device_;
};

class HostStream : public File {
public:
    HostStream(kernel::Kernel& kernel, int fd, int flags, Ref<HostStreamInode> inode, std::string name);
    ~HostStream() override;

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override;
    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t> offset) override;
    Result<std::int64_t> seek(Task& task, std::int64_t offset, int whence) override;
    PollMask poll() override;
    kernel::WaitQueue* poll_queue() override;
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override;
    Result<void> sync(Task& task, bool data_only) override;
    Result<Ref<mm::Mappable>> mappable(Task& task) override;
    std::string name(Task&) override { return name_; }
    trace::ObjectKind trace_kind() const override;
    Ref<Inode> inode() override { return inode_; }
    /// The same description with other flags: the host's is one, and stays as it is.
    Result<Ref<File>> reopen(Task& task, int flags) override;
    int descriptor() const { return fd_; }
    Ref<HostStreamInode> stream_inode() const { return inode_; }

protected:
    /// Files and devices that never make anybody wait for long.
    bool always_ready() const { return always_ready_; }
    /// Before input or output, for terminals: job control, and reads that time out.
    virtual Result<void> may_read(Task&) { return {}; }
    virtual Result<void> may_write(Task&) { return {}; }
    /// Waits until it can be read; false: give up with 0 bytes (VMIN 0).
    virtual Result<bool> wait_readable(Task& task);
    kernel::Kernel& kernel_;
    int fd_;

private:
    Result<std::size_t> read_once(Task& task, std::span<std::byte> to, std::optional<std::uint64_t> offset);
    Result<std::size_t> write_once(Task& task, std::span<const std::byte> from);
    Ref<HostStreamInode> inode_;
    std::string name_;
    bool always_ready_;
    std::unique_ptr<mm::PageSource> source_;
};

/// The caller's terminal. man 4 tty_ioctl.
class HostTerminal final : public HostStream {
public:
    using HostStream::HostStream;
    Result<long> ioctl(Task& task, std::uint32_t request, GuestAddr argument) override;
    trace::ObjectKind trace_kind() const override { return trace::ObjectKind::tty; }

    Result<Ref<File>> reopen(Task& task, int flags) override;
    Terminal& terminal() { return static_cast<HostTerminalInode&>(*stream_inode()); }

protected:
    Result<void> may_read(Task& task) override;
    /// The job that the sandbox is for the caller's shell may be in the background: SIGTTIN, as for a job inside.
    Result<void> check_outer_foreground(Task& task);
    Result<bool> wait_readable(Task& task) override;

private:
    Result<long> pass(Task& task, std::uint32_t request, GuestAddr argument, std::size_t in, std::size_t out, bool waits);
};

}
