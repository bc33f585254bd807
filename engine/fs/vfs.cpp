// The mount table, and how places are named.
#include "engine/fs/vfs.h"

#include "engine/fs/fs_context.h"
#include "engine/kernel/task.h"

#include <algorithm>

namespace ringside::fs {

namespace {
constexpr std::size_t remembered_dentries = 8192;
}

Vfs::Vfs() : anonymous_device_(next_device()) { }

Vfs::~Vfs()
{
    // Mounts hold their parents and mountpoints: children first.
    recent_.clear();
    mounted_.clear();
    while (!mounts_.empty()) {
        mounts_.back()->fs->evict();
        mounts_.pop_back();
    }
}

Ref<FsContext> FsContext::copy() const
{
    auto other = make_ref<FsContext>(vfs, root, working_directory);
    other->umask = umask;
    return other;
}

Ref<Mount> Vfs::add_mount(const Path* at, Ref<FileSystem> fs, Ref<Inode> root, std::string source, unsigned long flags, std::string options)
{
    auto id = static_cast<int>(mounts_.size()) + 21; // any number: native ones start near here
    auto mount = make_ref<Mount>(id, std::move(fs), make_ref<Dentry>(std::move(root)), std::move(source), flags);
    mount->options = std::move(options);
    if (at) {
        mount->parent = at->mount;
        mount->mountpoint = at->dentry;
        ++at->dentry->mounts;
        mounted_[{at->mount.get(), at->dentry.get()}] = mount;
    }
    mounts_.push_back(mount);
    return mount;
}

Path Vfs::root() const
{
    return through_mounts({mounts_.front(), mounts_.front()->root});
}

Path Vfs::through_mounts(Path path) const
{
    while (path.dentry->mounts != 0) {
        auto found = mounted_.find({path.mount.get(), path.dentry.get()});
        if (found == mounted_.end())
            break;
        path = {found->second, found->second->root};
    }
    return path;
}

void Vfs::remember(const Ref<Dentry>& dentry)
{
    recent_.push_back(dentry);
    if (recent_.size() > remembered_dentries)
        recent_.pop_front();
}

void Vfs::forget(Task& task, const Path& removed)
{
    Inode& inode = removed.inode();
    if (!inode.marks)
        return;
    auto attributes = inode.attributes(task);
    if (!inode.is_directory() && attributes.ok() && attributes.value().links > 0)
        return;
    std::erase(recent_, removed.dentry);
    inode.marks->let_go();
}

std::string Vfs::path_name(const Path& root, const Path& path, bool* reachable) const
{
    std::vector<const std::string*> names;
    bool removed = path.dentry->removed();
    Path at = path;
    bool inside = true;
    while (!(at == root)) {
        if (at.dentry == at.mount->root) {
            if (!at.mount->parent) {
                inside = false;
                break;
            }
            at = {at.mount->parent, at.mount->mountpoint};
            continue;
        }
        if (!at.dentry->parent())
            break;
        names.push_back(&at.dentry->name());
        at.dentry = at.dentry->parent();
    }
    if (reachable)
        *reachable = inside;
    std::string text;
    for (auto name = names.rbegin(); name != names.rend(); ++name)
        text += "/" + **name;
    if (text.empty())
        text = "/";
    if (removed)
        text += " (deleted)";
    return text;
}

std::string Vfs::path_name(Task& task, const Path& path, bool* reachable) const
{
    return path_name(task.fs_context().root, path, reachable);
}

std::string path_name(Task& task, const Path& path, bool* reachable)
{
    return task.fs_context().vfs->path_name(task, path, reachable);
}

}
