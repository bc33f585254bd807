// Path resolution (fs/namei.c; man 7 path_resolution).
#include "engine/fs/walk.h"

#include "engine/fs/fs_context.h"
#include "engine/kernel/task.h"
#include "engine/record/task_recorder.h"

#include <unistd.h>

namespace ringside::fs {

namespace {
constexpr int max_links = 40;
constexpr std::size_t max_name = 255;
}

Walk::Walk(Vfs& vfs, Task& task, const Path& start, const WalkFlags& flags)
    : vfs_(vfs)
    , task_(task)
    , flags_(flags)
    , root_(flags.beneath || flags.in_root ? start : task.fs_context().root)
    , start_(start)
    , at_(start)
{
}

Result<void> Walk::up()
{
    for (;;) {
        if (at_ == root_) {
            if (flags_.beneath)
                return Errno(EXDEV);
            return {};
        }
        if (at_.dentry == at_.mount->root) {
            if (!at_.mount->parent)
                return {};
            if (flags_.no_xdev)
                return Errno(EXDEV);
            at_ = {at_.mount->parent, at_.mount->mountpoint};
            continue;
        }
        if (at_.dentry->parent())
            at_.dentry = at_.dentry->parent();
        at_ = vfs_.through_mounts(at_);
        return {};
    }
}

Result<Parent> Walk::to_parent(std::string path)
{
    if (path.empty())
        return Errno(ENOENT);
    if (path[0] == '/') {
        if (flags_.beneath)
            return Errno(EXDEV);
        if (flags_.no_xdev && at_.mount != root_.mount)
            return Errno(EXDEV);
        at_ = root_;
    }
    std::size_t position = 0;
    for (;;) {
        position = path.find_first_not_of('/', position);
        if (position == std::string::npos)
            return Parent {at_, "", Parent::Last::root, true};
        std::size_t end = path.find('/', position);
        std::string name = path.substr(position, end == std::string::npos ? end : end - position);
        std::size_t next = end == std::string::npos ? end : path.find_first_not_of('/', end);
        if (!at_.inode().is_directory())
            return Errno(ENOTDIR);
        if (next == std::string::npos) {
            auto last = name == "." ? Parent::Last::dot : name == ".." ? Parent::Last::dotdot : Parent::Last::normal;
            return Parent {at_, std::move(name), last, end != std::string::npos};
        }
        position = next;
        if (name == "." || name == "..") {
            TRY(check_permission(task_, TRY(at_.inode().attributes(task_)), X_OK));
            if (name == "..")
                TRY(up());
            continue;
        }
        auto found = vfs_.child(task_, at_, name, false);
        if (!found.ok()) {
            note_path(Parent {at_, name});
            return found.error();
        }
        if (flags_.no_xdev && found.value().mount != at_.mount)
            return Errno(EXDEV);
        if (!found.value().inode().is_symlink()) {
            at_ = std::move(found).value();
            continue;
        }
        std::string text;
        Path jump = TRY(read_link(found.value(), text));
        if (jump.valid()) {
            at_ = std::move(jump);
            continue;
        }
        path = text + "/" + path.substr(position);
        position = 0;
        if (path[0] == '/') {
            if (flags_.beneath)
                return Errno(EXDEV);
            if (flags_.no_xdev && at_.mount != root_.mount)
                return Errno(EXDEV);
            at_ = root_;
        }
    }
}

Result<Path> Walk::last(const Parent& parent)
{
    at_ = parent.directory;
    switch (parent.last) {
    case Parent::Last::root:
        return at_;
    case Parent::Last::dot:
        TRY(check_permission(task_, TRY(at_.inode().attributes(task_)), X_OK));
        return at_;
    case Parent::Last::dotdot:
        TRY(check_permission(task_, TRY(at_.inode().attributes(task_)), X_OK));
        TRY(up());
        return at_;
    case Parent::Last::normal:
        break;
    }
    Path found = TRY(vfs_.child(task_, at_, parent.name, true));
    if (flags_.no_xdev && found.mount != at_.mount)
        return Errno(EXDEV);
    return found;
}

Result<Path> Walk::read_link(const Path& link, std::string& text)
{
    if (++links_ > max_links || flags_.no_symlinks)
        return Errno(ELOOP);
    Path jump = TRY(link.inode().magic_link(task_));
    if (jump.valid()) {
        if (flags_.no_magiclinks)
            return Errno(ELOOP);
        if (flags_.beneath || flags_.in_root || (flags_.no_xdev && jump.mount != at_.mount))
            return Errno(EXDEV);
        return jump;
    }
    text = TRY(link.inode().readlink(task_));
    if (text.empty())
        return Errno(ENOENT);
    return Path();
}

void Walk::note_path(const Parent& parent)
{
    if (!task_.recorder().enabled())
        return;
    std::string text = vfs_.path_name(vfs_.root(), parent.directory);
    if (!parent.name.empty())
        text += (text == "/" ? "" : "/") + parent.name;
    task_.recorder().path(text);
}

Result<Path> Walk::to_end(std::string path)
{
    for (;;) {
        Parent parent = TRY(to_parent(std::move(path)));
        auto found = last(parent);
        if (!found.ok()) {
            note_path(parent);
            return found.error();
        }
        Path end = std::move(found).value();
        if (end.inode().is_symlink() && (flags_.follow || parent.trailing_slash)) {
            auto jump = read_link(end, path);
            if (!jump.ok()) {
                note_path(parent);
                return jump.error();
            }
            if (!jump.value().valid()) {
                if (parent.trailing_slash)
                    path += "/";
                continue;
            }
            end = std::move(jump).value();
        }
        note_path(Parent {end, ""});
        if ((flags_.directory || parent.trailing_slash) && !end.inode().is_directory())
            return Errno(ENOTDIR);
        return end;
    }
}

Result<Path> Vfs::walk(Task& task, const Path& start, std::string_view path, const WalkFlags& flags)
{
    if (path.empty() && flags.empty_path) {
        if (task.recorder().enabled())
            task.recorder().path(path_name(root(), start));
        return start;
    }
    return Walk(*this, task, start, flags).to_end(std::string(path));
}

Result<Parent> Vfs::walk_to_parent(Task& task, const Path& start, std::string_view path, const WalkFlags& flags)
{
    auto parent = Walk(*this, task, start, flags).to_parent(std::string(path));
    if (parent.ok() && task.recorder().enabled()) {
        std::string text = path_name(root(), parent.value().directory);
        task.recorder().path(parent.value().name.empty() ? text : (text == "/" ? text : text + "/") + parent.value().name);
    }
    return parent;
}

Result<Path> Vfs::child(Task& task, const Path& directory, const std::string& name, bool last)
{
    Inode& inode = directory.inode();
    if (!inode.is_directory())
        return Errno(ENOTDIR);
    TRY(check_permission(task, TRY(inode.attributes(task)), X_OK));
    if (name.size() > max_name)
        return Errno(ENAMETOOLONG);
    Ref<Dentry> known = directory.dentry->child(name);
    Names names = inode.names();
    bool ask = !known || names == Names::fleeting || (names == Names::revalidate && last);
    if (known && known->mounts != 0)
        ask = false; // what stands under a mount does not matter
    if (ask) {
        auto found = inode.lookup(task, name);
        known = directory.dentry->child(name); // the look-up may have waited
        if (!found.ok()) {
            if (known && found.error() == ENOENT)
                known->drop();
            return found.error();
        }
        Ref<Dentry> entered = directory.dentry->add_child(name, std::move(found).value());
        if (entered != known)
            remember(entered);
        known = std::move(entered);
    }
    return through_mounts({directory.mount, std::move(known)});
}

}
