// Changing writable binds: each call becomes one of the host's, on the directory's descriptor.
#include "engine/fs/host/host_inode.h"

#include "engine/kernel/credentials.h"
#include "engine/kernel/task.h"

#include <fcntl.h>
#include <sys/stat.h>

namespace ringside::fs {

Result<Ref<Inode>> HostInode::made(Task& task, const std::string& name, const NewInode& wanted)
{
    Ref<HostInode> inode = TRY(find(&task, name));
    // The host made it as the Sentry's own user: the guest's root may have asked for somebody else.
    if (inode->attributes_.uid != wanted.uid || inode->attributes_.gid != wanted.gid) {
        FdRef directory = TRY(descriptor(&task));
        auto owned = fs_->call(&task, slow_, [directory, name, wanted] {
            return host::call(SYS_fchownat, directory->get(), name.c_str(), wanted.uid, wanted.gid, AT_SYMLINK_NOFOLLOW);
        });
        if (owned.ok())
            TRY(inode->refresh(&task));
    }
    return Ref<Inode>(inode);
}

Result<Ref<Inode>> HostInode::create(Task& task, const std::string& name, const NewInode& wanted)
{
    if (!fs_->writable())
        return Errno(EROFS);
    FdRef directory = TRY(descriptor(&task));
    mode_t bits = wanted.mode & 07777;
    switch (wanted.mode & S_IFMT) {
    case S_IFREG: {
        FdRef file = TRY(fs_->open_at(&task, directory, name, boundary::OpenHow::create, slow_));
        TRY(fs_->call(&task, slow_, [file, bits] { return host::call(SYS_fchmod, file->get(), bits); }));
        Ref<Inode> inode = TRY(made(task, name, wanted));
        auto& node = static_cast<HostInode&>(*inode);
        // The creator may write whatever the mode says: keep what the creation opened.
        node.writable_ = file;
        if (!node.descriptor_)
            node.descriptor_ = file;
        fs_->used(node);
        return inode;
    }
    case S_IFDIR:
        TRY(fs_->call(&task, slow_, [directory, name, bits] { return host::call(SYS_mkdirat, directory->get(), name.c_str(), bits); }));
        // The Sentry's own umask has no part in it.
        TRY(fs_->call(&task, slow_, [directory, name, bits] { return host::call(SYS_fchmodat, directory->get(), name.c_str(), bits); }));
        break;
    case S_IFLNK:
        TRY(fs_->call(&task, slow_, [directory, name, target = wanted.target] { return host::call(SYS_symlinkat, target.c_str(), directory->get(), name.c_str()); }));
        break;
    case S_IFIFO:
        TRY(fs_->call(&task, slow_, [directory, name, bits] { return host::call(SYS_mknodat, directory->get(), name.c_str(), S_IFIFO | bits, 0); }));
        TRY(fs_->call(&task, slow_, [directory, name, bits] { return host::call(SYS_fchmodat, directory->get(), name.c_str(), bits); }));
        break;
    default:
        return Errno(EPERM);
    }
    return made(task, name, wanted);
}

Result<void> HostInode::link(Task& task, const std::string& name, Inode& target)
{
    if (!fs_->writable())
        return Errno(EROFS);
    auto& node = static_cast<HostInode&>(target);
    FdRef from = TRY(node.parent_descriptor(&task));
    FdRef to = TRY(descriptor(&task));
    TRY(fs_->call(&task, slow_, [from, to, old = node.name_, name] { return host::call(SYS_linkat, from->get(), old.c_str(), to->get(), name.c_str(), 0); }));
    return node.refresh(&task);
}

Result<void> HostInode::unlink(Task& task, const std::string& name, Inode& victim)
{
    if (!fs_->writable())
        return Errno(EROFS);
    auto& node = static_cast<HostInode&>(victim);
    FdRef directory = TRY(descriptor(&task));
    // Who has it open goes on reading it.
    if (node.cache_ && node.cache_->ref_count() > 1)
        TRY(node.descriptor(&task));
    TRY(fs_->call(&task, slow_, [directory, name] { return host::call(SYS_unlinkat, directory->get(), name.c_str(), 0); }));
    if (node.attributes_.links > 0)
        --node.attributes_.links;
    node.removed_ = node.attributes_.links == 0;
    return {};
}

Result<void> HostInode::rmdir(Task& task, const std::string& name, Inode& victim)
{
    if (!fs_->writable())
        return Errno(EROFS);
    FdRef directory = TRY(descriptor(&task));
    TRY(fs_->call(&task, slow_, [directory, name] { return host::call(SYS_unlinkat, directory->get(), name.c_str(), AT_REMOVEDIR); }));
    auto& node = static_cast<HostInode&>(victim);
    node.attributes_.links = 0;
    node.removed_ = true;
    return refresh(&task);
}

Result<void> HostInode::rename(Task& task, const std::string& name, Inode& moved, Inode& new_parent, const std::string& new_name,
    Inode* replaced, unsigned flags)
{
    if (!fs_->writable())
        return Errno(EROFS);
    auto& target = static_cast<HostInode&>(new_parent);
    auto& node = static_cast<HostInode&>(moved);
    FdRef from = TRY(descriptor(&task));
    FdRef to = TRY(target.descriptor(&task));
    auto* victim = static_cast<HostInode*>(replaced);
    if (victim && victim->cache_ && victim->cache_->ref_count() > 1)
        TRY(victim->descriptor(&task));
    TRY(fs_->call(&task, slow_, [from, to, name, new_name, flags] {
        return host::call(SYS_renameat2, from->get(), name.c_str(), to->get(), new_name.c_str(), flags);
    }));
    node.parent_ = Ref<HostInode>(&target);
    node.name_ = new_name;
    if (victim && (flags & RENAME_EXCHANGE)) {
        victim->parent_ = Ref<HostInode>(this);
        victim->name_ = name;
    } else if (victim) {
        if (victim->attributes_.links > 0)
            --victim->attributes_.links;
        victim->removed_ = victim->is_directory() || victim->attributes_.links == 0;
    }
    TRY(refresh(&task));
    return node.refresh(&task);
}

Result<void> HostInode::change(Task& task, const AttributeChange& change)
{
    if (!fs_->writable())
        return Errno(EROFS);
    FdRef directory = is_root_ ? descriptor_ : TRY(parent_descriptor(&task));
    std::string name = is_root_ ? "." : name_;
    if (change.uid || change.gid) {
        uid_t uid = change.uid.value_or(static_cast<uid_t>(-1));
        gid_t gid = change.gid.value_or(static_cast<gid_t>(-1));
        TRY(fs_->call(&task, slow_, [directory, name, uid, gid] { return host::call(SYS_fchownat, directory->get(), name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW); }));
    }
    if (change.mode && !is_symlink()) {
        // fchmodat follows links, but what stands here was looked at and is none; in a bind that others write to at the same time the
        // host checks the rights of the Sentry's own user either way.
        mode_t mode = *change.mode;
        TRY(fs_->call(&task, slow_, [directory, name, mode] { return host::call(SYS_fchmodat, directory->get(), name.c_str(), mode); }));
    }
    if (change.atime || change.mtime) {
        timespec omit {0, UTIME_OMIT};
        std::array<timespec, 2> times {change.atime.value_or(omit), change.mtime.value_or(omit)};
        TRY(fs_->call(&task, slow_, [directory, name, times] { return host::call(SYS_utimensat, directory->get(), name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW); }));
    }
    return refresh(&task);
}

}
