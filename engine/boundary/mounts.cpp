// Step 4 of becoming confined: a mount namespace that holds the guest's root, read-only, the binds, and nothing else.

#include "engine/boundary/confine.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::boundary {

namespace {

constexpr const char* advice = "a security module restricts user namespaces: install Ringside's AppArmor profile, or use --confinement=reduced";
constexpr std::array hidden = {"proc", "sys", "dev", "run"};

host::Fd as_fd(long result)
{
    return host::Fd(static_cast<int>(result));
}

/// A private copy of the mounts at and below `path`. Recursive: a lone one could uncover what a mount of the host hides.
host::Fd clone_tree(const std::string& path)
{
    return as_fd(open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
}

bool set_attributes(const host::Fd& tree, bool read_only)
{
    mount_attr attributes {};
    attributes.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (read_only ? MOUNT_ATTR_RDONLY : 0u);
    return mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) == 0;
}

/// A detached, empty tmpfs. `size` 0: what the host gives by default.
host::Fd new_tmpfs(std::uint64_t size, unsigned attributes)
{
    host::Fd context = as_fd(fsopen("tmpfs", FSOPEN_CLOEXEC));
    if (!context.valid())
        return {};
    fsconfig(context.get(), FSCONFIG_SET_STRING, "mode", "0755", 0);
    if (size != 0 && fsconfig(context.get(), FSCONFIG_SET_STRING, "size", std::to_string(size).c_str(), 0) != 0)
        return {};
    if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
        return {};
    return as_fd(fsmount(context.get(), FSMOUNT_CLOEXEC, attributes));
}

/// Puts an empty, read-only tmpfs over a directory.
Failure cover(const host::Fd& directory, const std::string& name)
{
    host::Fd empty = new_tmpfs(4096, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (!empty.valid() || move_mount(empty.get(), "", directory.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
        return because("cannot cover the host's /" + name, errno, advice);
    return {};
}

/// A directory for the new root to be put together in: any will do, it is covered in this namespace only.
Failure enter_base()
{
    host::Fd base = new_tmpfs(1 << 20, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (!base.valid())
        return because("cannot make a tmpfs", errno, advice);
    for (const char* place : {"/tmp", "/mnt", "/usr", "/etc"}) {
        if (move_mount(base.get(), "", AT_FDCWD, place, MOVE_MOUNT_F_EMPTY_PATH) == 0 && chdir(place) == 0)
            return {};
    }
    return because("cannot mount a new root", errno, advice);
}

/// Attaches a tree below the base, on a directory or a file as its own root is.
Failure attach(const host::Fd& tree, const std::string& name)
{
    struct stat status {};
    if (fstat(tree.get(), &status) != 0)
        return because("cannot look at " + name, errno);
    if (S_ISDIR(status.st_mode))
        mkdir(name.c_str(), 0755);
    else
        close(open(name.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    if (move_mount(tree.get(), "", AT_FDCWD, name.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
        return because("cannot mount " + name, errno, advice);
    return {};
}

Failure hide_kernel_interfaces(const host::Fd& root)
{
    for (const char* name : hidden) {
        host::Fd directory = as_fd(openat(root.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (directory.valid()) {
            if (Failure failure = cover(directory, name))
                return failure;
        }
    }
    return {};
}

Failure clone_trees(const Plan& plan, HostView& view)
{
    view.root = clone_tree(plan.root);
    if (!view.root.valid())
        return because("cannot use " + plan.root + " as the guest's root", errno, errno == EPERM ? advice : "");
    if (!set_attributes(view.root, true))
        return because("cannot make " + plan.root + " read-only", errno, advice);
    for (const BindPlan& bind : plan.binds) {
        host::Fd tree = clone_tree(bind.source);
        if (!tree.valid())
            return because("cannot bind " + bind.source, errno);
        if (!set_attributes(tree, bind.read_only))
            return because("cannot set the mount of " + bind.source, errno, advice);
        view.binds.push_back(std::move(tree));
    }
    return {};
}

/// The old root goes away; the base becomes /, read-only.
Failure leave_host()
{
    if (syscall(SYS_pivot_root, ".", ".") != 0)
        return because("cannot leave the host's root", errno, advice);
    if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return because("cannot detach the host's root", errno);
    mount_attr attributes {};
    attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
    if (mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof(attributes)) != 0)
        return because("cannot make the new root read-only", errno);
    return {};
}

/// What counts is the effect: a security module may let every step pass and still have changed nothing.
Failure test_effect(const HostView& view)
{
    host::Fd file = as_fd(openat(view.root.get(), "ringside-must-not-be-written", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (file.valid() || errno != EROFS)
        return because("the guest's root is not read-only although its mount says so", file.valid() ? 0 : errno, advice);
    if (access("/proc", F_OK) == 0 || access("/etc", F_OK) == 0)
        return because("the host's root is still there after pivot_root", 0, advice);
    return {};
}

}

Failure build_root(const Plan& plan, HostView& view)
{
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return because("cannot make mounts private", errno, advice);
    if (Failure failure = clone_trees(plan, view))
        return failure;
    if (Failure failure = enter_base())
        return failure;
    if (Failure failure = attach(view.root, "root"))
        return failure;
    if (Failure failure = hide_kernel_interfaces(view.root))
        return failure;
    for (std::size_t i = 0; i < view.binds.size(); ++i) {
        if (Failure failure = attach(view.binds[i], "bind" + std::to_string(i)))
            return failure;
    }
    if (Failure failure = leave_host())
        return failure;
    return test_effect(view);
}

Failure open_view(const Plan& plan, HostView& view)
{
    view.root = as_fd(open(plan.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!view.root.valid())
        return because("cannot use " + plan.root + " as the guest's root", errno);
    for (const BindPlan& bind : plan.binds) {
        host::Fd fd = as_fd(open(bind.source.c_str(), O_PATH | O_CLOEXEC));
        if (!fd.valid())
            return because("cannot bind " + bind.source, errno);
        view.binds.push_back(std::move(fd));
    }
    return {};
}

}
