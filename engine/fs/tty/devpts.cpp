// The nodes of /dev/pts.
#include "engine/fs/tty/devpts.h"

#include "engine/fs/fs_context.h"
#include "engine/fs/kernel_state.h"
#include "engine/fs/tty/pty.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"

#include <linux/magic.h>
#include <sys/sysmacros.h>

namespace ringside::fs {

namespace {

class PtsNode final : public MemoryNode {
public:
    PtsNode(MemoryFs& fs, const NewInode& wanted, ino_t inode, Ref<Pty> pty) : MemoryNode(fs, wanted, inode, fs.device), pty_(std::move(pty)) { }
    Result<Ref<File>> open(Task& task, const Path& path, int flags) override { return pty_->open_terminal(task, path, flags); }

private:
    Ref<Pty> pty_;
};

class MultiplexerNode final : public MemoryNode {
public:
    using MemoryNode::MemoryNode;
    Result<Ref<File>> open(Task& task, const Path& path, int flags) override { return open_master(task, path, flags); }
};

}

Result<struct statfs> DevptsFs::statfs(Task& task, Inode& inode)
{
    struct statfs result = TRY(MemoryFs::statfs(task, inode));
    result.f_type = DEVPTS_SUPER_MAGIC;
    result.f_files = result.f_ffree = 0;
    return result;
}

PtsDirectory::PtsDirectory(Ref<DevptsFs> fs, gid_t tty_group)
    : MemoryNode(*fs, {.mode = S_IFDIR | 0755, .target = {}}, ++fs->last_inode, fs->device), tty_group_(tty_group)
{
    NewInode multiplexer {.mode = S_IFCHR, .device = makedev(multiplexer_major, multiplexer_minor), .target = {}};
    put_name("ptmx", make_ref<MultiplexerNode>(*fs, multiplexer, ++fs->last_inode, fs->device), false);
}

Result<Ref<Pty>> PtsDirectory::make(Task& task)
{
    constexpr mode_t terminal_mode = 0620;
    int index = 0;
    while (indexes_.contains(index))
        ++index;
    if (index >= max_terminals)
        return Errno(ENOSPC);
    indexes_.insert(index);
    auto pty = make_ref<Pty>(Ref(this), index);
    NewInode wanted {.mode = S_IFCHR | terminal_mode, .uid = task.credentials().fsuid, .gid = tty_group_, .device = pty->device(), .target = {}};
    constexpr ino_t first_terminal_inode = 3;
    put_name(std::to_string(index), make_ref<PtsNode>(*fs_, wanted, static_cast<ino_t>(index) + first_terminal_inode, pty), false);
    return pty;
}

Result<Path> PtsDirectory::place(Task& task, int index)
{
    Vfs& vfs = *task.fs_context().vfs;
    auto found = vfs.walk(task, vfs.root(), "/dev/pts/" + std::to_string(index));
    if (!found.ok())
        return Errno(EIO);
    return found;
}

Result<Ref<Inode>> PtsDirectory::create(Task&, const std::string&, const NewInode& wanted)
{
    return Errno(S_ISREG(wanted.mode) ? EACCES : EPERM);
}

Result<void> PtsDirectory::link(Task&, const std::string&, Inode&)
{
    return Errno(EPERM);
}

Result<void> PtsDirectory::unlink(Task&, const std::string&, Inode&)
{
    return Errno(EPERM);
}

Result<void> PtsDirectory::rename(Task&, const std::string&, Inode&, Inode&, const std::string&, Inode*, unsigned)
{
    return Errno(EPERM);
}

Ref<PtsDirectory> pts_directory(Task& task)
{
    return task.kernel().fs->pseudo_terminals;
}

}
