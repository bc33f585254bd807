// Making, removing and renaming names, with the checks of fs/namei.c.
#include "engine/fs/fs_context.h"
#include "engine/fs/new_inode.h"
#include "engine/fs/permission.h"
#include "engine/fs/regular_file.h"
#include "engine/fs/walk.h"
#include "engine/kernel/task.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <linux/capability.h>
#include <unistd.h>

namespace ringside::fs {

namespace {

/// Where a new name shall stand: it must be free (filename_create).
Result<Parent> free_place(Vfs& vfs, Task& task, const Path& start, std::string_view path, bool directory)
{
    Parent parent = TRY(vfs.walk_to_parent(task, start, path));
    if (parent.last != Parent::Last::normal)
        return Errno(EEXIST);
    auto there = vfs.child(task, parent.directory, parent.name);
    if (there.ok())
        return Errno(EEXIST);
    if (there.error() != ENOENT)
        return there.error();
    if (parent.trailing_slash && !directory)
        return Errno(ENOENT);
    TRY(check_permission(task, parent.directory, W_OK | X_OK));
    if (parent.directory.dentry->removed())
        return Errno(ENOENT);
    return parent;
}

Result<Path> make(Vfs& vfs, Task& task, const Path& start, std::string_view path, mode_t mode, dev_t device, const std::string& target)
{
    Parent parent = TRY(free_place(vfs, task, start, path, S_ISDIR(mode)));
    Inode& directory = parent.directory.inode();
    NewInode wanted = new_inode(task, TRY(directory.attributes(task)), mode, device);
    wanted.target = target;
    Ref<Inode> made = TRY(directory.create(task, parent.name, wanted));
    notify_name(directory, IN_CREATE | (S_ISDIR(mode) ? IN_ISDIR : 0), parent.name);
    return Path {parent.directory.mount, parent.directory.dentry->add_child(parent.name, std::move(made))};
}

/// may_delete: the name is there and the task may take it away.
Result<Path> may_remove(Vfs& vfs, Task& task, const Parent& parent)
{
    Path victim = TRY(vfs.child(task, parent.directory, parent.name));
    TRY(check_permission(task, parent.directory, W_OK | X_OK));
    TRY(check_sticky(task, TRY(parent.directory.inode().attributes(task)), TRY(victim.inode().attributes(task))));
    return victim;
}

bool is_mountpoint(const Parent& parent, const Path& victim)
{
    return victim.mount != parent.directory.mount || victim.dentry->mounts != 0;
}

}

Result<void> Vfs::make_node(Task& task, const Path& start, std::string_view path, mode_t mode, dev_t device)
{
    if ((mode & S_IFMT) == 0)
        mode |= S_IFREG;
    if (S_ISDIR(mode))
        return Errno(EPERM);
    if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISCHR(mode) && !S_ISBLK(mode))
        return Errno(EINVAL);
    // As in a user namespace: nobody makes device nodes (may_mknod, s_user_ns).
    if ((S_ISCHR(mode) || S_ISBLK(mode)) && !(S_ISCHR(mode) && device == 0))
        return Errno(EPERM);
    TRY(make(*this, task, start, path, mode, device, {}));
    return {};
}

Result<Path> Vfs::make_socket(Task& task, const Path& start, std::string_view path, mode_t mode)
{
    return make(*this, task, start, path, S_IFSOCK | mode, 0, {});
}

Result<void> Vfs::make_directory(Task& task, const Path& start, std::string_view path, mode_t mode)
{
    TRY(make(*this, task, start, path, S_IFDIR | (mode & 01777), 0, {}));
    return {};
}

Result<void> Vfs::make_symlink(Task& task, const std::string& target, const Path& start, std::string_view path)
{
    if (target.empty())
        return Errno(ENOENT);
    TRY(make(*this, task, start, path, S_IFLNK | 0777, 0, target));
    return {};
}

Result<void> Vfs::link(Task& task, const Path& target, const Path& start, std::string_view path)
{
    Parent parent = TRY(free_place(*this, task, start, path, false));
    if (parent.directory.mount != target.mount)
        return Errno(EXDEV);
    if (target.inode().is_directory())
        return Errno(EPERM);
    TRY(parent.directory.inode().link(task, parent.name, target.inode()));
    notify_inode(target.inode(), IN_ATTRIB);
    notify_name(parent.directory.inode(), IN_CREATE, parent.name);
    // The inode answers for the new name: ask, since a file system may have made another object of it.
    TRY(child(task, parent.directory, parent.name));
    return {};
}

Result<void> Vfs::unlink(Task& task, const Path& start, std::string_view path)
{
    Parent parent = TRY(walk_to_parent(task, start, path));
    if (parent.last != Parent::Last::normal)
        return Errno(EISDIR);
    Path victim = TRY(child(task, parent.directory, parent.name));
    if (parent.trailing_slash)
        return Errno(victim.inode().is_directory() ? EISDIR : ENOTDIR);
    victim = TRY(may_remove(*this, task, parent));
    if (victim.inode().is_directory())
        return Errno(EISDIR);
    if (is_mountpoint(parent, victim))
        return Errno(EBUSY);
    TRY(parent.directory.inode().unlink(task, parent.name, victim.inode()));
    victim.dentry->drop();
    notify_inode(victim.inode(), IN_ATTRIB);
    forget(task, victim);
    victim = {}; // where nobody has it open it ends here: Linux tells of that before the directory's event (d_delete_notify)
    notify_name(parent.directory.inode(), IN_DELETE, parent.name);
    return {};
}

Result<void> Vfs::remove_directory(Task& task, const Path& start, std::string_view path)
{
    Parent parent = TRY(walk_to_parent(task, start, path));
    switch (parent.last) {
    case Parent::Last::dot:
        return Errno(EINVAL);
    case Parent::Last::dotdot:
        return Errno(ENOTEMPTY);
    case Parent::Last::root:
        return Errno(EBUSY);
    case Parent::Last::normal:
        break;
    }
    Path victim = TRY(may_remove(*this, task, parent));
    if (!victim.inode().is_directory())
        return Errno(ENOTDIR);
    if (is_mountpoint(parent, victim))
        return Errno(EBUSY);
    TRY(parent.directory.inode().rmdir(task, parent.name, victim.inode()));
    victim.dentry->drop();
    forget(task, victim);
    victim = {};
    notify_name(parent.directory.inode(), IN_DELETE | IN_ISDIR, parent.name);
    return {};
}

namespace {

/// Everything that rename(2) refuses before a file system is asked.
Result<void> check_rename(Task& task, const Parent& from, const Path& moved, const Parent& to, const Path* replaced, unsigned flags)
{
    bool directory = moved.inode().is_directory();
    if (replaced && (flags & RENAME_NOREPLACE))
        return Errno(EEXIST);
    if (!replaced && (flags & RENAME_EXCHANGE))
        return Errno(ENOENT);
    if (!directory) {
        if (from.trailing_slash || (!(flags & RENAME_EXCHANGE) && to.trailing_slash))
            return Errno(ENOTDIR);
    }
    if ((flags & RENAME_EXCHANGE) && to.trailing_slash && !replaced->inode().is_directory())
        return Errno(ENOTDIR);
    if (moved.dentry->contains(*to.directory.dentry))
        return Errno(EINVAL);
    if (replaced && replaced->dentry->contains(*from.directory.dentry))
        return Errno(flags & RENAME_EXCHANGE ? EINVAL : ENOTEMPTY);
    TRY(check_permission(task, to.directory, W_OK | X_OK));
    if (replaced) {
        TRY(check_sticky(task, TRY(to.directory.inode().attributes(task)), TRY(replaced->inode().attributes(task))));
        if (!(flags & RENAME_EXCHANGE)) {
            if (directory && !replaced->inode().is_directory())
                return Errno(ENOTDIR);
            if (!directory && replaced->inode().is_directory())
                return Errno(EISDIR);
        }
        if (is_mountpoint(to, *replaced))
            return Errno(EBUSY);
    }
    if (is_mountpoint(from, moved))
        return Errno(EBUSY);
    // Its ".." changes.
    if (from.directory.dentry != to.directory.dentry) {
        if (directory)
            TRY(check_permission(task, moved, W_OK));
        if ((flags & RENAME_EXCHANGE) && replaced->inode().is_directory())
            TRY(check_permission(task, *replaced, W_OK));
    }
    return {};
}

}

Result<void> Vfs::rename(Task& task, const Path& old_start, std::string_view old_path, const Path& new_start, std::string_view new_path, unsigned flags)
{
    if (flags & ~static_cast<unsigned>(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
        return Errno(EINVAL);
    if ((flags & RENAME_EXCHANGE) && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT)))
        return Errno(EINVAL);
    if ((flags & RENAME_WHITEOUT) && !task.credentials().capable(CAP_MKNOD))
        return Errno(EPERM);
    Parent from = TRY(walk_to_parent(task, old_start, old_path));
    Parent to = TRY(walk_to_parent(task, new_start, new_path));
    if (from.directory.mount != to.directory.mount)
        return Errno(EXDEV);
    if (from.last != Parent::Last::normal)
        return Errno(EBUSY);
    if (to.last != Parent::Last::normal)
        return Errno(flags & RENAME_NOREPLACE ? EEXIST : EBUSY);
    Path moved = TRY(child(task, from.directory, from.name));
    auto found = child(task, to.directory, to.name);
    if (!found.ok() && found.error() != ENOENT)
        return found.error();
    const Path* replaced = found.ok() ? &found.value() : nullptr;
    moved = TRY(may_remove(*this, task, from));
    TRY(check_rename(task, from, moved, to, replaced, flags));
    if (to.directory.dentry->removed())
        return Errno(ENOENT);
    if (replaced && replaced->dentry->inode_ref() == moved.dentry->inode_ref())
        return {}; // two names of one file, or the same name: nothing happens
    Inode* victim = replaced ? &replaced->inode() : nullptr;
    TRY(from.directory.inode().rename(task, from.name, moved.inode(), to.directory.inode(), to.name, victim, flags));
    Ref<Dentry> old_parent = from.directory.dentry;
    if (flags & RENAME_EXCHANGE) {
        Ref<Dentry> other = replaced->dentry;
        other->drop();
        moved.dentry->move(to.directory.dentry, to.name);
        other->revive(old_parent, from.name);
        notify_move(from.directory.inode(), from.name, to.directory.inode(), to.name, moved.inode(), ++last_move_);
        notify_inode(moved.inode(), IN_MOVE_SELF);
        notify_move(to.directory.inode(), to.name, from.directory.inode(), from.name, other->inode(), ++last_move_);
        notify_inode(other->inode(), IN_MOVE_SELF);
        return {};
    }
    if (replaced)
        replaced->dentry->drop();
    moved.dentry->move(to.directory.dentry, to.name);
    notify_move(from.directory.inode(), from.name, to.directory.inode(), to.name, moved.inode(), ++last_move_);
    if (replaced)
        notify_inode(replaced->inode(), IN_ATTRIB);
    notify_inode(moved.inode(), IN_MOVE_SELF);
    if (replaced)
        forget(task, *replaced);
    return {};
}

Result<void> Vfs::truncate(Task& task, const Path& path, std::uint64_t size)
{
    Inode& inode = path.inode();
    if (inode.is_directory())
        return Errno(EISDIR);
    if (!inode.is_regular())
        return Errno(EINVAL);
    TRY(check_permission(task, path, W_OK));
    if (inode.writers < 0)
        return Errno(ETXTBSY);
    TRY(limit_new_size(task, TRY(inode.data_size(task)), size));
    TRY(inode.truncate(task, size));
    notify_place(*path.dentry, IN_MODIFY);
    return {};
}

Result<void> Vfs::change_mode(Task& task, const Path& path, mode_t mode)
{
    TRY(check_writable_mount(path));
    if (path.inode().is_symlink())
        return Errno(EOPNOTSUPP);
    Attributes now = TRY(path.inode().attributes(task));
    if (!owner_or_capable(task, now))
        return Errno(EPERM);
    AttributeChange change;
    change.mode = mode & 07777;
    if (!task.credentials().in_group(now.gid) && !task.credentials().capable(CAP_FSETID))
        *change.mode &= ~static_cast<mode_t>(S_ISGID);
    TRY(path.inode().change(task, change));
    notify_place(*path.dentry, IN_ATTRIB);
    return {};
}

Result<void> Vfs::change_owner(Task& task, const Path& path, uid_t uid, gid_t gid)
{
    TRY(check_writable_mount(path));
    const kernel::Credentials& who = task.credentials();
    Attributes now = TRY(path.inode().attributes(task));
    AttributeChange change;
    if (uid != static_cast<uid_t>(-1)) {
        if (!(who.fsuid == now.uid && uid == now.uid) && !who.capable(CAP_CHOWN))
            return Errno(EPERM);
        change.uid = uid;
    }
    if (gid != static_cast<gid_t>(-1)) {
        if (!(who.fsuid == now.uid && (gid == now.gid || who.in_group(gid))) && !who.capable(CAP_CHOWN))
            return Errno(EPERM);
        change.gid = gid;
    }
    // Set-id bits do not survive a change of owner, even by root (notify_change, ATTR_KILL_SUID).
    if (!S_ISDIR(now.mode) && (now.mode & (S_ISUID | S_ISGID))) {
        mode_t mode = now.mode & 07777 & ~static_cast<mode_t>(S_ISUID);
        if (mode & S_IXGRP)
            mode &= ~static_cast<mode_t>(S_ISGID);
        change.mode = mode;
    }
    TRY(path.inode().change(task, change));
    if (change.uid || change.gid || change.mode)
        notify_place(*path.dentry, IN_ATTRIB);
    return {};
}

Result<void> Vfs::change_times(Task& task, const Path& path, std::optional<timespec> atime, std::optional<timespec> mtime, bool now)
{
    if (!atime && !mtime)
        return {};
    TRY(check_writable_mount(path));
    Attributes current = TRY(path.inode().attributes(task));
    if (!owner_or_capable(task, current)) {
        if (!now)
            return Errno(EPERM);
        TRY(check_permission(task, current, W_OK));
    }
    AttributeChange change;
    change.atime = atime;
    change.mtime = mtime;
    TRY(path.inode().change(task, change));
    notify_place(*path.dentry, atime && mtime ? IN_ATTRIB : atime ? IN_ACCESS : IN_MODIFY); // fsnotify_change
    return {};
}

}
