// Who hears of what: the order and the masks are those of include/linux/fsnotify.h.
#include "engine/fs/notify.h"

#include "engine/fs/dentry.h"
#include "engine/fs/inotify.h"

#include <algorithm>
#include <sys/inotify.h>

namespace ringside::fs {

void NotifyMarks::send(std::uint32_t mask, const std::string* name, std::uint32_t cookie, bool removed)
{
    // A copy: one-shot watches go while it is walked.
    for (const Mark& mark : std::vector<Mark>(marks_))
        mark.instance->happened(mark.watch, mask, name, cookie, removed);
}

void NotifyMarks::remove(const Inotify& instance, int watch)
{
    std::erase_if(marks_, [&](const Mark& mark) { return mark.instance == &instance && mark.watch == watch; });
}

int NotifyMarks::watch_of(const Inotify& instance) const
{
    auto found = std::find_if(marks_.begin(), marks_.end(), [&](const Mark& mark) { return mark.instance == &instance; });
    return found == marks_.end() ? -1 : found->watch;
}

void NotifyMarks::let_go()
{
    for (const Mark& mark : marks_)
        mark.instance->let_go(mark.watch);
}

void NotifyMarks::inode_gone()
{
    for (const Mark& mark : std::exchange(marks_, {}))
        mark.instance->inode_gone(mark.watch);
}

void notify_name(Inode& directory, std::uint32_t mask, const std::string& name, std::uint32_t cookie)
{
    if (directory.marks)
        directory.marks->send(mask, &name, cookie);
}

void notify_inode(Inode& inode, std::uint32_t mask)
{
    if (inode.marks)
        inode.marks->send(inode.is_directory() ? mask | IN_ISDIR : mask);
}

void notify_place(const Dentry& dentry, std::uint32_t mask)
{
    Inode& inode = dentry.inode();
    Inode* parent = dentry.parent() ? &dentry.parent()->inode() : nullptr;
    if (!inode.marks && !(parent && parent->marks))
        return;
    Ref<Inode> keep(&inode);
    if (inode.is_directory())
        mask |= IN_ISDIR;
    bool special = !inode.is_directory() && !inode.is_regular() && (mask & (IN_ACCESS | IN_MODIFY));
    if (parent && parent->marks && !special)
        parent->marks->send(mask, &dentry.name(), 0, dentry.removed());
    if (inode.marks)
        inode.marks->send(mask, nullptr, 0, dentry.removed());
}

void notify_move(Inode& from, const std::string& old_name, Inode& to, const std::string& new_name, Inode& moved, std::uint32_t cookie)
{
    std::uint32_t directory = moved.is_directory() ? IN_ISDIR : 0;
    notify_name(from, IN_MOVED_FROM | directory, old_name, cookie);
    notify_name(to, IN_MOVED_TO | directory, new_name, cookie);
}

}
