// Reading directories: getdents64 in small pieces, seeks, changes while it is read. (man 2 getdents)
#include "guest_test.h"

#include <algorithm>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <set>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

struct Entry {
    unsigned long ino;
    long next;
    unsigned short length;
    unsigned char type;
    char name[];
};

std::multiset<std::string> read_all(int fd, size_t piece)
{
    std::multiset<std::string> names;
    alignas(8) char buffer[4096];
    for (;;) {
        long got = expect_ok(syscall(SYS_getdents64, fd, buffer, piece));
        if (got == 0)
            return names;
        for (long at = 0; at < got;) {
            auto* entry = reinterpret_cast<Entry*>(buffer + at);
            expect(entry->length % 8 == 0 && entry->length >= 24, "a length that is a multiple of 8");
            names.insert(entry->name);
            at += entry->length;
        }
    }
}

void make_files(int count)
{
    for (int i = 0; i < count; ++i)
        guest::write_file(("file-" + std::to_string(i)).c_str(), "");
}

} // namespace

GUEST_TEST("every name comes once, whatever the size of the pieces")
{
    guest::enter_scratch();
    make_files(200);
    for (size_t piece : {64, 100, 1000, 4096}) {
        int fd = expect_ok(open(".", O_RDONLY | O_DIRECTORY));
        auto names = read_all(fd, piece);
        expect_eq(202, names.size());
        expect_eq(202, std::set<std::string>(names.begin(), names.end()).size());
        expect_eq(0, read_all(fd, piece).size());
        close(fd);
    }
}

GUEST_TEST("too small a buffer: EINVAL; no directory: ENOTDIR; removed: ENOENT")
{
    guest::enter_scratch();
    make_files(1);
    char buffer[64];
    int fd = expect_ok(open(".", O_RDONLY));
    expect_errno(EINVAL, syscall(SYS_getdents64, fd, buffer, 8));
    expect_errno(ENOTDIR, syscall(SYS_getdents64, expect_ok(open("file-0", O_RDONLY)), buffer, 64));
    expect_errno(EBADF, syscall(SYS_getdents64, 999, buffer, 64));
    mkdir("d", 0755);
    int gone = expect_ok(open("d", O_RDONLY));
    rmdir("d");
    expect_errno(ENOENT, syscall(SYS_getdents64, gone, buffer, 64));
}

GUEST_TEST("rewinding, and going back to a place")
{
    guest::enter_scratch();
    make_files(50);
    DIR* dir = opendir(".");
    expect(dir != nullptr, "opendir");
    for (int i = 0; i < 10; ++i)
        readdir(dir);
    long place = telldir(dir);
    std::string next = readdir(dir)->d_name;
    for (int i = 0; i < 20; ++i)
        readdir(dir);
    seekdir(dir, place);
    expect_eq(next, std::string(readdir(dir)->d_name));
    rewinddir(dir);
    int count = 0;
    while (readdir(dir))
        ++count;
    expect_eq(52, count);
    make_files(60);
    rewinddir(dir);
    for (count = 0; readdir(dir); ++count) {
    }
    expect_eq(62, count);
}

GUEST_TEST("what is removed while reading: the rest still comes, once")
{
    guest::enter_scratch();
    make_files(100);
    DIR* dir = opendir(".");
    std::multiset<std::string> seen;
    while (dirent* entry = readdir(dir)) {
        std::string name = entry->d_name;
        seen.insert(name);
        if (name[0] == 'f')
            expect_ok(unlink(name.c_str()));
    }
    expect_eq(102, seen.size());
    expect_ok(chdir("/"));
}

GUEST_TEST("types of entries")
{
    guest::enter_scratch();
    make_files(1);
    mkdir("dir", 0755);
    symlink("x", "link");
    mkfifo("fifo", 0644);
    DIR* dir = opendir(".");
    std::set<std::string> lines;
    while (dirent* entry = readdir(dir))
        lines.insert(std::string(entry->d_name) + " " + std::to_string(entry->d_type));
    for (const std::string& line : lines)
        guest::note(line);
}

GUEST_TEST("d_ino is what stat says, and dot-dot leads up")
{
    guest::enter_scratch();
    mkdir("d", 0755);
    guest::write_file("d/f", "");
    struct stat up{}, file{};
    stat(".", &up);
    stat("d/f", &file);
    DIR* dir = opendir("d");
    int found = 0;
    while (dirent* entry = readdir(dir)) {
        found += entry->d_name == std::string("f") && entry->d_ino == file.st_ino;
        found += entry->d_name == std::string("..") && entry->d_ino == up.st_ino;
    }
    expect_eq(2, found);
}
