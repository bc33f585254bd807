// Reading directories (fs/readdir.c).
#include "engine/fs/directory_file.h"

#include "engine/fs/regular_file.h"

#include <dirent.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace ringside::fs {

Result<void> DirectoryFile::take_list(Task& task)
{
    std::vector<DirectoryEntry> list = TRY(path_.inode().list(task));
    bool dots = false;
    for (const DirectoryEntry& entry : list)
        dots = dots || entry.name == ".";
    if (!dots) {
        Dentry& dentry = *path_.dentry;
        Inode& parent = dentry.parent() ? dentry.parent()->inode() : dentry.inode();
        auto own = TRY(dentry.inode().attributes(task));
        auto above = TRY(parent.attributes(task));
        list.insert(list.begin(), {{".", own.inode, DT_DIR}, {"..", above.inode, DT_DIR}});
    }
    entries_ = std::move(list);
    listed_ = true;
    return {};
}

Result<std::int64_t> DirectoryFile::seek(Task&, std::int64_t offset, int whence)
{
    if (whence != SEEK_SET && whence != SEEK_CUR)
        return Errno(EINVAL);
    position_ = TRY(seek_to(position_, 0, offset, whence));
    if (position_ == 0)
        listed_ = false;
    return static_cast<std::int64_t>(position_);
}

Result<void> DirectoryFile::read_directory(Task& task, const DirentSink& sink)
{
    if (path_.dentry->removed())
        return Errno(ENOENT); // IS_DEADDIR
    if (!listed_)
        TRY(take_list(task));
    while (position_ < entries_.size()) {
        const DirectoryEntry& entry = entries_[position_];
        if (!sink(entry.name, entry.inode, entry.type, position_ + 1))
            break;
        ++position_;
    }
    notify_place(*path_.dentry, IN_ACCESS); // iterate_dir: whatever was there
    return {};
}

Result<void> DirectoryFile::sync(Task& task, bool data_only)
{
    return path_.inode().sync(task, data_only);
}

}
