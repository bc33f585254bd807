// Inodes that stand in no directory (pipes, eventfds, epolls, …).
#pragma once

#include "engine/fs/inode.h"
#include "engine/fs/vfs.h"

namespace ringside::fs {

class AnonymousInode final : public Inode {
public:
    AnonymousInode(Vfs& vfs, mode_t mode, uid_t uid, gid_t gid);
    FileSystem& fs() const override;
    Result<Attributes> attributes(Task&, Age) override { return attributes_; }
    Result<void> change(Task& task, const AttributeChange& change) override;
    ino_t number() const { return attributes_.inode; }

private:
    Ref<Vfs> vfs_;
    Attributes attributes_;
};

/// A description of such a kind: its name is "anon_inode:[kind]".
class AnonymousFile : public File {
public:
    AnonymousFile(Task& task, const char* kind, int flags);
    /// No position, and no error either (noop_llseek).
    Result<std::int64_t> seek(Task&, std::int64_t, int) override { return std::int64_t {0}; }
    Result<struct stat> stat(Task& task) override;
    std::string name(Task&) override { return std::string("anon_inode:") + kind_; }
    Ref<Inode> inode() override { return inode_; }

private:
    const char* kind_;
    Ref<Inode> inode_;
};

}
