// Pseudo files: text made on reading (fs/seq_file.c), directories, links.
#include "engine/fs/proc/node.h"

#include "engine/fs/directory_file.h"
#include "engine/fs/path_file.h"
#include "engine/fs/regular_file.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/task.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace ringside::fs {

namespace {

class TextFile final : public PlacedFile {
public:
    TextFile(const Path& path, int flags, Ref<TextNode> node) : PlacedFile(path, flags), node_(std::move(node)) { }

    Result<std::size_t> read(Task& task, IoBuffer& to, std::optional<std::uint64_t> offset) override
    {
        std::uint64_t at = offset.value_or(position_);
        if (at == 0 || !made_) {
            text_ = TRY(node_->make(task));
            made_ = true;
        }
        if (at >= text_.size())
            return std::size_t {0};
        auto moved = TRY(to.put(std::as_bytes(std::span(text_)).subspan(at)));
        if (!offset)
            position_ = at + moved;
        return moved;
    }
    Result<std::size_t> write(Task& task, IoBuffer& from, std::optional<std::uint64_t>) override
    {
        if (!node_->take)
            return Errno(EIO);
        std::string text(std::min<std::uint64_t>(from.remaining(), page_size), '\0');
        auto taken = TRY(from.get(std::as_writable_bytes(std::span(text))));
        text.resize(taken);
        TRY(node_->take(task, text));
        return taken;
    }
    Result<std::int64_t> seek(Task&, std::int64_t offset, int whence) override
    {
        if (whence != SEEK_SET && whence != SEEK_CUR)
            return Errno(EINVAL);
        position_ = TRY(seek_to(position_, 0, offset, whence));
        return static_cast<std::int64_t>(position_);
    }

private:
    Ref<TextNode> node_;
    std::string text_;
    std::uint64_t position_ = 0;
    bool made_ = false;
};

}

TextNode::Make constant(std::string text)
{
    return [text = std::move(text)](Task&) -> Result<std::string> { return text; };
}

Result<struct statfs> PseudoFs::statfs(Task&, Inode&)
{
    struct statfs result {};
    result.f_type = magic_;
    result.f_bsize = result.f_frsize = static_cast<long>(page_size);
    result.f_namelen = 255;
    return result;
}

PseudoNode::PseudoNode(PseudoFs& fs, mode_t mode, uid_t uid, gid_t gid) : Inode(mode), fs_(&fs)
{
    attributes_.mode = mode;
    attributes_.uid = uid;
    attributes_.gid = gid;
    attributes_.block_size = 1024;
    attributes_.device = fs.device;
    attributes_.inode = fs.next_inode();
    attributes_.atime = attributes_.mtime = attributes_.ctime = kernel::to_timespec(kernel::realtime_now());
}

Result<Attributes> PseudoNode::attributes(Task&, Age)
{
    return attributes_;
}

Result<Ref<File>> TextNode::open(Task& task, const Path& path, int flags)
{
    (void)task;
    if ((flags & O_ACCMODE) != O_RDONLY && !take)
        return Errno(EACCES);
    return Ref<File>(make_ref<TextFile>(path, flags, Ref<TextNode>(this)));
}

Result<Ref<Inode>> PseudoDirectory::lookup(Task& task, const std::string& name)
{
    for (const auto& [known, inode] : children_)
        if (known == name)
            return inode;
    return find(task, name);
}

Result<std::vector<DirectoryEntry>> PseudoDirectory::list(Task& task)
{
    std::vector<DirectoryEntry> result;
    for (const auto& [name, inode] : children_) {
        auto attributes = TRY(inode->attributes(task));
        result.push_back({name, attributes.inode, static_cast<std::uint8_t>(IFTODT(inode->type()))});
    }
    for (DirectoryEntry& entry : TRY(more(task)))
        result.push_back(std::move(entry));
    return result;
}

Result<Ref<File>> PseudoDirectory::open(Task&, const Path& path, int flags)
{
    return Ref<File>(make_ref<DirectoryFile>(path, flags));
}

void PseudoDirectory::add(const std::string& name, Ref<Inode> inode)
{
    if (inode->is_directory())
        ++attributes_.links;
    children_.emplace_back(name, std::move(inode));
}

void PseudoDirectory::add_text(const std::string& name, TextNode::Make make, mode_t mode, TextNode::Take take)
{
    add(name, make_ref<TextNode>(*fs_, mode, std::move(make), std::move(take)));
}

Ref<PseudoDirectory> PseudoDirectory::add_directory(const std::string& name)
{
    auto directory = make_ref<PseudoDirectory>(*fs_);
    add(name, directory);
    return directory;
}

}
