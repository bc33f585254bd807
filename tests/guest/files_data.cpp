// The content of files: sparse files, lseek, pread and pwrite, vectors, truncate, fallocate, copies, times.
#include "guest_test.h"

#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

using guest::enter_scratch;
using guest::write_file;

namespace {
constexpr long mega = 1 << 20;
}

GUEST_TEST("lseek: every origin, beyond the end, errors")
{
    enter_scratch();
    write_file("f", "0123456789");
    int fd = expect_ok(open("f", O_RDWR));
    expect_eq(10, lseek(fd, 0, SEEK_END));
    expect_eq(7, lseek(fd, -3, SEEK_CUR));
    expect_eq(1000, lseek(fd, 1000, SEEK_SET));
    char byte;
    expect_eq(0, read(fd, &byte, 1));
    expect_errno(EINVAL, lseek(fd, -1, SEEK_SET));
    expect_errno(EINVAL, lseek(fd, 0, 99));
    expect_errno(ESPIPE, lseek(guest::make_pipe().reader, 0, SEEK_CUR));
    expect_eq(1000, lseek(fd, 0, SEEK_CUR));
    expect_eq(1, write(fd, "x", 1));
    struct stat st{};
    fstat(fd, &st);
    expect_eq(1001, st.st_size);
    expect_eq(1, pread(fd, &byte, 1, 500));
    expect_eq(0, byte);
}

GUEST_TEST("a sparse file: SEEK_DATA and SEEK_HOLE")
{
    enter_scratch();
    int fd = expect_ok(open("f", O_CREAT | O_RDWR, 0644));
    expect_eq(1, pwrite(fd, "x", 1, 4 * mega));
    expect_ok(ftruncate(fd, 8 * mega));
    long data = lseek(fd, 0, SEEK_DATA);
    if (data == 0)
        guest::skip("the file system of $TMPDIR knows no holes");
    expect(data > mega && data <= 4 * mega, "data near 4 MiB");
    expect_eq(0, lseek(fd, 0, SEEK_HOLE));
    long hole = lseek(fd, 4 * mega, SEEK_HOLE);
    expect(hole > 4 * mega && hole < 5 * mega, "a hole after it");
    expect_errno(ENXIO, lseek(fd, hole, SEEK_DATA));
    expect_errno(ENXIO, lseek(fd, 8 * mega, SEEK_DATA));
    expect_errno(ENXIO, lseek(fd, 8 * mega, SEEK_HOLE));
}

GUEST_TEST("truncate: shorter, longer, errors")
{
    enter_scratch();
    write_file("f", "0123456789");
    expect_ok(truncate("f", 4));
    expect_ok(truncate("f", 8));
    expect_eq(std::string("0123\0\0\0\0", 8), guest::read_file("f"));
    expect_errno(EINVAL, truncate("f", -1));
    expect_errno(EISDIR, truncate(".", 0));
    expect_errno(ENOENT, truncate("missing", 0));
    expect_errno(EINVAL, ftruncate(expect_ok(open("f", O_RDONLY)), 0));
    expect_errno(EINVAL, ftruncate(guest::make_pipe().writer, 0));
}

GUEST_TEST("pread, pwrite and their vectors leave the offset alone")
{
    enter_scratch();
    write_file("f", "0123456789");
    int fd = expect_ok(open("f", O_RDWR));
    char a[3] = {}, b[8] = {};
    expect_eq(2, pread(fd, a, 2, 3));
    expect_eq("34", std::string(a));
    iovec in[] = {{a, 2}, {b, 5}};
    expect_eq(5, preadv(fd, in, 2, 5));
    expect_eq("789", std::string(b));
    iovec out[] = {{const_cast<char*>("AB"), 2}, {const_cast<char*>("CD"), 2}};
    expect_eq(4, pwritev(fd, out, 2, 8));
    expect_eq("01234567ABCD", guest::read_file("f"));
    expect_eq(0, lseek(fd, 0, SEEK_CUR));
    expect_errno(EINVAL, pread(fd, a, 1, -1));
    expect_errno(EINVAL, preadv(fd, in, -1, 0));
    expect_eq(4, preadv2(fd, in, 2, 8, 0));
    expect_eq(4, preadv2(fd, in, 2, -1, 0) - 3); // -1: at the offset, which moves
    expect_eq(7, lseek(fd, 0, SEEK_CUR));
    expect_errno(EOPNOTSUPP, preadv2(fd, in, 2, 0, 0x4000));
    iovec wrong[] = {{a, static_cast<size_t>(-1)}, {b, 1}};
    expect_errno(EINVAL, readv(fd, wrong, 2));
}

GUEST_TEST("a read of a directory, a write of nothing, sizes beyond what can be")
{
    enter_scratch();
    char byte = 0;
    int dir = expect_ok(open(".", O_RDONLY));
    expect_errno(EISDIR, read(dir, &byte, 1));
    int fd = expect_ok(open("f", O_CREAT | O_RDWR, 0644));
    expect_eq(0, write(fd, nullptr, 0));
    expect_eq(0, read(fd, nullptr, 0));
    expect_errno(EFAULT, write(fd, nullptr, 1));
    expect_errno(EFAULT, static_cast<long>(syscall(SYS_read, fd, -4096L, 4096)));
    expect_errno(EBADF, read(12345, &byte, 1));
    expect_errno(EBADF, static_cast<long>(syscall(SYS_read, -1, &byte, 1)));
}

GUEST_TEST("fallocate: keeps or grows the size, makes holes")
{
    enter_scratch();
    write_file("f", std::string(3 * 4096, 'd'));
    int fd = expect_ok(open("f", O_RDWR));
    if (fallocate(fd, 0, 0, 20000) == -1 && errno == EOPNOTSUPP)
        guest::skip("the file system of $TMPDIR has no fallocate");
    struct stat st{};
    fstat(fd, &st);
    expect_eq(20000, st.st_size);
    expect_ok(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100000));
    fstat(fd, &st);
    expect_eq(20000, st.st_size);
    expect_ok(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, 4096));
    char byte = 1;
    expect_eq(1, pread(fd, &byte, 1, 4096));
    expect_eq(0, byte);
    expect_eq(1, pread(fd, &byte, 1, 4095));
    expect_eq('d', byte);
    expect_errno(EINVAL, fallocate(fd, 0, 0, 0));
    expect_errno(EINVAL, fallocate(fd, 0, -1, 5));
    expect_errno(EBADF, fallocate(expect_ok(open("f", O_RDONLY)), 0, 0, 1));
    expect_errno(ESPIPE, fallocate(guest::make_pipe().writer, 0, 0, 1));
}

GUEST_TEST("sendfile and copy_file_range")
{
    enter_scratch();
    write_file("f", "0123456789");
    int from = expect_ok(open("f", O_RDONLY));
    auto [reader, writer] = guest::make_pipe();
    off_t at = 4;
    expect_eq(6, sendfile(writer, from, &at, 100));
    expect_eq(10, at);
    char buffer[16] = {};
    expect_eq(6, read(reader, buffer, 16));
    expect_eq("456789", std::string(buffer));
    int to = expect_ok(open("g", O_CREAT | O_RDWR, 0644));
    expect_eq(10, sendfile(to, from, nullptr, 100));
    loff_t in = 2, out = 10;
    long copied = copy_file_range(from, &in, to, &out, 3, 0);
    expect_eq(3, copied);
    expect_eq("0123456789234", guest::read_file("g"));
    expect_errno(EINVAL, copy_file_range(from, &in, to, &out, 3, 1));
}

GUEST_TEST("times: set, kept, moved by writes and changes")
{
    enter_scratch();
    write_file("f", "x");
    timespec times[] = {{1000000000, 123456789}, {1100000000, 5}};
    expect_ok(utimensat(AT_FDCWD, "f", times, 0));
    struct stat st{};
    stat("f", &st);
    expect_eq(1000000000, st.st_atim.tv_sec);
    expect_eq(123456789, st.st_atim.tv_nsec);
    expect_eq(1100000000, st.st_mtim.tv_sec);
    long changed = st.st_ctim.tv_sec;
    expect(changed > 1600000000, "ctime is now");
    times[0] = {0, UTIME_OMIT};
    times[1] = {0, UTIME_NOW};
    expect_ok(utimensat(AT_FDCWD, "f", times, 0));
    stat("f", &st);
    expect_eq(1000000000, st.st_atim.tv_sec);
    expect(st.st_mtim.tv_sec >= changed, "mtime is now");
    times[1] = {0, 1000000000};
    expect_errno(EINVAL, utimensat(AT_FDCWD, "f", times, 0));
    timeval old[] = {{5, 6}, {7, 8}};
    expect_ok(utimes("f", old));
    int fd = expect_ok(open("f", O_WRONLY));
    expect_ok(fstat(fd, &st));
    expect_eq(7, st.st_mtim.tv_sec);
    write(fd, "y", 1);
    fstat(fd, &st);
    expect(st.st_mtim.tv_sec > 1600000000, "a write moves mtime");
    symlink("f", "l");
    times[0] = times[1] = {44, 0};
    expect_ok(utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW));
    lstat("l", &st);
    expect_eq(44, st.st_mtim.tv_sec);
    expect_errno(ENOENT, utimensat(AT_FDCWD, "missing", nullptr, 0));
}

GUEST_TEST("statx tells what stat tells")
{
    enter_scratch();
    write_file("f", "0123456789", 0640);
    struct statx sx{};
    struct stat st{};
    expect_ok(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &sx));
    expect_ok(stat("f", &st));
    expect_eq(st.st_size, sx.stx_size);
    expect_eq(st.st_mode, sx.stx_mode);
    expect_eq(st.st_ino, sx.stx_ino);
    expect_eq(st.st_nlink, sx.stx_nlink);
    expect_eq(st.st_uid, sx.stx_uid);
    expect_eq(st.st_mtim.tv_nsec, sx.stx_mtime.tv_nsec);
    expect_eq(STATX_BASIC_STATS, sx.stx_mask & STATX_BASIC_STATS);
    expect_eq(STATX_MNT_ID, sx.stx_mask & STATX_MNT_ID); // told to whoever asked for the basic ones alone
    expect_errno(EINVAL, statx(AT_FDCWD, "f", 0x40000, STATX_BASIC_STATS, &sx));
    expect_errno(EINVAL, statx(AT_FDCWD, "f", 0, STATX__RESERVED, &sx));
    expect_errno(EFAULT, statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, reinterpret_cast<struct statx*>(8)));
    expect_ok(statx(expect_ok(open("f", O_RDONLY)), "", AT_EMPTY_PATH, STATX_SIZE, &sx));
    expect_eq(10, sx.stx_size);
}

GUEST_TEST("extended attributes: what is refused everywhere")
{
    enter_scratch();
    write_file("f", "x");
    char buffer[16];
    expect_errno(ENOENT, syscall(SYS_getxattr, "missing", "user.a", buffer, 16));
    expect_errno(EOPNOTSUPP, syscall(SYS_getxattr, "f", "nonsense", buffer, 16));
    expect_errno(EOPNOTSUPP, syscall(SYS_setxattr, "f", "nonsense.a", "v", 1, 0));
    expect_errno(ERANGE, syscall(SYS_setxattr, "f", "", "v", 1, 0));
    expect_errno(EINVAL, syscall(SYS_setxattr, "f", "user.a", "v", 1, 99));
    expect_errno(EBADF, syscall(SYS_fgetxattr, 999, "user.a", buffer, 16));
    expect_errno(EFAULT, syscall(SYS_getxattr, "f", 8, buffer, 16));
}
