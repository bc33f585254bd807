// getdents(2), getdents64(2), getcwd(2), chdir(2), fchdir(2), chroot(2), umask(2).
#include "engine/kernel/credentials.h"
#include "engine/syscalls/paths.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>


namespace ringside::syscalls {

namespace {

/// One record of getdents; the old form has the type in its last byte.
void append_record(std::vector<std::byte>& to, const std::string& name, std::uint64_t inode, std::uint8_t type, std::uint64_t next, bool wide)
{
    std::size_t header = wide ? 19 : 18;
    std::size_t length = (header + name.size() + 1 + (wide ? 0 : 1) + 7) & ~std::size_t {7};
    std::size_t start = to.size();
    to.resize(start + length);
    std::byte* record = to.data() + start;
    auto short_length = static_cast<std::uint16_t>(length);
    std::memcpy(record, &inode, 8);
    std::memcpy(record + 8, &next, 8);
    std::memcpy(record + 16, &short_length, 2);
    if (wide)
        record[18] = std::byte {type};
    else
        record[length - 1] = std::byte {type};
    std::memcpy(record + header, name.data(), name.size());
}

/// Copies whole records out as far as the guest's memory takes them; the next call goes on at the first that found no
/// place. EFAULT when there was none for the first. (filldir64: each record is written by itself)
Result<long> copy_entries(Task& task, fs::File& file, GuestAddr buffer, std::span<const std::byte> records, std::int64_t start)
{
    std::size_t done = 0;
    std::int64_t position = start;
    while (done < records.size()) {
        std::uint16_t length = 0;
        std::uint64_t next = 0;
        std::memcpy(&next, records.data() + done + 8, 8);
        std::memcpy(&length, records.data() + done + 16, 2);
        if (!task.copy_out(buffer + done, records.subspan(done, length)).ok())
            break;
        done += length;
        position = static_cast<std::int64_t>(next);
    }
    if (done < records.size())
        TRY(file.seek(task, position, SEEK_SET));
    if (done == 0)
        return Errno(EFAULT);
    return static_cast<long>(done);
}

Result<long> get_entries(Task& task, int fd, GuestAddr buffer, unsigned count, bool wide)
{
    Ref<fs::File> file = TRY(task.files().get_for_io(fd));
    std::vector<std::byte> records;
    std::int64_t start = file->seek(task, 0, SEEK_CUR).value_or(0);
    bool too_small = false;
    TRY(file->read_directory(task, [&](const std::string& name, std::uint64_t inode, std::uint8_t type, std::uint64_t next) {
        std::size_t length = (20 + name.size() + 7) & ~std::size_t {7};
        if (records.size() + length > count) {
            too_small = records.empty();
            return false;
        }
        append_record(records, name, inode, type, next, wide);
        return true;
    }));
    if (too_small)
        return Errno(EINVAL);
    if (!task.copy_out(buffer, records).ok())
        return copy_entries(task, *file, buffer, records, start);
    return static_cast<long>(records.size());
}

Result<void> enter(Task& task, const fs::Path& path)
{
    if (!path.inode().is_directory())
        return Errno(ENOTDIR);
    TRY(fs::check_permission(task, path, X_OK));
    task.fs_context().working_directory = path;
    return {};
}

}

Result<long> getdents64(Task& task, int fd, GuestAddr buffer, unsigned count)
{
    return get_entries(task, fd, buffer, count, true);
}

Result<long> getdents(Task& task, int fd, GuestAddr buffer, unsigned count)
{
    return get_entries(task, fd, buffer, count, false);
}

Result<long> getcwd(Task& task, GuestPtr<char> buffer, std::uint64_t size)
{
    const fs::Path& at = task.fs_context().working_directory;
    if (at.dentry->removed())
        return Errno(ENOENT);
    bool reachable = true;
    std::string text = vfs(task).path_name(task, at, &reachable);
    if (!reachable)
        text = "(unreachable)" + text;
    if (text.size() + 1 > size)
        return Errno(ERANGE);
    TRY(task.copy_out(buffer.addr(), std::as_bytes(std::span(text.c_str(), text.size() + 1))));
    return static_cast<long>(text.size() + 1);
}

Result<long> chdir(Task& task, GuestPtr<const char> pathname)
{
    TRY(enter(task, TRY(walk_at(task, AT_FDCWD, pathname, 0))));
    return 0;
}

Result<long> fchdir(Task& task, int fd)
{
    Ref<fs::File> file = TRY(task.files().get(fd));
    if (!file->path())
        return Errno(ENOTDIR);
    TRY(enter(task, *file->path()));
    return 0;
}

Result<long> chroot(Task& task, GuestPtr<const char> pathname)
{
    fs::Path path = TRY(walk_at(task, AT_FDCWD, pathname, 0));
    if (!path.inode().is_directory())
        return Errno(ENOTDIR);
    TRY(fs::check_permission(task, path, X_OK));
    if (!task.credentials().capable(CAP_SYS_CHROOT))
        return Errno(EPERM);
    task.fs_context().root = path;
    return 0;
}

Result<long> umask(Task& task, unsigned mask)
{
    mode_t old = task.fs_context().umask;
    task.fs_context().umask = mask & 0777;
    return static_cast<long>(old);
}

const Register<SYS_getdents, getdents> r_getdents;
const Register<SYS_getdents64, getdents64> r_getdents64;
const Register<SYS_getcwd, getcwd> r_getcwd;
const Register<SYS_chdir, chdir> r_chdir;
const Register<SYS_fchdir, fchdir> r_fchdir;
const Register<SYS_chroot, chroot> r_chroot;
const Register<SYS_umask, umask> r_umask;

}
