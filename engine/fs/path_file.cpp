// Locks end with descriptions and with descriptors.
#include "engine/fs/path_file.h"

#include "engine/fs/locks.h"
#include "engine/kernel/task.h"

#include <sys/inotify.h>

namespace ringside::fs {

PlacedFile::~PlacedFile()
{
    if (path_.inode().has_locks())
        path_.inode().locks().release(this);
    if (!is_path_only())
        notify_place(*path_.dentry, writable() ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
}

void PlacedFile::descriptor_closed(Task& task)
{
    if (path_.inode().has_locks())
        path_.inode().locks().release(&task.files());
}

}
