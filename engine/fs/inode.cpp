// What an inode without an operation answers.
#include "engine/fs/inode.h"

#include "engine/fs/locks.h"
#include "engine/fs/mount.h"
#include "engine/fs/pipe.h"

namespace ringside::fs {

Inode::Inode(mode_t type) : type_(type & S_IFMT) { }

Inode::~Inode()
{
    if (marks)
        marks->inode_gone();
}

struct stat Attributes::to_stat() const
{
    struct stat result {};
    result.st_dev = device;
    result.st_ino = inode;
    result.st_mode = mode;
    result.st_nlink = links;
    result.st_uid = uid;
    result.st_gid = gid;
    result.st_rdev = special_device;
    result.st_size = static_cast<off_t>(size);
    result.st_blksize = block_size;
    result.st_blocks = static_cast<blkcnt_t>(blocks);
    result.st_atim = atime;
    result.st_mtim = mtime;
    result.st_ctim = ctime;
    return result;
}

Result<void> Inode::change(Task&, const AttributeChange&)
{
    return Errno(EPERM);
}

Result<void> Inode::truncate(Task&, std::uint64_t)
{
    return Errno(is_directory() ? EISDIR : EINVAL);
}

Result<Ref<Inode>> Inode::lookup(Task&, const std::string&)
{
    return Errno(is_directory() ? ENOENT : ENOTDIR);
}

Result<Ref<Inode>> Inode::create(Task&, const std::string&, const NewInode&)
{
    return Errno(EACCES); // a directory without i_op->create (fs/namei.c)
}

Result<Ref<Inode>> Inode::create_unnamed(Task&, const NewInode&)
{
    return Errno(EOPNOTSUPP);
}

Result<void> Inode::link(Task&, const std::string&, Inode&)
{
    return Errno(EPERM);
}

Result<void> Inode::unlink(Task&, const std::string&, Inode&)
{
    return Errno(EPERM);
}

Result<void> Inode::rmdir(Task&, const std::string&, Inode&)
{
    return Errno(EPERM);
}

Result<void> Inode::rename(Task&, const std::string&, Inode&, Inode&, const std::string&, Inode*, unsigned)
{
    return Errno(EPERM);
}

Result<std::vector<DirectoryEntry>> Inode::list(Task&)
{
    return Errno(ENOTDIR);
}

Result<std::uint64_t> Inode::data_size(Task& task)
{
    return TRY(attributes(task)).size;
}

Result<std::span<const std::byte>> Inode::read_data(Task&, std::uint64_t, std::uint64_t)
{
    return Errno(EINVAL);
}

Result<void> Inode::write_data(Task&, std::uint64_t, std::span<const std::byte>)
{
    return Errno(EINVAL);
}

Result<void> Inode::allocate(Task&, int, std::uint64_t, std::uint64_t)
{
    return Errno(EOPNOTSUPP);
}

Result<std::uint64_t> Inode::next_data(Task& task, std::uint64_t offset, bool data)
{
    std::uint64_t size = TRY(data_size(task)); // one piece of data, and the hole behind it
    if (offset >= size)
        return Errno(ENXIO);
    return data ? offset : size;
}

Result<void> Inode::sync(Task&, bool)
{
    return {};
}

Result<Ref<mm::Mappable>> Inode::mappable(Task&, bool)
{
    return Errno(ENODEV);
}

void Inode::accessed(Task&) { }

Result<std::string> Inode::readlink(Task&)
{
    return Errno(EINVAL);
}

Result<Path> Inode::magic_link(Task&)
{
    return Path();
}

Result<Ref<File>> Inode::open(Task&, const Path&, int)
{
    return Errno(ENXIO);
}

Result<std::string> Inode::get_xattr(Task&, const std::string&)
{
    return Errno(EOPNOTSUPP);
}

Result<void> Inode::set_xattr(Task&, const std::string&, const std::string&, int)
{
    return Errno(EOPNOTSUPP);
}

Result<void> Inode::remove_xattr(Task&, const std::string&)
{
    return Errno(EOPNOTSUPP);
}

Result<std::vector<std::string>> Inode::list_xattrs(Task&)
{
    return std::vector<std::string>();
}

LockTable& Inode::locks()
{
    if (!locks_)
        locks_ = std::make_unique<LockTable>();
    return *locks_;
}

}
