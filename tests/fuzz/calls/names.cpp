// Steps on names: what is in the scratch directory, who may use it, and its attributes.
#include "machine.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fuzz {
namespace {

long open_flags(Call& c)
{
    long flags = c.random.pick({O_RDONLY, O_RDWR, O_RDWR, O_WRONLY, 3});
    if (c.random.one_in(8))
        flags |= c.random.pick({O_PATH, __O_TMPFILE | O_DIRECTORY, O_DIRECTORY, O_DIRECTORY | O_CREAT, O_SYNC, O_NOATIME});
    // O_NONBLOCK always: a FIFO or a pipe must not stop the program.
    return flags | O_NONBLOCK | c.random.flags({O_CREAT, O_CREAT, O_APPEND, O_CLOEXEC}) | (c.random.one_in(6) ? O_EXCL : 0) | (c.random.one_in(6) ? O_TRUNC : 0)
        | (c.random.one_in(8) ? O_NOFOLLOW : 0) | (c.random.one_in(8) ? O_DIRECTORY : 0);
}

constexpr long not_direct = ~static_cast<long>(O_DIRECT); // a file system may refuse it

void openat_(Call& c)
{
    Arg at = c.dirfd();
    Arg path = c.path();
    long result = c.go("openat", SYS_openat, at, path, open_flags(c) & not_direct & ~020000L, c.mode());
    if (result > 22)
        raw(SYS_close, result);
}
void open_outside(Call& c)
{
    const char* name = c.random.one_in(2) ? "/dev/null" : c.random.one_in(2) ? "/dev/zero" : "/dev/full";
    char text[16] = {};
    strcpy(text, name);
    c.go("open", SYS_open, Arg(c.in(text, sizeof text), name), O_NONBLOCK | c.random.below(3), 0);
}
void creat_(Call& c)
{
    Arg path = c.path();
    if (!path.text || strcmp(path.text, "p") != 0) // a FIFO would wait for its reader
        c.go("openat_creat", SYS_openat, Arg(AT_FDCWD, "cwd"), path, O_CREAT | O_WRONLY | O_TRUNC | O_NONBLOCK, c.mode());
}
void rename_(Call& c) { c.go("renameat2", SYS_renameat2, c.dirfd(), c.path(), c.dirfd(), c.path(), c.random.one_in(2) ? 0 : c.random.pick({1, 2, 3, 8, 1, 2})); }
void rename_old(Call& c) { c.go("rename", SYS_rename, c.path(), c.path()); }
void link_(Call& c) { c.go("linkat", SYS_linkat, c.dirfd(), c.path(), c.dirfd(), c.path(), c.random.flags({AT_SYMLINK_FOLLOW})); }
void symlink_(Call& c) { Arg target = c.path(); c.go("symlinkat", SYS_symlinkat, target, c.dirfd(), c.path()); }
void readlink_(Call& c) { long n = c.random.one_in(6) ? c.random.pick({0, -1, 1}) : c.random.below(300); Arg p = c.path(); c.go("readlinkat", SYS_readlinkat, c.dirfd(), p, c.out(n), n); }
void unlink_(Call& c) { c.go("unlinkat", SYS_unlinkat, c.dirfd(), c.path(), c.random.one_in(4) ? AT_REMOVEDIR : c.random.one_in(10) ? 1 : 0); }
void mkdir_(Call& c) { c.go("mkdirat", SYS_mkdirat, c.dirfd(), c.path(), c.mode()); }
void rmdir_(Call& c) { c.go("rmdir", SYS_rmdir, c.path()); }
void mknod_(Call& c) { c.go("mknodat", SYS_mknodat, c.dirfd(), c.path(), c.random.pick({S_IFREG, S_IFIFO, S_IFSOCK, 0, S_IFDIR, S_IFLNK, 0170000}) | (c.mode() & 07777), 0); }

void show_stat(Call& c, long at, long result)
{
    if (result != 0 || !(at >= arena && at < edge + page))
        return;
    struct stat s;
    memcpy(&s, reinterpret_cast<void*>(at), sizeof s);
    bool directory = S_ISDIR(s.st_mode);
    bool device = S_ISCHR(s.st_mode); // whose the host's devices are differs
    c.note(" mode %o links %ld uid %d gid %d size %ld", s.st_mode, directory ? -1L : static_cast<long>(s.st_nlink), device ? -1 : s.st_uid, device ? -1 : s.st_gid, directory ? -1L : s.st_size);
    if (S_ISREG(s.st_mode) && s.st_mtim.tv_sec < 1000000000)
        c.note(" mtime %ld.%09ld", s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    memset(reinterpret_cast<void*>(at), 0, sizeof s);
}
void stat_(Call& c)
{
    Arg dir = c.dirfd();
    Arg path = c.path();
    long at = c.out(sizeof(struct stat));
    show_stat(c, at, c.go("newfstatat", SYS_newfstatat, dir, path, at, c.random.flags({AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT})));
}
// Of names outside, only whether they are there.
void stat_outside(Call& c)
{
    Arg path = c.path_to_look_at();
    long at = c.good(sizeof(struct stat));
    c.go("stat", SYS_stat, path, at);
    memset(reinterpret_cast<void*>(at), 0, sizeof(struct stat));
}
void fstat_(Call& c) { int fd = c.fd(); long at = c.out(sizeof(struct stat)); show_stat(c, at, c.go("fstat", SYS_fstat, fd, at)); }
void statx_(Call& c)
{
    Arg dir = c.dirfd();
    Arg path = c.path();
    long at = c.out(sizeof(struct statx));
    long result = c.go("statx", SYS_statx, dir, path, c.random.flags({AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, 0x2000, 0x4000}), c.random.pick({0x7ff, 0xfff, 0, 0x80000000, 1}), at); // the times of the mask are left out: newer kernels make them when asked
    if (result != 0 || !(at >= arena && at < edge + page))
        return;
    struct statx s;
    memcpy(&s, reinterpret_cast<void*>(at), sizeof s);
    bool directory = S_ISDIR(s.stx_mode);
    c.note(" mode %o size %ld mask %x", s.stx_mode, directory ? -1L : static_cast<long>(s.stx_size), s.stx_mask & 0x73f);
    memset(reinterpret_cast<void*>(at), 0, sizeof s);
}
void chmod_(Call& c) { c.go("fchmodat", SYS_fchmodat, c.dirfd(), c.path(), c.mode()); }
void chown_(Call& c) { c.go("fchownat", SYS_fchownat, c.dirfd(), c.path(), c.random.pick({-1, 0, 1000, 65534}), c.random.pick({-1, 0, 1000, 65534}), c.random.flags({AT_SYMLINK_NOFOLLOW})); }
void utimens_(Call& c)
{
    timespec times[2];
    for (timespec& time : times)
        time = {c.random.below(1000000), c.random.one_in(4) ? c.random.pick({UTIME_NOW, UTIME_OMIT, -1, 1000000000}) : c.random.below(1000000000)};
    long at = c.random.one_in(4) ? 0 : c.in(times);
    Arg dir = Arg(AT_FDCWD, "cwd");
    c.go("utimensat", SYS_utimensat, dir, c.path(), at, c.random.flags({AT_SYMLINK_NOFOLLOW}));
}
void access_(Call& c) { c.go("faccessat", SYS_faccessat, c.dirfd(), c.path_to_look_at(), c.random.one_in(10) ? 8 : c.random.below(8)); }
void access2_(Call& c) { c.go("faccessat2", SYS_faccessat2, c.dirfd(), c.path(), c.random.below(8), c.random.flags({AT_EACCESS, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH})); }
void umask_(Call& c) { c.go("umask", SYS_umask, c.mode()); }
void chdir_(Call& c)
{
    char name[8] = {};
    strcpy(name, c.random.one_in(3) ? "d" : c.random.one_in(2) ? "a" : "dl");
    c.go("chdir", SYS_chdir, Arg(c.in(name, sizeof name), name));
}
void fchdir_(Call& c) { c.go("fchdir", SYS_fchdir, c.fd()); }
// The scratch directory has another path in each run: only short buffers, and what is wrong.
void getcwd_(Call& c) { long n = c.random.below(8); c.go("getcwd", SYS_getcwd, c.out(n), n); }

Arg attribute(Call& c)
{
    static const char* const all[] = {"user.a", "user.b", "user.a", "user.", "a", "", "system.nothing", "security.x", "trusted.x", "user"};
    const char* name = all[c.random.below(c.random.one_in(3) ? 10 : 3)];
    char text[32] = {};
    strcpy(text, name);
    return {c.in(text, sizeof text), name};
}
void setxattr_(Call& c)
{
    char value[300];
    memset(value, static_cast<int>(c.step()), sizeof value);
    long n = c.random.one_in(10) ? c.random.pick({65537, -1}) : c.random.below(300);
    Arg path = c.path();
    Arg name = attribute(c);
    c.go("lsetxattr", SYS_lsetxattr, path, name, c.in(value, std::clamp(n, 0L, 300L)), n, c.random.one_in(3) ? c.random.below(5) : 0);
}
void getxattr_(Call& c) { long n = c.random.below(300); Arg path = c.path(); Arg name = attribute(c); c.go("getxattr", SYS_getxattr, path, name, c.out(n), n); }
void removexattr_(Call& c) { Arg path = c.path(); c.go("removexattr", SYS_removexattr, path, attribute(c)); }
void fgetxattr_(Call& c) { long n = c.random.below(300); int fd = c.fd(); Arg name = attribute(c); c.go("fgetxattr", SYS_fgetxattr, fd, name, c.out(n), n); }

// The order of a directory is the file system's: names are sorted, and nothing is read in pieces.
void getdents_(Call& c)
{
    int fd = c.fd();
    raw(SYS_lseek, fd, 0, SEEK_SET);
    long n = c.random.one_in(5) ? c.random.pick({0, 1, 10, 20}) : 8192;
    long at = c.out(n);
    long result = c.go_hidden("getdents64", SYS_getdents64, fd, at, n);
    if (result <= 0)
        return;
    const char* list[64];
    int count = 0;
    for (long i = 0; i < result && count < 64;) {
        auto* entry = reinterpret_cast<char*>(at + i);
        unsigned short bytes;
        memcpy(&bytes, entry + 16, 2);
        list[count++] = entry + 18;
        i += bytes;
    }
    std::sort(list, list + count, [](const char* a, const char* b) { return strcmp(a + 1, b + 1) < 0; });
    for (int i = 0; i < count; ++i)
        c.note(" %d:%.8s", list[i][0], list[i] + 1);
    c.scrub(at, 0, result);
    memset(reinterpret_cast<void*>(at), 0xa5, static_cast<size_t>(result));
}

const Entry steps[] = {{"names", 20, openat_}, {"names", 2, open_outside}, {"names", 3, creat_}, {"names", 6, rename_}, {"names", 3, rename_old}, {"names", 5, link_}, {"names", 4, symlink_},
    {"names", 3, readlink_}, {"names", 6, unlink_}, {"names", 4, mkdir_}, {"names", 2, rmdir_}, {"names", 3, mknod_}, {"names", 6, stat_}, {"names", 2, stat_outside},
    {"names", 4, fstat_}, {"names", 3, statx_}, {"names", 5, chmod_}, {"names", 3, chown_}, {"names", 3, utimens_}, {"names", 3, access_}, {"names", 2, access2_},
    {"names", 1, umask_}, {"names", 1, chdir_}, {"names", 1, fchdir_}, {"names", 1, getcwd_}, {"xattr", 4, setxattr_}, {"xattr", 4, getxattr_}, {"xattr", 2, removexattr_},
    {"xattr", 1, fgetxattr_}, {"names", 3, getdents_}};

}

std::span<const Entry> name_steps() { return steps; }

}
