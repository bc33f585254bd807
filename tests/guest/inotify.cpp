// What inotify tells of files and directories. (man 7 inotify)
#include "guest_test.h"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <poll.h>
#include <unistd.h>

namespace {

std::string mask_text(unsigned mask)
{
    static const struct {
        unsigned bit;
        const char* name;
    } names[] = {{IN_ACCESS, "ACCESS"}, {IN_MODIFY, "MODIFY"}, {IN_ATTRIB, "ATTRIB"}, {IN_CLOSE_WRITE, "CLOSE_WRITE"},
        {IN_CLOSE_NOWRITE, "CLOSE_NOWRITE"}, {IN_OPEN, "OPEN"}, {IN_MOVED_FROM, "MOVED_FROM"}, {IN_MOVED_TO, "MOVED_TO"},
        {IN_CREATE, "CREATE"}, {IN_DELETE, "DELETE"}, {IN_DELETE_SELF, "DELETE_SELF"}, {IN_MOVE_SELF, "MOVE_SELF"},
        {IN_IGNORED, "IGNORED"}, {IN_Q_OVERFLOW, "Q_OVERFLOW"}, {IN_ISDIR, "ISDIR"}};
    std::string text;
    for (const auto& [bit, name] : names)
        if (mask & bit)
            text += (text.empty() ? "" : "|") + std::string(name);
    return text;
}

/// Prints what is queued; cookies as numbers of pairs.
void show_events(int fd)
{
    alignas(inotify_event) static char buffer[65536];
    unsigned first = 0;
    ssize_t size = read(fd, buffer, sizeof buffer);
    if (size < 0) {
        guest::note("nothing: " + guest::errno_name(errno));
        return;
    }
    for (char* at = buffer; at < buffer + size;) {
        auto* event = reinterpret_cast<inotify_event*>(at);
        if (event->cookie && !first)
            first = event->cookie;
        std::string line = std::to_string(event->wd) + " " + mask_text(event->mask) + " len " + std::to_string(event->len);
        if (event->len)
            line += std::string(" ") + event->name;
        if (event->cookie)
            line += " move " + std::to_string(event->cookie - first);
        guest::note(line);
        at += sizeof *event + event->len;
    }
}

int instance() { return expect_ok(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); }

} // namespace

GUEST_TEST("a directory tells of files made, written, read, changed and removed in it")
{
    guest::enter_scratch();
    int fd = instance();
    expect_eq(1, inotify_add_watch(fd, ".", IN_ALL_EVENTS));
    guest::write_file("file", "content");
    show_events(fd);
    guest::read_file("file");
    show_events(fd);
    expect_ok(chmod("file", 0600));
    expect_ok(truncate("file", 3));
    expect_ok(utimensat(AT_FDCWD, "file", nullptr, 0));
    expect_ok(link("file", "second"));
    expect_ok(symlink("file", "sym"));
    expect_ok(mkfifo("fifo", 0600));
    expect_ok(mkdir("sub", 0700));
    show_events(fd);
    expect_ok(unlink("second"));
    expect_ok(unlink("file"));
    expect_ok(rmdir("sub"));
    show_events(fd);
    show_events(fd);
}

GUEST_TEST("the file itself: until its last user is gone")
{
    guest::enter_scratch();
    guest::write_file("file", "content");
    int fd = instance();
    expect_eq(1, inotify_add_watch(fd, "file", IN_ALL_EVENTS));
    int file = expect_ok(open("file", O_RDWR));
    expect_eq(1, write(file, "x", 1));
    char byte = 0;
    expect_eq(1, pread(file, &byte, 1, 0));
    expect_ok(unlink("file"));
    show_events(fd);
    expect_ok(ftruncate(file, 0));
    close(file);
    show_events(fd);
    expect_errno(EINVAL, inotify_rm_watch(fd, 1));
    guest::write_file("file", "");
    expect_eq(2, inotify_add_watch(fd, "file", IN_ALL_EVENTS));
    expect_ok(unlink("file"));
    show_events(fd);
}

GUEST_TEST("moves carry a cookie")
{
    guest::enter_scratch();
    expect_ok(mkdir("a", 0700));
    expect_ok(mkdir("b", 0700));
    guest::write_file("a/x", "1");
    guest::write_file("b/y", "2");
    int fd = instance();
    expect_ok(inotify_add_watch(fd, "a", IN_ALL_EVENTS));
    expect_ok(inotify_add_watch(fd, "b", IN_ALL_EVENTS));
    expect_ok(inotify_add_watch(fd, "a/x", IN_ALL_EVENTS));
    expect_ok(inotify_add_watch(fd, "b/y", IN_ALL_EVENTS));
    expect_ok(rename("a/x", "a/z"));
    show_events(fd);
    expect_ok(renameat2(AT_FDCWD, "a/z", AT_FDCWD, "b/y", RENAME_EXCHANGE));
    show_events(fd);
    expect_ok(rename("b/y", "a/z"));
    show_events(fd);
    expect_ok(rename("a", "c"));
    show_events(fd);
}

GUEST_TEST("a directory that goes tells its watch")
{
    guest::enter_scratch();
    expect_ok(mkdir("dir", 0700));
    int fd = instance();
    expect_eq(1, inotify_add_watch(fd, "dir", IN_ALL_EVENTS));
    expect_eq(2, inotify_add_watch(fd, ".", IN_DELETE | IN_CREATE | IN_ONLYDIR));
    expect_ok(rmdir("dir"));
    show_events(fd);
}

GUEST_TEST("one-shot watches, masks added and replaced, equal events")
{
    guest::enter_scratch();
    guest::write_file("f", "");
    int fd = instance();
    expect_eq(1, inotify_add_watch(fd, "f", IN_ATTRIB | IN_ONESHOT));
    expect_ok(chmod("f", 0600));
    expect_ok(chmod("f", 0644));
    show_events(fd);
    int watch = expect_ok(inotify_add_watch(fd, "f", IN_ATTRIB));
    expect_eq(watch, inotify_add_watch(fd, "f", IN_MODIFY | IN_MASK_ADD));
    expect_errno(EEXIST, inotify_add_watch(fd, "f", IN_MODIFY | IN_MASK_CREATE));
    expect_ok(chmod("f", 0600));
    expect_ok(chmod("f", 0600));
    expect_ok(truncate("f", 2));
    show_events(fd);
    expect_eq(watch, inotify_add_watch(fd, "f", IN_MODIFY));
    expect_ok(chmod("f", 0644));
    expect_ok(truncate("f", 0));
    int bytes = 0;
    expect_ok(ioctl(fd, FIONREAD, &bytes));
    expect_eq(16, bytes);
    show_events(fd);
    expect_ok(inotify_rm_watch(fd, watch));
    show_events(fd);
}

GUEST_TEST("IN_EXCL_UNLINK: what was unlinked is silent")
{
    guest::enter_scratch();
    int fd = instance();
    expect_eq(1, inotify_add_watch(fd, ".", IN_MODIFY | IN_EXCL_UNLINK));
    int file = expect_ok(open("f", O_RDWR | O_CREAT, 0600));
    expect_eq(1, write(file, "x", 1));
    expect_ok(unlink("f"));
    show_events(fd);
    expect_eq(1, write(file, "x", 1));
    show_events(fd);
}

GUEST_TEST("a full queue overflows once")
{
    guest::enter_scratch();
    guest::write_file("f", "");
    int fd = instance();
    expect_ok(inotify_add_watch(fd, "f", IN_ATTRIB | IN_MODIFY));
    int limit = std::stoi(guest::read_file("/proc/sys/fs/inotify/max_queued_events"));
    for (int i = 0; i < limit / 2 + 10; ++i) {
        chmod("f", 0600);
        truncate("f", 0);
    }
    long count = 0, overflows = 0;
    alignas(inotify_event) char buffer[4096];
    for (ssize_t size; (size = read(fd, buffer, sizeof buffer)) > 0;) {
        for (char* at = buffer; at < buffer + size; at += sizeof(inotify_event)) {
            auto* event = reinterpret_cast<inotify_event*>(at);
            ++count;
            if (event->mask & IN_Q_OVERFLOW) {
                ++overflows;
                expect_eq(-1, event->wd);
            }
        }
    }
    expect_eq(limit + 1, count);
    expect_eq(1, overflows);
}

GUEST_TEST("blocking reads, poll, and buffers that are too small")
{
    guest::enter_scratch();
    guest::write_file("f", "");
    int fd = expect_ok(inotify_init());
    expect_ok(inotify_add_watch(fd, ".", IN_ATTRIB));
    pollfd poller{fd, POLLIN, 0};
    expect_eq(0, poll(&poller, 1, 0));
    pid_t child = guest::in_child([] {
        guest::sleep_ms(30);
        return chmod("f", 0640);
    });
    expect_eq(1, poll(&poller, 1, 5000));
    char small[20];
    expect_errno(EINVAL, read(fd, small, sizeof small));
    show_events(fd);
    expect_eq(0, guest::wait_for(child));
}

GUEST_TEST("errors")
{
    guest::enter_scratch();
    guest::write_file("f", "");
    int fd = instance();
    expect_errno(EINVAL, inotify_init1(1));
    expect_errno(EINVAL, inotify_add_watch(fd, "f", 0));
    expect_errno(EINVAL, inotify_add_watch(fd, "f", IN_ATTRIB | IN_MASK_ADD | IN_MASK_CREATE));
    expect_errno(EBADF, inotify_add_watch(-1, "f", IN_ATTRIB));
    expect_errno(EINVAL, inotify_add_watch(0, "f", IN_ATTRIB));
    expect_errno(ENOENT, inotify_add_watch(fd, "absent", IN_ATTRIB));
    expect_errno(ENOTDIR, inotify_add_watch(fd, "f", IN_ATTRIB | IN_ONLYDIR));
    expect_errno(EFAULT, inotify_add_watch(fd, reinterpret_cast<const char*>(8), IN_ATTRIB));
    expect_errno(EINVAL, inotify_rm_watch(fd, 1));
    expect_errno(EINVAL, inotify_rm_watch(0, 1));
    expect_errno(EAGAIN, read(fd, &fd, sizeof fd));
}

GUEST_TEST("a user has so many instances and no more, and those that are closed do not count")
{
    int limit = atoi(guest::read_file("/proc/sys/fs/inotify/max_user_instances").c_str());
    int last = -1, made = 0;
    for (int fd; made <= limit && (fd = inotify_init1(0)) >= 0; ++made)
        last = fd;
    expect(made > 1 && made <= limit, "the limit holds"); // others of the user may have some
    expect_errno(EMFILE, inotify_init1(0));
    close(last);
    expect_eq(last, expect_ok(inotify_init1(0)));
}
