// /proc/PID/fd, fdinfo, maps, mounts, mountinfo.
#include "engine/fs/proc/process.h"

#include "engine/fs/file_table.h"
#include "engine/fs/fs_context.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/task.h"
#include "engine/mm/address_space.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace ringside::fs {

namespace {

Result<Ref<File>> file_of(kernel::Kernel& kernel, int pid, int fd)
{
    Task* task = kernel.processes().task(pid);
    if (!task || task->exiting())
        return Errno(ENOENT);
    auto file = task->files().get(fd);
    if (!file.ok())
        return Errno(ENOENT);
    return file;
}

/// Opening /proc/self/fd/N: a place is opened again; what has none (a pipe, the caller's terminal) is reached through this inode.
class DescriptorLink final : public PseudoNode {
public:
    DescriptorLink(PseudoFs& fs, int pid, int fd, mode_t mode, uid_t uid, gid_t gid) : PseudoNode(fs, S_IFLNK | mode, uid, gid), pid_(pid), fd_(fd)
    {
        attributes_.size = 64;
    }
    Result<std::string> readlink(Task& task) override { return TRY(file_of(fs_->kernel, pid_, fd_))->name(task); }
    Result<Path> magic_link(Task&) override
    {
        Ref<File> file = TRY(file_of(fs_->kernel, pid_, fd_));
        if (file->path())
            return *file->path();
        Ref<Inode> inode = file->inode();
        if (!inode)
            return Errno(ENXIO);
        // A place for what has none: opening it asks the description's own inode.
        auto root = make_ref<Dentry>(make_ref<Reopened>(*fs_, file));
        return Path {make_ref<Mount>(0, Ref<FileSystem>(&inode->fs()), root, "none", 0UL), root};
    }

private:
    /// Opening it gives the same description's kind again. For pipes it is a new end, for the caller's own descriptors the same.
    class Reopened final : public Inode {
    public:
        Reopened(PseudoFs& fs, Ref<File> file) : Inode(file->inode()->type()), fs_(&fs), file_(std::move(file)) { }
        FileSystem& fs() const override { return file_->inode()->fs(); }
        Result<Attributes> attributes(Task& task, Age age) override
        {
            Attributes result = TRY(file_->inode()->attributes(task, age));
            return result;
        }
        Result<Ref<File>> open(Task& task, const Path&, int flags) override { return file_->reopen(task, flags); }
        Result<void> truncate(Task&, std::uint64_t) override { return {}; } // `> /dev/stdout` on the caller's file: see HostStream
        bool opens_itself() const override { return true; }

    private:
        Ref<PseudoFs> fs_;
        Ref<File> file_;
    };
    int pid_, fd_;
};

std::string info_text(Task& task, File& file, bool close_on_exec)
{
    auto position = file.seek(task, 0, SEEK_CUR);
    int flags = file.flags() | (close_on_exec ? O_CLOEXEC : 0);
    int mount = file.path() ? file.path()->mount->id : 15;
    auto attributes = file.inode() ? file.inode()->attributes(task, Inode::Age::any) : Result<Attributes>(Errno(EBADF));
    return fmt::format("pos:\t{}\nflags:\t0{:o}\nmnt_id:\t{}\nino:\t{}\n", position.ok() ? position.value() : 0, static_cast<unsigned>(flags), mount,
        attributes.ok() ? attributes.value().inode : 0);
}

class DescriptorDirectory final : public PseudoDirectory {
public:
    DescriptorDirectory(PseudoFs& fs, int pid, bool info, uid_t uid, gid_t gid) : PseudoDirectory(fs, info ? 0555 : 0500, uid, gid), pid_(pid), info_(info) { }

protected:
    Result<Ref<Inode>> find(Task&, const std::string& name) override
    {
        int fd = name == "0" ? 0 : parse_pid(name);
        Ref<File> file = TRY(file_of(fs_->kernel, pid_, fd));
        if (info_) {
            kernel::Kernel& kernel = fs_->kernel;
            return Ref<Inode>(make_ref<TextNode>(*fs_, 0444, [&kernel, pid = pid_, fd](Task& task) -> Result<std::string> {
                Ref<File> open = TRY(file_of(kernel, pid, fd));
                return info_text(task, *open, kernel.processes().task(pid)->files().close_on_exec(fd).value_or(false));
            }));
        }
        mode_t mode = (file->readable() ? 0500U : 0U) | (file->writable() ? 0300U : 0U);
        return Ref<Inode>(make_ref<DescriptorLink>(*fs_, pid_, fd, mode, attributes_.uid, attributes_.gid));
    }
    Result<std::vector<DirectoryEntry>> more(Task&) override
    {
        Task* task = fs_->kernel.processes().task(pid_);
        if (!task || task->exiting())
            return Errno(ENOENT);
        std::vector<DirectoryEntry> result;
        for (int fd : task->files().numbers())
            result.push_back({std::to_string(fd), static_cast<ino_t>(0x30000 + fd), info_ ? DT_REG : DT_LNK});
        return result;
    }

private:
    int pid_;
    bool info_;
};

std::string mount_flags(unsigned long flags)
{
    std::string text = flags & MS_RDONLY ? "ro" : "rw";
    if (flags & MS_NOSUID)
        text += ",nosuid";
    if (flags & MS_NODEV)
        text += ",nodev";
    if (flags & MS_NOEXEC)
        text += ",noexec";
    return text + ",relatime";
}

/// Blanks and backslashes as octal (fs/seq_file.c, mangle).
std::string mangled(const std::string& text)
{
    std::string result;
    for (char c : text) {
        if (c == ' ' || c == '\t' || c == '\n' || c == '\\')
            result += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
        else
            result += c;
    }
    return result;
}

std::string place_of(Task& task, const Vfs& vfs, const Mount& mount, bool& reachable)
{
    return mangled(vfs.path_name(task, {Ref<Mount>(const_cast<Mount*>(&mount)), mount.root}, &reachable));
}

}

Ref<Inode> make_descriptor_directory(PseudoFs& fs, int pid, bool info, uid_t uid, gid_t gid)
{
    return make_ref<DescriptorDirectory>(fs, pid, info, uid, gid);
}

std::string mounts_text(Task& task, const Vfs& vfs)
{
    std::string text;
    for (const Ref<Mount>& mount : vfs.mounts()) {
        bool reachable = true;
        std::string place = place_of(task, vfs, *mount, reachable);
        if (reachable)
            text += fmt::format("{} {} {} {}{}{} 0 0\n", mangled(mount->source), place, mount->fs->type(), mount_flags(mount->flags), mount->options.empty() ? "" : ",", mount->options);
    }
    return text;
}

std::string mountinfo_text(Task& task, const Vfs& vfs)
{
    std::string text;
    for (const Ref<Mount>& mount : vfs.mounts()) {
        bool reachable = true;
        std::string place = place_of(task, vfs, *mount, reachable);
        auto attributes = mount->root->inode().attributes(task, Inode::Age::any);
        if (!reachable || !attributes.ok())
            continue;
        dev_t device = attributes.value().device;
        text += fmt::format("{} {} {}:{} / {} {} - {} {} {}{}{}\n", mount->id, mount->parent ? mount->parent->id : 1, major(device), minor(device), place,
            mount_flags(mount->flags), mount->fs->type(), mangled(mount->source), mount->flags & MS_RDONLY ? "ro" : "rw", mount->options.empty() ? "" : ",", mount->options);
    }
    return text;
}

Result<std::string> maps_text(Task& target)
{
    std::string text;
    for (const mm::VmaInfo& vma : target.mm().vmas()) {
        std::string line = fmt::format("{:08x}-{:08x} {}{}{}{} {:08x} {:02x}:{:02x} {} ", vma.start.value(), vma.end.value(), vma.prot & PROT_READ ? 'r' : '-',
            vma.prot & PROT_WRITE ? 'w' : '-', vma.prot & PROT_EXEC ? 'x' : '-', vma.shared ? 's' : 'p', vma.offset, major(vma.device), minor(vma.device), vma.inode);
        if (!vma.name.empty()) {
            line.resize(std::max<std::size_t>(line.size(), 73), ' ');
            line += vma.name;
        }
        text += line + "\n";
    }
    return text;
}

}
