// Inodes without a place (fs/anon_inodes.c).
#include "engine/fs/anonymous.h"

#include "engine/fs/fs_context.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/task.h"

#include <linux/magic.h>

namespace ringside::fs {

namespace {

/// What fstatfs says of them.
class AnonymousFs final : public FileSystem {
public:
    std::string type() const override { return "anon_inodefs"; }
    Result<struct statfs> statfs(Task&, Inode& inode) override
    {
        struct statfs result {};
        result.f_type = S_ISFIFO(inode.type()) ? PIPEFS_MAGIC : S_ISSOCK(inode.type()) ? SOCKFS_MAGIC : ANON_INODE_FS_MAGIC;
        result.f_bsize = result.f_frsize = static_cast<long>(page_size);
        result.f_namelen = 255;
        return result;
    }
};

}

AnonymousInode::AnonymousInode(Vfs& vfs, mode_t mode, uid_t uid, gid_t gid) : Inode(mode), vfs_(&vfs)
{
    attributes_.mode = mode;
    attributes_.uid = uid;
    attributes_.gid = gid;
    attributes_.device = vfs.anonymous_device();
    attributes_.inode = vfs.next_inode();
    attributes_.atime = attributes_.mtime = attributes_.ctime = kernel::to_timespec(kernel::realtime_now());
}

FileSystem& AnonymousInode::fs() const
{
    if (!vfs_->anonymous_fs)
        vfs_->anonymous_fs = make_ref<AnonymousFs>();
    return *vfs_->anonymous_fs;
}

Result<void> AnonymousInode::change(Task&, const AttributeChange& change)
{
    if (change.mode)
        attributes_.mode = (attributes_.mode & S_IFMT) | *change.mode;
    if (change.uid)
        attributes_.uid = *change.uid;
    if (change.gid)
        attributes_.gid = *change.gid;
    return {};
}

AnonymousFile::AnonymousFile(Task& task, const char* kind, int flags)
    : File(flags)
    , kind_(kind)
    , inode_(make_ref<AnonymousInode>(*task.fs_context().vfs, 0600, 0, 0))
{
}

Result<struct stat> AnonymousFile::stat(Task& task)
{
    return TRY(inode_->attributes(task)).to_stat();
}

}
