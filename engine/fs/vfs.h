// The virtual file system: the mount table, path walk, opening, and the operations on names with their permission checks.
// Handlers in engine/syscalls call these; the loader opens programs with open_path.
#pragma once

#include "engine/base/ref.h"
#include "engine/fs/mount.h"

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::fs {

/// How a path is walked.
struct WalkFlags {
    bool follow = true;            ///< a symbolic link in the last place
    bool directory = false;        ///< ENOTDIR for anything else
    bool empty_path = false;       ///< AT_EMPTY_PATH: "" is the start itself
    bool no_xdev = false;          ///< RESOLVE_NO_XDEV
    bool no_magiclinks = false;    ///< RESOLVE_NO_MAGICLINKS
    bool no_symlinks = false;      ///< RESOLVE_NO_SYMLINKS
    bool beneath = false;          ///< RESOLVE_BENEATH
    bool in_root = false;          ///< RESOLVE_IN_ROOT
};

/// The directory that holds a path's last component, and that component.
struct Parent {
    Path directory;
    std::string name;            ///< "" where the path is a root
    enum class Last { normal, dot, dotdot, root } last = Last::normal;
    bool trailing_slash = false;
};

class Vfs final : public RefCounted {
public:
    Vfs();
    ~Vfs() override;

    // Mounts. `at` empty: the root of the namespace.
    Ref<Mount> add_mount(const Path* at, Ref<FileSystem> fs, Ref<Inode> root, std::string source, unsigned long flags, std::string options = {});
    Path root() const;
    const std::vector<Ref<Mount>>& mounts() const { return mounts_; }
    /// The topmost mount that stands at this place, else the place itself.
    Path through_mounts(Path path) const;

    // Walks. `start` is where relative paths begin; the task's root bounds them.
    Result<Path> walk(Task& task, const Path& start, std::string_view path, const WalkFlags& flags = {});
    Result<Parent> walk_to_parent(Task& task, const Path& start, std::string_view path, const WalkFlags& flags = {});
    /// The child of a directory, mounts crossed, links not followed. ENOENT, EACCES (no search permission).
    Result<Path> child(Task& task, const Path& directory, const std::string& name, bool last = true);

    // open(2). `flags` and `mode` as there (umask is taken off here).
    Result<Ref<File>> open(Task& task, const Path& start, std::string_view path, int flags, mode_t mode = 0, const WalkFlags& walk = {});
    /// A place that is known already (magic links, exec). Checks permissions.
    Result<Ref<File>> open_path(Task& task, const Path& path, int flags);

    // The rest of the calls on names, with the errnos of their man pages.
    Result<void> make_node(Task& task, const Path& start, std::string_view path, mode_t mode, dev_t device);
    /// bind(2) of a unix socket: the place it made.
    Result<Path> make_socket(Task& task, const Path& start, std::string_view path, mode_t mode);
    Result<void> make_directory(Task& task, const Path& start, std::string_view path, mode_t mode);
    Result<void> make_symlink(Task& task, const std::string& target, const Path& start, std::string_view path);
    Result<void> link(Task& task, const Path& target, const Path& start, std::string_view path);
    Result<void> unlink(Task& task, const Path& start, std::string_view path);
    Result<void> remove_directory(Task& task, const Path& start, std::string_view path);
    Result<void> rename(Task& task, const Path& old_start, std::string_view old_path, const Path& new_start, std::string_view new_path, unsigned flags);
    Result<void> truncate(Task& task, const Path& path, std::uint64_t size);
    Result<void> change_mode(Task& task, const Path& path, mode_t mode);
    /// -1: stays.
    Result<void> change_owner(Task& task, const Path& path, uid_t uid, gid_t gid);
    /// Absent: stays. `now`: both are the present, which needs write permission only.
    Result<void> change_times(Task& task, const Path& path, std::optional<timespec> atime, std::optional<timespec> mtime, bool now);

    /// The path as the task sees it from its root: getcwd, readlink of /proc/self/fd/N, the trace. Removed: with " (deleted)";
    /// `*reachable` false where it lies outside of the root (then it is shown from the namespace's root).
    std::string path_name(Task& task, const Path& path, bool* reachable = nullptr) const;
    std::string path_name(const Path& root, const Path& path, bool* reachable = nullptr) const;

    /// Numbers of inodes that stand in no directory (pipes, eventfds), and devices of file systems without one.
    std::uint64_t next_inode() { return ++last_inode_; }
    dev_t next_device() { return ++last_device_; }
    dev_t anonymous_device() const { return anonymous_device_; }
    Ref<FileSystem> anonymous_fs; ///< made on demand

private:
    friend class Walk;
    /// Keeps recently used dentries alive: what comes from the host costs a host call to find again.
    void remember(const Ref<Dentry>& dentry);
    /// A name is gone: a watched inode that has none left ends with its last user, so nothing of ours may keep it.
    void forget(Task& task, const Path& removed);
    std::vector<Ref<Mount>> mounts_;
    std::map<std::pair<const Mount*, const Dentry*>, Ref<Mount>> mounted_;
    std::deque<Ref<Dentry>> recent_;
    std::uint64_t last_inode_ = 1000;
    std::uint32_t last_move_ = 0; ///< inotify's cookies
    dev_t last_device_ = 0x20;
    dev_t anonymous_device_;
};

/// Vfs::path_name of the task's own root.
std::string path_name(Task& task, const Path& path, bool* reachable = nullptr);

/// May the task (its file system ids) do this? `mask` of MAY_READ… as access(2): R_OK, W_OK, X_OK. EACCES. Capabilities count.
Result<void> check_permission(Task& task, const Attributes& attributes, int mask);
/// The same for a place: EROFS for writing on a read-only mount.
Result<void> check_permission(Task& task, const Path& path, int mask);

}
