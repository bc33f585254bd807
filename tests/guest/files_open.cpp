// open and openat: flags, errors, modes; dup of nothing is shared but what should be. (man 2 open)
#include "guest_test.h"

#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using guest::enter_scratch;
using guest::write_file;

GUEST_TEST("what each refusal is called")
{
    enter_scratch();
    write_file("file", "x");
    mkdir("dir", 0755);
    symlink("loop", "loop");
    symlink("missing", "dangling");
    expect_errno(ENOENT, open("missing", O_RDONLY));
    expect_errno(ENOENT, open("", O_RDONLY));
    expect_errno(ENOENT, open("missing/x", O_RDONLY | O_CREAT, 0644));
    expect_errno(ENOTDIR, open("file/x", O_RDONLY));
    expect_errno(ENOTDIR, open("file/", O_RDONLY));
    expect_errno(ENOTDIR, open("file", O_RDONLY | O_DIRECTORY));
    expect_errno(EISDIR, open("dir", O_WRONLY));
    expect_errno(EISDIR, open("dir", O_RDWR | O_CREAT, 0644));
    expect_errno(EISDIR, open("new/", O_RDWR | O_CREAT, 0644));
    expect_errno(EEXIST, open("file", O_CREAT | O_EXCL | O_RDWR, 0644));
    expect_errno(EEXIST, open("dangling", O_CREAT | O_EXCL | O_RDWR, 0644));
    expect_errno(ELOOP, open("loop", O_RDONLY));
    expect_errno(ELOOP, open("dangling", O_RDONLY | O_NOFOLLOW));
    expect_errno(ENOENT, open("dangling", O_RDONLY));
    expect_errno(ENAMETOOLONG, open(std::string(256, 'n').c_str(), O_RDONLY));
    expect_errno(ENAMETOOLONG, open((std::string(4095, '/') + "x").c_str(), O_RDONLY));
    expect_errno(EFAULT, open(reinterpret_cast<char*>(16), O_RDONLY));
    expect_errno(EBADF, openat(999, "file", O_RDONLY));
    expect_errno(ENOTDIR, openat(expect_ok(open("file", O_RDONLY)), "x", O_RDONLY));
    expect_errno(EINVAL, open("dir", O_TMPFILE | O_RDONLY, 0600));
}

GUEST_TEST("a dangling link is where O_CREAT makes the file")
{
    enter_scratch();
    symlink("target", "link");
    expect_ok(open("link", O_CREAT | O_WRONLY, 0644));
    expect_ok(access("target", F_OK));
}

GUEST_TEST("O_TRUNC, O_APPEND, and modes of access")
{
    enter_scratch();
    write_file("f", "0123456789");
    char buffer[16] = {};
    int reader = expect_ok(open("f", O_RDONLY));
    expect_errno(EBADF, write(reader, "x", 1));
    int writer = expect_ok(open("f", O_WRONLY));
    expect_errno(EBADF, read(writer, buffer, 1));
    int append = expect_ok(open("f", O_RDWR | O_APPEND));
    expect_eq(0, lseek(append, 0, SEEK_SET));
    expect_eq(3, write(append, "abc", 3));
    expect_eq(13, lseek(append, 0, SEEK_CUR));
    expect_eq(1, pwrite(append, "Z", 1, 0)); // Linux appends here too (man 2 pwrite, BUGS)
    expect_eq("0123456789abcZ", guest::read_file("f"));
    expect_ok(open("f", O_WRONLY | O_TRUNC));
    expect_eq("", guest::read_file("f"));
    expect_eq(O_RDWR | O_APPEND, fcntl(append, F_GETFL) & (O_ACCMODE | O_APPEND));
    expect_eq(O_NOFOLLOW, fcntl(expect_ok(open("f", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)), F_GETFL) & (O_NOFOLLOW | O_CREAT | O_CLOEXEC));
    expect_eq(O_DIRECTORY | O_NOFOLLOW, fcntl(expect_ok(open(".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW)), F_GETFL) & (O_DIRECTORY | O_NOFOLLOW));
    expect_eq(O_TMPFILE, fcntl(expect_ok(open("/dev/shm", O_RDWR | O_TMPFILE, 0600)), F_GETFL) & O_TMPFILE);
}

GUEST_TEST("the mode of a new file, and what the umask takes away")
{
    enter_scratch();
    struct stat st{};
    for (mode_t mask : {0, 022, 077, 0777}) {
        umask(mask);
        unlink("f");
        int fd = expect_ok(open("f", O_CREAT | O_RDWR, 06777));
        expect_ok(fstat(fd, &st));
        char text[32];
        snprintf(text, sizeof text, "%03o: %05o", static_cast<unsigned>(mask), static_cast<unsigned>(st.st_mode & 07777));
        guest::note(text);
        expect_eq(1, write(fd, "x", 1)); // whatever the mode, this descriptor may
        close(fd);
    }
}

GUEST_TEST("descriptors: the lowest free, dup shares the offset, open does not")
{
    enter_scratch();
    write_file("f", "0123456789");
    int first = expect_ok(open("f", O_RDONLY));
    int second = expect_ok(open("f", O_RDONLY));
    expect_eq(first + 1, second);
    close(first);
    expect_eq(first, expect_ok(dup(second)));
    char byte;
    read(first, &byte, 1);
    expect_eq(1, lseek(second, 0, SEEK_CUR));
    int third = expect_ok(open("f", O_RDONLY));
    expect_eq(0, lseek(third, 0, SEEK_CUR));
    pid_t child = guest::in_child([=] { return lseek(second, 5, SEEK_SET) == 5 ? 0 : 1; });
    guest::wait_for(child);
    expect_eq(5, lseek(second, 0, SEEK_CUR)); // shared with the child
}

GUEST_TEST("O_PATH: a place, not a file")
{
    enter_scratch();
    write_file("f", "x", 0000);
    int fd = expect_ok(open("f", O_PATH));
    char byte;
    expect_errno(EBADF, read(fd, &byte, 1));
    expect_errno(EBADF, fchmod(fd, 0600));
    struct stat st{};
    expect_ok(fstat(fd, &st));
    symlink("f", "link");
    int link = expect_ok(open("link", O_PATH | O_NOFOLLOW));
    expect_ok(fstat(link, &st));
    expect(S_ISLNK(st.st_mode), "the link itself");
    char target[8] = {};
    expect_eq(1, readlinkat(link, "", target, 8));
    int dir = expect_ok(open(".", O_PATH | O_DIRECTORY));
    expect_ok(faccessat(dir, "f", F_OK, 0));
}

GUEST_TEST("O_TMPFILE: no name until it gets one")
{
    enter_scratch();
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    if (fd < 0 && errno == EOPNOTSUPP)
        guest::skip("the file system of $TMPDIR has no O_TMPFILE");
    expect_ok(fd);
    expect_eq(5, write(fd, "hello", 5));
    struct stat st{};
    expect_ok(fstat(fd, &st));
    expect_eq(0, st.st_nlink);
    std::string self = "/proc/self/fd/" + std::to_string(fd);
    expect_ok(linkat(AT_FDCWD, self.c_str(), AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    expect_eq("hello", guest::read_file("named"));
}

GUEST_TEST("the *at calls go from their descriptor")
{
    enter_scratch();
    mkdir("d", 0755);
    int dir = expect_ok(open("d", O_RDONLY | O_DIRECTORY));
    int fd = expect_ok(openat(dir, "f", O_CREAT | O_RDWR, 0644));
    expect_eq(1, write(fd, "1", 1));
    expect_ok(mkdirat(dir, "sub", 0755));
    expect_ok(symlinkat("f", dir, "l"));
    expect_ok(linkat(dir, "f", dir, "h", 0));
    expect_ok(renameat(dir, "h", AT_FDCWD, "moved"));
    expect_ok(rename("d", "e")); // the descriptor goes along
    struct stat st{};
    expect_ok(fstatat(dir, "l", &st, AT_SYMLINK_NOFOLLOW));
    expect(S_ISLNK(st.st_mode), "a link");
    expect_ok(fstatat(dir, "", &st, AT_EMPTY_PATH));
    expect(S_ISDIR(st.st_mode), "the directory");
    expect_errno(ENOENT, fstatat(dir, "", &st, 0));
    expect_errno(EINVAL, fstatat(dir, "f", &st, 0x40000));
    expect_ok(unlinkat(dir, "sub", AT_REMOVEDIR));
    expect_errno(EINVAL, unlinkat(dir, "f", 0x40000));
    expect_ok(fchmodat(dir, "f", 0600, 0));
    expect_eq("1", guest::read_file("moved"));
}

GUEST_TEST("too many open files: EMFILE")
{
    rlimit limit{20, 20};
    expect_ok(setrlimit(RLIMIT_NOFILE, &limit));
    int last = -1;
    for (int i = 0; i < 20; ++i) {
        int fd = open("/dev/null", O_RDONLY);
        if (fd < 0)
            break;
        last = fd;
    }
    expect_eq(19, last);
    expect_errno(EMFILE, open("/dev/null", O_RDONLY));
    expect_errno(EMFILE, dup(0));
    expect_errno(EBADF, dup2(0, 20));
    expect_errno(EINVAL, fcntl(0, F_DUPFD, 20));
    int ends[2];
    expect_errno(EMFILE, pipe(ends));
}

GUEST_TEST("F_GETFL shows what open kept, F_SETFL changes its own")
{
    guest::enter_scratch();
    for (int flags : {O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_DIRECTORY | O_CLOEXEC, O_NOATIME, O_PATH, O_PATH | O_CLOEXEC | O_DIRECTORY, O_ASYNC, O_NONBLOCK | O_DIRECTORY, O_TMPFILE | O_RDWR, O_SYNC, O_DSYNC}) {
        int fd = expect_ok(open(".", flags, 0600));
        int shown = fcntl(fd, F_GETFL);
        int set = fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK | O_DIRECTORY);
        guest::note(std::to_string(flags) + ": " + std::to_string(shown) + ", " + std::to_string(set) + " " + std::to_string(fcntl(fd, F_GETFL)));
        expect_ok(close(fd));
    }
    int fd = expect_ok(open("new", O_CREAT | O_EXCL | O_TRUNC | O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW, 0600));
    guest::note(std::to_string(fcntl(fd, F_GETFL)));
}
