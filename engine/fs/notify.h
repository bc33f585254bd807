// File-system notification (fs/notify): inodes tell of what happens to them and in them, inotify instances listen. An inode that
// nobody watches costs one look at a null pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ringside::fs {

class Dentry;
class Inode;
class Inotify;

/// The watches that stand on one inode.
class NotifyMarks {
public:
    /// `name` null: about the inode itself. `removed`: the name through which it happened is gone (IN_EXCL_UNLINK).
    void send(std::uint32_t mask, const std::string* name = nullptr, std::uint32_t cookie = 0, bool removed = false);
    void add(Inotify& instance, int watch) { marks_.push_back({&instance, watch}); }
    void remove(const Inotify& instance, int watch);
    bool empty() const { return marks_.empty(); }
    /// The watch of an instance, -1: none.
    int watch_of(const Inotify& instance) const;
    /// The last name is gone: the watches no longer keep the inode, so that it ends with its last user.
    void let_go();
    /// The inode ends: IN_DELETE_SELF and IN_IGNORED.
    void inode_gone();

private:
    struct Mark {
        Inotify* instance;
        int watch;
    };
    std::vector<Mark> marks_;
};

/// Something happened in a directory to the name (fsnotify_name): IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO, with IN_ISDIR.
void notify_name(Inode& directory, std::uint32_t mask, const std::string& name, std::uint32_t cookie = 0);
/// Something happened to an inode as such (fsnotify_inode): IN_MOVE_SELF, IN_ATTRIB by links.
void notify_inode(Inode& inode, std::uint32_t mask);
/// Something happened to a file reached by a name (fsnotify_dentry): its directory hears of it too. IN_ACCESS and IN_MODIFY of what
/// is neither a regular file nor a directory stay with the watch of the file itself.
void notify_place(const Dentry& dentry, std::uint32_t mask);
/// rename(2): both directories, with one cookie, and the moved one itself.
void notify_move(Inode& from, const std::string& old_name, Inode& to, const std::string& new_name, Inode& moved, std::uint32_t cookie);

}
