// open(2): finding or making the file, checks, and the file system's own open (fs/namei.c do_open, open_last_lookups).
#include "engine/fs/fs_context.h"
#include "engine/fs/new_inode.h"
#include "engine/fs/path_file.h"
#include "engine/fs/permission.h"
#include "engine/fs/pipe.h"
#include "engine/fs/walk.h"
#include "engine/kernel/task.h"
#include "engine/record/task_recorder.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <unistd.h>

namespace ringside::fs {

NewInode new_inode(Task& task, const Attributes& directory, mode_t mode, dev_t device)
{
    const kernel::Credentials& who = task.credentials();
    NewInode wanted;
    wanted.mode = S_ISLNK(mode) ? (S_IFLNK | 0777) : mode & ~task.fs_context().umask;
    wanted.uid = who.fsuid;
    wanted.gid = who.fsgid;
    wanted.device = device;
    if (directory.mode & S_ISGID) { // inode_init_owner
        wanted.gid = directory.gid;
        if (S_ISDIR(mode))
            wanted.mode |= S_ISGID;
        else if ((wanted.mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && !who.in_group(directory.gid) && !who.capable(CAP_FSETID))
            wanted.mode &= ~static_cast<mode_t>(S_ISGID);
    }
    return wanted;
}

namespace {

int wanted_access(int flags)
{
    int mask = 0;
    switch (flags & O_ACCMODE) {
    case O_RDONLY:
        mask = R_OK;
        break;
    case O_WRONLY:
        mask = W_OK;
        break;
    default: // O_RDWR, and 3: both are checked, neither is given
        mask = R_OK | W_OK;
    }
    return flags & O_TRUNC ? mask | W_OK : mask;
}

/// Checks that are left once the permission is known, then the inode's own open.
Result<Ref<File>> open_checked(Task& task, const Path& path, int flags)
{
    Inode& inode = path.inode();
    bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC);
    if (S_ISSOCK(inode.type()))
        return Errno(ENXIO);
    if (writes && inode.is_regular() && inode.writers < 0)
        return Errno(ETXTBSY);
    if (S_ISFIFO(inode.type()) && !inode.opens_itself())
        return open_fifo(task, path, flags);
    if ((flags & O_TRUNC) && inode.is_regular()) {
        TRY(inode.truncate(task, 0));
        notify_place(*path.dentry, IN_MODIFY);
    }
    Ref<File> file = TRY(inode.open(task, path, flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC)));
    if (!(flags & O_NOCTTY))
        file->offer_control(task);
    notify_place(*path.dentry, IN_OPEN);
    return file;
}

}

Result<Ref<File>> Vfs::open_path(Task& task, const Path& path, int flags)
{
    Inode& inode = path.inode();
    if (flags & O_PATH)
        return Ref<File>(make_ref<PathFile>(path, flags));
    if (inode.is_symlink())
        return Errno(ELOOP);
    if ((flags & O_DIRECTORY) && !inode.is_directory())
        return Errno(ENOTDIR);
    int mask = wanted_access(flags);
    if (inode.is_directory() && ((mask & W_OK) || (flags & O_CREAT)))
        return Errno(EISDIR);
    if ((S_ISCHR(inode.type()) || S_ISBLK(inode.type())) && (path.mount->flags & MS_NODEV))
        return Errno(EACCES);
    TRY(check_permission(task, path, mask));
    if (flags & O_NOATIME)
        if (!owner_or_capable(task, TRY(inode.attributes(task))))
            return Errno(EPERM);
    return open_checked(task, path, flags);
}

namespace {

Result<Ref<File>> open_unnamed(Task& task, const Path& directory, int flags, mode_t mode)
{
    if ((flags & O_ACCMODE) == O_RDONLY)
        return Errno(EINVAL);
    TRY(check_permission(task, directory, W_OK | X_OK));
    Attributes parent = TRY(directory.inode().attributes(task));
    Ref<Inode> inode = TRY(directory.inode().create_unnamed(task, new_inode(task, parent, S_IFREG | (mode & 07777), 0)));
    // A dentry that stands nowhere: "/dir/#1234 (deleted)" as in Linux.
    Attributes made = TRY(inode->attributes(task));
    auto dentry = make_ref<Dentry>(directory.dentry, "#" + std::to_string(made.inode), inode);
    dentry->drop();
    return open_checked(task, {directory.mount, dentry}, flags);
}

Result<Path> create_regular(Task& task, const Parent& parent, mode_t mode)
{
    TRY(check_permission(task, parent.directory, W_OK | X_OK));
    Inode& directory = parent.directory.inode();
    if (parent.directory.dentry->removed())
        return Errno(ENOENT);
    Attributes attributes = TRY(directory.attributes(task));
    Ref<Inode> made = TRY(directory.create(task, parent.name, new_inode(task, attributes, S_IFREG | (mode & 07777), 0)));
    notify_name(directory, IN_CREATE, parent.name);
    return Path {parent.directory.mount, parent.directory.dentry->add_child(parent.name, std::move(made))};
}

}

Result<Ref<File>> Vfs::open(Task& task, const Path& start, std::string_view path, int flags, mode_t mode, const WalkFlags& walk_flags)
{
    if (flags & O_PATH)
        flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
    bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
    WalkFlags how = walk_flags;
    how.follow = !(flags & O_NOFOLLOW) && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
    how.directory = (flags & O_DIRECTORY) != 0;
    if (unnamed)
        return open_unnamed(task, TRY(walk(task, start, path, how)), flags, mode);
    if (!(flags & O_CREAT)) {
        how.empty_path = false;
        Path found = TRY(walk(task, start, path, how));
        return open_path(task, found, flags);
    }

    Walk walker(*this, task, start, how);
    std::string text(path);
    for (;;) {
        Parent parent = TRY(walker.to_parent(text));
        if (task.recorder().enabled()) {
            std::string name = path_name(root(), parent.directory);
            task.recorder().path(name == "/" ? "/" + parent.name : name + "/" + parent.name);
        }
        if (parent.last != Parent::Last::normal || parent.trailing_slash)
            return Errno((flags & O_EXCL) && parent.last != Parent::Last::normal ? EEXIST : EISDIR); // "." and ".." are there
        auto found = walker.last(parent);
        if (!found.ok()) {
            if (found.error() != ENOENT)
                return found.error();
            auto made = create_regular(task, parent, mode);
            // Between look-up and creation another task may have made it: then it is an ordinary open.
            if (!made.ok() && made.error() == EEXIST && !(flags & O_EXCL))
                continue;
            if (!made.ok())
                return made.error();
            // The creator may open it whatever the mode says.
            return open_checked(task, made.value(), flags & ~O_TRUNC);
        }
        if (flags & O_EXCL)
            return Errno(EEXIST);
        if (found.value().inode().is_symlink()) {
            if (!how.follow)
                return Errno(ELOOP);
            Path jump = TRY(walker.read_link(found.value(), text));
            if (jump.valid())
                return open_path(task, jump, flags);
            continue;
        }
        return open_path(task, found.value(), flags);
    }
}

}
