// Inodes that make their content when asked: a text, a list, a link. procfs and sysfs are trees of them.
#pragma once

#include "engine/fs/inode.h"
#include "engine/fs/mount.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace ringside::kernel {
class Kernel;
}

namespace ringside::fs {

class PseudoFs final : public FileSystem {
public:
    PseudoFs(kernel::Kernel& kernel, std::string type, dev_t device, long magic) : kernel(kernel), device(device), type_(std::move(type)), magic_(magic) { }
    std::string type() const override { return type_; }
    Result<struct statfs> statfs(Task& task, Inode& inode) override;
    ino_t next_inode() { return ++last_inode_; }
    kernel::Kernel& kernel;
    const dev_t device;

private:
    std::string type_;
    long magic_;
    ino_t last_inode_ = 0xf0000000; // PROC_DYNAMIC_FIRST
};

class PseudoNode : public Inode {
public:
    PseudoNode(PseudoFs& fs, mode_t mode, uid_t uid = 0, gid_t gid = 0);
    FileSystem& fs() const override { return *fs_; }
    Result<Attributes> attributes(Task& task, Age age) override;
    Names names() const override { return Names::fleeting; }
    PseudoFs& pseudo_fs() const { return *fs_; }

protected:
    Ref<PseudoFs> fs_;
    Attributes attributes_;
};

/// A file whose text is made at each read from the start.
class TextNode final : public PseudoNode {
public:
    using Make = std::function<Result<std::string>(Task&)>;
    /// Writing: null where it may not be written.
    using Take = std::function<Result<void>(Task&, const std::string&)>;
    TextNode(PseudoFs& fs, mode_t mode, Make make, Take take = {}, uid_t uid = 0, gid_t gid = 0)
        : PseudoNode(fs, S_IFREG | mode, uid, gid), make(std::move(make)), take(std::move(take))
    {
    }
    Result<Ref<File>> open(Task& task, const Path& path, int flags) override;
    const Make make;
    const Take take;
};

class LinkNode final : public PseudoNode {
public:
    using Text = std::function<Result<std::string>(Task&)>;
    using Jump = std::function<Result<Path>(Task&)>;
    /// `jump` empty: an ordinary link.
    LinkNode(PseudoFs& fs, Text text, Jump jump = {}, mode_t mode = 0777, uid_t uid = 0, gid_t gid = 0)
        : PseudoNode(fs, S_IFLNK | mode, uid, gid), text_(std::move(text)), jump_(std::move(jump))
    {
    }
    Result<std::string> readlink(Task& task) override { return text_(task); }
    Result<Path> magic_link(Task& task) override { return jump_ ? jump_(task) : Result<Path>(Path()); }

private:
    Text text_;
    Jump jump_;
};

/// A text that never changes.
TextNode::Make constant(std::string text);

/// A directory with a fixed set of children, and perhaps more that come and go.
class PseudoDirectory : public PseudoNode {
public:
    PseudoDirectory(PseudoFs& fs, mode_t mode = 0555, uid_t uid = 0, gid_t gid = 0) : PseudoNode(fs, S_IFDIR | mode, uid, gid) { attributes_.links = 2; }
    Result<Ref<Inode>> lookup(Task& task, const std::string& name) override;
    Result<std::vector<DirectoryEntry>> list(Task& task) override;
    Result<Ref<File>> open(Task& task, const Path& path, int flags) override;
    void add(const std::string& name, Ref<Inode> inode);
    void add_text(const std::string& name, TextNode::Make make, mode_t mode = 0444, TextNode::Take take = {});
    Ref<PseudoDirectory> add_directory(const std::string& name);

protected:
    /// What is not in the fixed set. ENOENT.
    virtual Result<Ref<Inode>> find(Task&, const std::string&) { return Errno(ENOENT); }
    virtual Result<std::vector<DirectoryEntry>> more(Task&) { return std::vector<DirectoryEntry>(); }

private:
    std::vector<std::pair<std::string, Ref<Inode>>> children_;
};

}
