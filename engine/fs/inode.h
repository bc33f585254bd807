// An inode: what a file system answers for one file. The VFS asks through this and knows no file system by name. Permission checks
// are done before, in the VFS.
#pragma once

#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/fs/attributes.h"
#include "engine/fs/file.h"
#include "engine/fs/notify.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/vfs.h>
#include <vector>

namespace ringside::fs {

struct Path;
class Pipe;
class LockTable;

/// A mounted instance of a file system.
class FileSystem : public RefCounted {
public:
    /// As in /proc/mounts: "tmpfs", "proc", "overlay".
    virtual std::string type() const = 0;
    virtual Result<struct statfs> statfs(Task& task, Inode& inode) = 0;
    virtual Result<void> sync(Task&) { return {}; }
    /// The namespace is gone: lets go of the inodes that it keeps alive itself, which hold it in their turn.
    virtual void evict() { }
};

/// What a new inode shall be.
struct NewInode {
    mode_t mode = 0; ///< type and permission bits, umask taken off
    uid_t uid = 0;
    gid_t gid = 0;
    dev_t device = 0;   ///< of device nodes
    std::string target; ///< of symbolic links
};

/// One line of a directory.
struct DirectoryEntry {
    std::string name;
    ino_t inode = 0;
    std::uint8_t type = 0; ///< DT_*
};

/// How long a directory's answers hold.
enum class Names {
    stable,     ///< only this kernel changes them: dentries hold
    revalidate, ///< somebody else may: a path's last component is asked for again, and what is absent is not remembered
    fleeting,   ///< ask each time (/proc)
};

class Inode : public RefCounted {
public:
    /// `type`: S_IFREG, S_IFDIR, …: it never changes.
    explicit Inode(mode_t type);
    ~Inode() override;

    mode_t type() const { return type_; }
    bool is_directory() const { return type_ == S_IFDIR; }
    bool is_regular() const { return type_ == S_IFREG; }
    bool is_symlink() const { return type_ == S_IFLNK; }
    virtual FileSystem& fs() const = 0;

    enum class Age { any, fresh };
    /// `fresh` asks the host where it may know better; `any` is enough right after a lookup.
    virtual Result<Attributes> attributes(Task& task, Age age = Age::any) = 0;
    virtual Result<void> change(Task& task, const AttributeChange& change);
    virtual Result<void> truncate(Task& task, std::uint64_t size);

    // Directories. Names are single components, never "." or "..". The VFS has checked permissions and that a name is free or taken.
    virtual Names names() const { return Names::stable; }
    virtual Result<Ref<Inode>> lookup(Task& task, const std::string& name);
    virtual Result<Ref<Inode>> create(Task& task, const std::string& name, const NewInode& wanted);
    /// O_TMPFILE. EOPNOTSUPP where the file system has none.
    virtual Result<Ref<Inode>> create_unnamed(Task& task, const NewInode& wanted);
    virtual Result<void> link(Task& task, const std::string& name, Inode& target);
    virtual Result<void> unlink(Task& task, const std::string& name, Inode& victim);
    virtual Result<void> rmdir(Task& task, const std::string& name, Inode& victim);
    /// flags: RENAME_NOREPLACE (checked already), RENAME_EXCHANGE, RENAME_WHITEOUT. `replaced` null: the name is free.
    virtual Result<void> rename(Task& task, const std::string& name, Inode& moved, Inode& new_parent, const std::string& new_name,
        Inode* replaced, unsigned flags);

    /// All entries in the order that getdents shows. "." and ".." may be left out: they are then added in front.
    virtual Result<std::vector<DirectoryEntry>> list(Task& task);

    // Regular files' data.
    virtual Result<std::uint64_t> data_size(Task& task);
    /// A view of what stands at `offset`, at most `wanted` bytes, valid until the next wait; empty at the end.
    virtual Result<std::span<const std::byte>> read_data(Task& task, std::uint64_t offset, std::uint64_t wanted);
    virtual Result<void> write_data(Task& task, std::uint64_t offset, std::span<const std::byte> bytes);
    /// fallocate(2).
    virtual Result<void> allocate(Task& task, int mode, std::uint64_t offset, std::uint64_t length);
    /// SEEK_DATA, SEEK_HOLE.
    virtual Result<std::uint64_t> next_data(Task& task, std::uint64_t offset, bool data);
    virtual Result<void> sync(Task& task, bool data_only);
    virtual Result<Ref<mm::Mappable>> mappable(Task& task, bool may_write);
    /// read(2) has taken bytes: atime.
    virtual void accessed(Task& task);

    /// The target's text. EINVAL for what is not a symbolic link.
    virtual Result<std::string> readlink(Task& task);
    /// Where a magic link leads (/proc/self/exe, /proc/self/fd/3); not valid(): an ordinary link, walk its text.
    virtual Result<Path> magic_link(Task& task);

    /// Opens it. `path` is where it was found, `flags` those of open(2) without O_CREAT, O_EXCL, O_NOCTTY; O_TRUNC was served. FIFOs
    /// never come here.
    virtual Result<Ref<File>> open(Task& task, const Path& path, int flags);

    /// open() is asked even where it is a FIFO: a pipe reached through /proc/self/fd.
    virtual bool opens_itself() const { return false; }

    // Extended attributes: EOPNOTSUPP by default.
    virtual Result<std::string> get_xattr(Task& task, const std::string& name);
    virtual Result<void> set_xattr(Task& task, const std::string& name, const std::string& value, int flags);
    virtual Result<void> remove_xattr(Task& task, const std::string& name);
    virtual Result<std::vector<std::string>> list_xattrs(Task& task);

    /// POSIX and flock locks, made on demand.
    LockTable& locks();
    bool has_locks() const { return locks_ != nullptr; }
    /// The pipe behind a FIFO while somebody has it open.
    Ref<Pipe> fifo;
    /// inotify watches on it; null: none.
    std::unique_ptr<NotifyMarks> marks;
    /// Programs that run from it, and writers: ETXTBSY. >0 writers, <0 executions.
    int writers = 0;

private:
    mode_t type_;
    std::unique_ptr<LockTable> locks_;
};

}
