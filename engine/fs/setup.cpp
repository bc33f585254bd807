// The first program's file system: overlay on the host's tree, binds, /dev, /proc, /sys, and the caller's descriptors.
#include "engine/fs/setup.h"

#include "engine/fs/dev/devices.h"
#include "engine/fs/kernel_state.h"
#include "engine/fs/overlay/overlay.h"
#include "engine/fs/proc/proc.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/thread_group.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace ringside::fs {

namespace {

constexpr gid_t tty_group = 5;

std::vector<std::string> components(const std::string& path)
{
    std::vector<std::string> result;
    std::size_t position = 0;
    while ((position = path.find_first_not_of('/', position)) != std::string::npos) {
        std::size_t end = std::min(path.find('/', position), path.size());
        std::string name = path.substr(position, end - position);
        if (name == ".." && !result.empty())
            result.pop_back();
        else if (name != "." && name != "..")
            result.push_back(name);
        position = end;
    }
    return result;
}

/// Walks without a task (nobody runs yet, so nobody waits), through mounts, and through symbolic links of the host's tree.
class EarlyWalk {
public:
    explicit EarlyWalk(Vfs& vfs) : vfs_(vfs) { }

    /// `make`: missing directories are made in memory (mount points), `as_file` the last one as an empty file.
    Result<Path> to(const std::string& path, bool make, bool as_file = false)
    {
        Path at = vfs_.root();
        std::vector<std::string> names = components(path);
        for (std::size_t i = 0; i < names.size(); ++i) {
            bool last = i + 1 == names.size();
            auto found = step(at, names[i]);
            if (!found.ok() && found.error() == ENOENT && make)
                found = plant(at, names[i], last && as_file);
            Path next = TRY(std::move(found));
            if (next.inode().is_symlink()) {
                if (++links_ > 40)
                    return Errno(ELOOP);
                std::string rest = TRY(link_text(next));
                if (rest.empty() || rest[0] != '/')
                    rest = vfs_.path_name(vfs_.root(), at) + "/" + rest;
                for (std::size_t j = i + 1; j < names.size(); ++j)
                    rest += "/" + names[j];
                return to(rest, make, as_file);
            }
            at = next;
        }
        return at;
    }

private:
    Result<Path> step(const Path& at, const std::string& name)
    {
        Ref<Dentry> known = at.dentry->child(name);
        if (!known) {
            if (auto* node = dynamic_cast<OverlayNode*>(&at.inode()))
                known = at.dentry->add_child(name, TRY(node->find(nullptr, name)));
            else if (auto* bound = dynamic_cast<HostInode*>(&at.inode()))
                known = at.dentry->add_child(name, TRY(bound->find(nullptr, name)));
            else if (auto* memory = dynamic_cast<MemoryNode*>(&at.inode()); memory && memory->planted(name))
                known = at.dentry->add_child(name, memory->planted(name));
            else
                return Errno(ENOENT);
        }
        return vfs_.through_mounts({at.mount, known});
    }
    Result<Path> plant(const Path& at, const std::string& name, bool as_file)
    {
        auto* node = dynamic_cast<MemoryNode*>(&at.inode());
        if (!node)
            return Errno(EROFS);
        NewInode wanted {.mode = as_file ? S_IFREG | 0644U : S_IFDIR | 0755U, .target = {}};
        return Path {at.mount, at.dentry->add_child(name, node->plant(name, wanted))};
    }
    static Result<std::string> link_text(const Path& link)
    {
        if (auto* node = dynamic_cast<OverlayNode*>(&link.inode()); node && node->lower())
            return node->lower()->read_link_now();
        if (auto* bound = dynamic_cast<HostInode*>(&link.inode()))
            return bound->read_link_now();
        return Errno(EINVAL);
    }
    Vfs& vfs_;
    int links_ = 0;
};

Result<void> mount_binds(Vfs& vfs, kernel::Kernel& kernel, RootConfig& config)
{
    for (BindMount& bind : config.binds) {
        auto fs = TRY(HostFs::create(std::move(bind.root), !bind.read_only, kernel.memory(), config.owners));
        Ref<HostInode> root = fs->root();
        Path at = TRY(EarlyWalk(vfs).to(bind.destination, true, !root->is_directory()));
        vfs.add_mount(&at, fs, root, bind.source, bind.read_only ? MS_RDONLY | MS_NOSUID | MS_NODEV : MS_NOSUID | MS_NODEV);
    }
    return {};
}

}

Result<Ref<FsContext>> make_file_system(kernel::Kernel& kernel, RootConfig config)
{
    auto state = std::make_shared<KernelState>();
    kernel.fs = state;
    state->vfs = make_ref<Vfs>();
    state->processors = config.processors;
    state->memory_limit = config.memory_limit;
    state->owners = config.owners;
    Vfs& vfs = *state->vfs;

    auto host = TRY(HostFs::create(std::move(config.root), false, kernel.memory(), config.owners));
    auto overlay = make_ref<OverlayFs>(host, kernel.memory(), config.memory_limit);
    vfs.add_mount(nullptr, overlay, overlay->root(), "overlay", MS_NOSUID | MS_NODEV);

    MountAt mount = [&](const char* place, Ref<FileSystem> fs, Ref<Inode> root, const char* source, unsigned long flags, const char* options) -> Result<void> {
        Path at = TRY(EarlyWalk(vfs).to(place, true));
        vfs.add_mount(&at, std::move(fs), std::move(root), source, flags, options);
        return {};
    };
    auto devices = make_ref<DeviceFs>(kernel.memory(), vfs.next_device(), 0);
    state->devices = make_device_tree(devices, tty_group);
    TRY(mount("/dev", devices, state->devices, "udev", MS_NOSUID, "mode=755"));
    auto terminals = make_ref<DevptsFs>(kernel.memory(), vfs.next_device(), 0);
    state->pseudo_terminals = make_ref<PtsDirectory>(terminals, tty_group);
    TRY(mount("/dev/pts", terminals, state->pseudo_terminals, "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=000"));
    auto shared = make_ref<MemoryFs>(kernel.memory(), vfs.next_device(), config.memory_limit ? config.memory_limit : kernel.total_memory() / 2);
    Ref<MemoryNode> shared_root = shared->make(nullptr, {.mode = S_IFDIR | S_ISVTX | 0777, .target = {}});
    Path shm = TRY(EarlyWalk(vfs).to("/dev/shm", false));
    vfs.add_mount(&shm, shared, shared_root, "tmpfs", MS_NOSUID | MS_NODEV);
    TRY(mount_proc(kernel, vfs, mount));

    auto anonymous = make_ref<MemoryFs>(kernel.memory(), vfs.next_device(), 0);
    state->anonymous_files = anonymous->make(nullptr, {.mode = S_IFDIR | S_ISVTX | 0777, .target = {}});
    TRY(mount_binds(vfs, kernel, config));
    Path directory = TRY(EarlyWalk(vfs).to(config.working_directory, false));
    if (!directory.inode().is_directory())
        return Errno(ENOTDIR);
    return make_ref<FsContext>(state->vfs, vfs.root(), directory);
}

namespace {

std::string stream_name(const struct stat& status)
{
    std::string number = "[" + std::to_string(status.st_ino) + "]";
    if (S_ISFIFO(status.st_mode))
        return "pipe:" + number;
    if (S_ISSOCK(status.st_mode))
        return "socket:" + number;
    if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3))
        return "/dev/null";
    return "host:" + number; // its path is not the guest's business
}

}

Result<Ref<FileTable>> make_standard_files(kernel::Kernel& kernel, Vfs&)
{
    auto table = make_ref<FileTable>();
    KernelState& state = *kernel.fs;
    struct Known {
        struct stat status;
        int flags;
        Ref<File> file;
        Ref<HostStreamInode> inode;
    };
    std::vector<Known> known;
    for (int fd = 0; fd < 3; ++fd) {
        struct stat status {};
        auto flags = host::call(SYS_fcntl, fd, F_GETFL);
        if (!flags.ok() || !host::call(SYS_fstat, fd, &status).ok())
            continue;
        if (flags.value() & O_PATH)
            continue; // it holds the number of one that is closed
        int kept = static_cast<int>(flags.value()) & File::kept_flags;
        bool seekable = S_ISREG(status.st_mode) || S_ISBLK(status.st_mode) || S_ISDIR(status.st_mode);
        Ref<File> file;
        Ref<HostStreamInode> inode;
        for (const Known& other : known) {
            if (other.status.st_dev != status.st_dev || other.status.st_ino != status.st_ino)
                continue;
            inode = other.inode;
            // dup2(1, 2) of the caller: one description, whose flags are shared. Files are told apart by their own positions.
            if (other.flags == kept && !seekable)
                file = other.file;
        }
        std::array<std::byte, 64> settings {};
        bool terminal = S_ISCHR(status.st_mode) && host::call(SYS_ioctl, fd, TCGETS, settings.data()).ok();
        if (!inode && terminal)
            inode = make_ref<HostTerminalInode>(fd, status, state.owners);
        else if (!inode)
            inode = make_ref<HostStreamInode>(fd, status.st_mode, state.owners);
        if (!file) {
            if (terminal) {
                std::string name = state.terminal ? state.terminal_name : plant_terminal(state, inode, status.st_rdev);
                auto tty = make_ref<HostTerminal>(kernel, fd, kept, inode, name);
                if (!state.terminal) {
                    state.terminal = tty;
                    state.terminal_name = name;
                }
                file = tty;
            } else {
                file = make_ref<HostStream>(kernel, fd, kept, inode, stream_name(status));
            }
        }
        known.push_back({status, kept, file, inode});
        state.standard_files.push_back(file);
        table->put(fd, file);
    }
    if (state.terminal) {
        kernel.first_session().take_terminal(state.terminal->terminal(), kernel::first_pid);
    }
    return table;
}

Result<Ref<File>> open_controlling_terminal(Task& task, int flags)
{
    kernel::ControllingTerminal* terminal = task.group().session().terminal();
    if (!terminal)
        return Errno(ENXIO);
    return static_cast<Terminal*>(terminal)->open_again(task, flags); // fs makes them all
}

}
