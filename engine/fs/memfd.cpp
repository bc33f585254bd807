// memfd_create(2) (mm/memfd.c).
#include "engine/fs/memfd.h"

#include "engine/fs/fs_context.h"
#include "engine/fs/kernel_state.h"
#include "engine/fs/memory_node.h"
#include "engine/fs/regular_file.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"

#include <fcntl.h>
#include <sys/mman.h>

namespace ringside::fs {

namespace {

/// Checks its seals before every change.
class MemfdNode final : public MemoryNode {
public:
    using MemoryNode::MemoryNode;
    unsigned seals = F_SEAL_SEAL;

    Result<void> truncate(Task& task, std::uint64_t size) override
    {
        std::uint64_t now = TRY(data_size(task));
        if ((size < now && (seals & F_SEAL_SHRINK)) || (size > now && (seals & F_SEAL_GROW)))
            return Errno(EPERM);
        return MemoryNode::truncate(task, size);
    }
    Result<void> write_data(Task& task, std::uint64_t offset, std::span<const std::byte> bytes) override
    {
        if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
            return Errno(EPERM);
        if ((seals & F_SEAL_GROW) && offset + bytes.size() > TRY(data_size(task)))
            return Errno(EPERM);
        return MemoryNode::write_data(task, offset, bytes);
    }
    Result<void> allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length) override
    {
        bool punches = (mode & FALLOC_FL_PUNCH_HOLE) != 0; // which never grows the file
        if (punches ? (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0 : (seals & F_SEAL_GROW) && offset + length > TRY(data_size(task)))
            return Errno(EPERM);
        return MemoryNode::allocate(task, mode, offset, length);
    }
    Result<Ref<mm::Mappable>> mappable(Task& task, bool may_write) override
    {
        // The caller of mmap passes whether the description is writable; a sealed file can still be mapped for reading, which this
        // interface does not tell apart from shared writing.
        return MemoryNode::mappable(task, may_write);
    }
};

}

Result<Ref<File>> make_memfd(Task& task, const std::string& name, unsigned flags)
{
    MemoryNode& home = *task.kernel().fs->anonymous_files;
    auto& fs = static_cast<MemoryFs&>(home.fs());
    NewInode wanted {.mode = S_IFREG | 0777, .uid = task.credentials().fsuid, .gid = task.credentials().fsgid, .target = {}};
    auto node = make_ref<MemfdNode>(fs, wanted, ++fs.last_inode, fs.device);
    node->own_attributes().links = 0;
    if (flags & MFD_ALLOW_SEALING)
        node->seals = 0;
    auto root = make_ref<Dentry>(Ref<Inode>(&home));
    auto dentry = make_ref<Dentry>(root, "memfd:" + name, node);
    dentry->drop();
    auto mount = make_ref<Mount>(0, Ref<FileSystem>(&fs), root, "tmpfs", 0UL);
    return Ref<File>(make_ref<RegularFile>(Path {mount, dentry}, O_RDWR | O_LARGEFILE));
}

Result<long> add_seals(File& file, unsigned seals)
{
    auto node = file.inode();
    auto* memfd = dynamic_cast<MemfdNode*>(node.get());
    constexpr unsigned all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
    if (!file.writable())
        return Errno(EPERM); // before it is asked whether there can be seals
    if (!memfd || (seals & ~all))
        return Errno(EINVAL);
    if (memfd->seals & F_SEAL_SEAL)
        return Errno(EPERM);
    if ((seals & F_SEAL_WRITE) && memfd->is_mapped())
        return Errno(EBUSY); // a mapping might write
    memfd->seals |= seals;
    return 0;
}

Result<long> get_seals(File& file)
{
    auto node = file.inode();
    auto* memfd = dynamic_cast<MemfdNode*>(node.get());
    if (!memfd)
        return Errno(EINVAL);
    return static_cast<long>(memfd->seals);
}

}
