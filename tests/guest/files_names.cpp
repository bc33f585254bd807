// Names: rename with its flags, links, symbolic links, directories, and every refusal. (man 2 rename, link, unlink)
#include "guest_test.h"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using guest::enter_scratch;
using guest::write_file;

namespace {

std::string list(const char* path)
{
    std::vector<std::string> names;
    DIR* dir = opendir(path);
    expect(dir != nullptr, "opendir");
    while (dirent* entry = readdir(dir))
        names.emplace_back(entry->d_name);
    closedir(dir);
    std::sort(names.begin(), names.end());
    std::string all;
    for (const std::string& name : names)
        all += name + " ";
    return all;
}

int rename_with(const char* from, const char* to, unsigned flags)
{
    return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags));
}

struct stat status_of(const char* path)
{
    struct stat st{};
    expect_ok(lstat(path, &st));
    return st;
}

} // namespace

GUEST_TEST("rename replaces, and an open descriptor keeps the old content")
{
    enter_scratch();
    write_file("a", "new");
    write_file("b", "old");
    int fd = expect_ok(open("b", O_RDONLY));
    expect_ok(rename("a", "b"));
    char buffer[8] = {};
    expect_eq(3, read(fd, buffer, 8));
    expect_eq("old", std::string(buffer));
    expect_eq("new", guest::read_file("b"));
    expect_eq(". .. b ", list("."));
    expect_ok(rename("b", "b"));
}

GUEST_TEST("rename: files and directories, full and empty")
{
    enter_scratch();
    write_file("f", "x");
    mkdir("empty", 0755);
    mkdir("full", 0755);
    write_file("full/x", "x");
    expect_errno(EISDIR, rename("f", "empty"));
    expect_errno(ENOTDIR, rename("empty", "f"));
    expect_errno(ENOTEMPTY, rename("empty", "full"));
    expect_errno(EINVAL, rename("full", "full/inside"));
    expect_errno(ENOENT, rename("missing", "y"));
    expect_errno(ENOTEMPTY, rename("full/x", "full"));
    expect_errno(EBUSY, rename(".", "y"));
    expect_errno(ENOTDIR, rename("f", "g/"));
    expect_ok(rename("full", "empty"));
    expect_eq("x", guest::read_file("empty/x"));
}

GUEST_TEST("RENAME_NOREPLACE and RENAME_EXCHANGE")
{
    enter_scratch();
    write_file("a", "A");
    mkdir("d", 0755);
    expect_errno(EEXIST, rename_with("a", "d", RENAME_NOREPLACE));
    expect_ok(rename_with("a", "b", RENAME_NOREPLACE));
    expect_ok(rename_with("b", "d", RENAME_EXCHANGE));
    expect(S_ISDIR(status_of("b").st_mode), "b is the directory");
    expect_eq("A", guest::read_file("d"));
    expect_errno(ENOENT, rename_with("b", "missing", RENAME_EXCHANGE));
    expect_errno(EINVAL, rename_with("b", "d", RENAME_EXCHANGE | RENAME_NOREPLACE));
    expect_errno(EINVAL, rename_with("b", "d", 0x80));
}

GUEST_TEST("two names of one file are one file: rename does nothing")
{
    enter_scratch();
    write_file("a", "x");
    expect_ok(link("a", "b"));
    expect_ok(rename("a", "b"));
    expect_eq(". .. a b ", list("."));
}

GUEST_TEST("hard links: counts, content, errors")
{
    enter_scratch();
    write_file("a", "x");
    mkdir("d", 0755);
    expect_ok(link("a", "b"));
    expect_eq(2, status_of("a").st_nlink);
    expect(status_of("a").st_ino == status_of("b").st_ino, "one inode");
    write_file("b", "longer");
    expect_eq("longer", guest::read_file("a"));
    expect_ok(unlink("a"));
    expect_eq(1, status_of("b").st_nlink);
    expect_errno(EEXIST, link("b", "d"));
    expect_errno(ENOENT, link("missing", "c"));
    expect_errno(EPERM, link("d", "c"));
    symlink("b", "s");
    expect_ok(link("s", "t"));
    expect(S_ISLNK(status_of("t").st_mode), "link does not follow");
    expect_ok(linkat(AT_FDCWD, "s", AT_FDCWD, "u", AT_SYMLINK_FOLLOW));
    expect(S_ISREG(status_of("u").st_mode), "linkat follows when it is told");
}

GUEST_TEST("unlink: an open file lives on; errors")
{
    enter_scratch();
    write_file("a", "still here");
    int fd = expect_ok(open("a", O_RDWR));
    expect_ok(unlink("a"));
    expect_errno(ENOENT, access("a", F_OK));
    struct stat st{};
    expect_ok(fstat(fd, &st));
    expect_eq(0, st.st_nlink);
    char buffer[16] = {};
    expect_eq(10, read(fd, buffer, 16));
    mkdir("d", 0755);
    expect_errno(EISDIR, unlink("d"));
    expect_errno(ENOENT, unlink("missing"));
    write_file("f", "");
    expect_errno(ENOTDIR, unlink("f/"));
    expect_errno(ENOTDIR, rmdir("f"));
}

GUEST_TEST("mkdir and rmdir")
{
    enter_scratch();
    umask(022);
    expect_ok(mkdir("d", 01777));
    guest::note(status_of("d").st_mode == (S_IFDIR | 01755) ? "01755" : "another mode");
    expect_errno(EEXIST, mkdir("d", 0755));
    expect_errno(ENOENT, mkdir("x/y", 0755));
    expect_ok(mkdir("d/sub/", 0755));
    expect_errno(ENOTEMPTY, rmdir("d"));
    expect_errno(EINVAL, rmdir("d/."));
    expect_errno(ENOTEMPTY, rmdir("d/sub/.."));
    expect_errno(EBUSY, rmdir("/"));
    expect_ok(rmdir("d/sub"));
    expect_ok(rmdir("d"));
    expect_errno(ENOENT, rmdir("d"));
}

GUEST_TEST("a working directory that was removed")
{
    enter_scratch();
    mkdir("gone", 0755);
    expect_ok(chdir("gone"));
    expect_ok(rmdir("../gone"));
    char buffer[100];
    expect_errno(ENOENT, syscall(SYS_getcwd, buffer, 100));
    expect_errno(ENOENT, open("new", O_CREAT | O_RDWR, 0644));
    expect_ok(access(".", F_OK));
    expect_ok(chdir(".."));
}

GUEST_TEST("symbolic links: reading, chains, loops, lengths, trailing slashes")
{
    enter_scratch();
    write_file("f", "through links");
    expect_ok(symlink("f", "s0"));
    for (int i = 1; i <= 41; ++i)
        expect_ok(symlink(("s" + std::to_string(i - 1)).c_str(), ("s" + std::to_string(i)).c_str()));
    expect_eq("through links", guest::read_file("s39"));
    expect_errno(ELOOP, open("s40", O_RDONLY));
    char buffer[4] = {};
    expect_eq(2, readlink("s5", buffer, 4));
    expect_eq("s4", std::string(buffer, 2));
    expect_eq(1, readlink("s5", buffer, 1));
    expect_errno(EINVAL, readlink("f", buffer, 4));
    expect_errno(EINVAL, readlink("s5", buffer, 0));
    expect_errno(EEXIST, symlink("x", "f"));
    expect_errno(ENOENT, symlink("", "empty"));
    expect_errno(ENAMETOOLONG, symlink(std::string(4096, 'x').c_str(), "long"));
    mkdir("d", 0755);
    symlink("d", "to-d");
    expect(S_ISDIR(status_of("to-d/").st_mode), "a slash follows");
    expect_errno(ENOTDIR, rmdir("to-d"));
    expect_eq(2, status_of("s5").st_size);
    symlink("/etc/../etc/./hostname", "abs");
    expect(access("/etc/hostname", F_OK) == access("abs", F_OK), "dots inside a link");
}

GUEST_TEST("getcwd, chdir and fchdir")
{
    enter_scratch();
    mkdir("d", 0755);
    int here = expect_ok(open(".", O_RDONLY));
    char before[4096], after[4096];
    expect(getcwd(before, sizeof before) != nullptr, "getcwd");
    expect_ok(chdir("d"));
    expect(getcwd(after, sizeof after) != nullptr, "getcwd");
    expect_eq(std::string(before) + "/d", std::string(after));
    expect_errno(ERANGE, syscall(SYS_getcwd, after, 3));
    expect_ok(fchdir(here));
    expect(getcwd(after, sizeof after) != nullptr, "getcwd");
    expect_eq(std::string(before), std::string(after));
    write_file("f", "");
    expect_errno(ENOTDIR, chdir("f"));
    expect_errno(ENOENT, chdir("missing"));
}
