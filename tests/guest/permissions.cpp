// Who may do what: modes, owners, sticky directories, umask, access; and what credentials may become.
// Run as root it tries as another user too; run by an ordinary user it tries what it may. (man 7 credentials)
#include "guest_test.h"

#include <fcntl.h>
#include <csignal>
#include <grp.h>
#include <string>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using guest::enter_scratch;
using guest::write_file;

namespace {

constexpr uid_t other = 12345;

bool root()
{
    return geteuid() == 0;
}

void become_other()
{
    expect_ok(setgroups(0, nullptr));
    expect_ok(setresgid(other, other, other));
    expect_ok(setresuid(other, other, other));
}

// As another user where that is possible, else as this one.
std::string as_plain_user(const std::function<int()>& body)
{
    return guest::fate_of([&] {
        if (root())
            become_other();
        return body();
    });
}

} // namespace

GUEST_TEST("modes are kept to, for others than root")
{
    enter_scratch();
    if (root())
        expect_ok(chown(".", other, other));
    guest::note(as_plain_user([] {
        write_file("f", "x", 0000);
        expect_errno(EACCES, open("f", O_RDONLY));
        expect_errno(EACCES, open("f", O_WRONLY));
        chmod("f", 0400);
        expect_ok(open("f", O_RDONLY));
        expect_errno(EACCES, open("f", O_RDWR));
        expect_errno(EACCES, truncate("f", 0));
        chmod("f", 0044); // the owner's bits alone count for the owner
        expect_errno(EACCES, open("f", O_RDONLY));
        return 0;
    }));
}

GUEST_TEST("directories: search, read and write are three rights")
{
    enter_scratch();
    if (root())
        expect_ok(chown(".", other, other));
    guest::note(as_plain_user([] {
        mkdir("d", 0755);
        write_file("d/f", "x");
        chmod("d", 0400);
        expect_ok(open("d", O_RDONLY));
        expect_errno(EACCES, open("d/f", O_RDONLY));
        expect_errno(EACCES, chdir("d"));
        chmod("d", 0100);
        expect_errno(EACCES, open("d", O_RDONLY));
        expect_ok(open("d/f", O_RDONLY));
        expect_errno(EACCES, open("d/new", O_CREAT | O_RDWR, 0644));
        expect_errno(EACCES, unlink("d/f"));
        chmod("d", 0300);
        expect_ok(rename("d/f", "d/g"));
        chmod("d", 0700);
        return 0;
    }));
}

GUEST_TEST("access and faccessat use the real user, eaccess the effective one")
{
    enter_scratch();
    if (root())
        expect_ok(chown(".", other, other));
    guest::note(as_plain_user([] {
        write_file("f", "x", 0600);
        expect_ok(access("f", R_OK | W_OK));
        expect_errno(EACCES, access("f", X_OK));
        expect_errno(ENOENT, access("g", F_OK));
        expect_errno(EINVAL, access("f", 8));
        expect_ok(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
        return 0;
    }));
    if (root()) {
        write_file("closed", "x", 0000);
        expect_ok(access("closed", R_OK | W_OK));
        expect_errno(EACCES, access("closed", X_OK));
        expect_ok(open("closed", O_RDWR));
    } else {
        guest::note("not root");
    }
}

GUEST_TEST("a sticky directory keeps what belongs to others")
{
    enter_scratch();
    if (!root())
        guest::skip("it takes root to make files of two owners");
    mkdir("shared", 0755);
    chmod("shared", 01777);
    write_file("shared/theirs", "x");
    guest::note(as_plain_user([] {
        write_file("shared/mine", "x");
        expect_errno(EPERM, unlink("shared/theirs"));
        expect_errno(EPERM, rename("shared/theirs", "shared/y"));
        expect_errno(EPERM, rename("shared/mine", "shared/theirs"));
        expect_ok(unlink("shared/mine"));
        return 0;
    }));
}

GUEST_TEST("chmod and chown by others: EPERM")
{
    enter_scratch();
    if (!root()) {
        write_file("f", "x");
        expect_errno(EPERM, chown("f", 0, static_cast<gid_t>(-1)));
        expect_ok(chown("f", getuid(), getgid()));
        expect_errno(EPERM, chmod("/", 0755));
        guest::note("not root");
        return;
    }
    write_file("f", "x", 0644);
    guest::note(as_plain_user([] {
        expect_errno(EPERM, chmod("f", 0600));
        expect_errno(EPERM, chown("f", other, other));
        expect_errno(EACCES, open("f", O_WRONLY));
        return 0;
    }));
    struct stat st{};
    expect_ok(chmod("f", 06755));
    expect_ok(chown("f", 7, 8));
    stat("f", &st);
    expect_eq(7, st.st_uid);
    expect_eq(8, st.st_gid);
    expect_eq(0755, st.st_mode & 07777); // chown takes the set-id bits away
}

GUEST_TEST("umask gives the old one back and keeps nine bits")
{
    umask(0);
    expect_eq(0, umask(01777));
    expect_eq(0777, umask(022));
}

GUEST_TEST("credentials: what root may become, and never again")
{
    if (!root()) {
        expect_errno(EPERM, setuid(0));
        expect_errno(EPERM, setresuid(0, 0, 0));
        expect_errno(EPERM, setgid(0));
        expect_errno(EPERM, setgroups(0, nullptr));
        expect_ok(setuid(getuid()));
        expect_ok(setresuid(static_cast<uid_t>(-1), getuid(), static_cast<uid_t>(-1)));
        guest::note("not root");
        return;
    }
    guest::note(guest::fate_of([] {
        expect_ok(setresuid(100, 200, 300));
        uid_t real, effective, saved;
        expect_ok(getresuid(&real, &effective, &saved));
        expect_eq(100, real);
        expect_eq(200, effective);
        expect_eq(300, saved);
        expect_ok(seteuid(300));
        expect_errno(EPERM, seteuid(400));
        expect_errno(EPERM, setuid(0));
        expect_ok(setreuid(static_cast<uid_t>(-1), 100));
        expect_ok(setuid(100));
        return 0;
    }));
    guest::note(guest::fate_of([] {
        expect_ok(setuid(other));
        expect_errno(EPERM, setuid(0));
        uid_t real, effective, saved;
        getresuid(&real, &effective, &saved);
        return real == other && effective == other && saved == other ? 0 : 1;
    }));
}

GUEST_TEST("groups decide, after the owner and before the others")
{
    enter_scratch();
    if (!root())
        guest::skip("it takes root to set groups");
    chmod(".", 0755);
    write_file("f", "x", 0040);
    expect_ok(chown("f", 1, 555));
    guest::note(guest::fate_of([] {
        gid_t groups[] = {555, 666};
        expect_ok(setgroups(2, groups));
        gid_t got[8];
        expect_eq(2, getgroups(8, got));
        expect_errno(EINVAL, getgroups(1, got));
        expect_eq(2, getgroups(0, nullptr));
        expect_ok(setresgid(other, other, other));
        expect_ok(setresuid(other, other, other));
        expect_ok(open("f", O_RDONLY));
        expect_errno(EACCES, open("f", O_WRONLY));
        return 0;
    }));
    write_file("g", "x", 0604);
    expect_ok(chown("g", 1, 555));
    guest::note(guest::fate_of([] {
        gid_t group = 555;
        setgroups(1, &group);
        setresuid(other, other, other);
        expect_errno(EACCES, open("g", O_RDONLY)); // the group's bits, though others' would allow it
        return 0;
    }));
}

GUEST_TEST("a set-group-id directory hands its group on")
{
    enter_scratch();
    if (!root())
        guest::skip("it takes root to give a directory another group");
    mkdir("d", 0755);
    expect_ok(chown("d", 0, 777));
    expect_ok(chmod("d", 02775));
    write_file("d/f", "x");
    mkdir("d/sub", 0755);
    struct stat st{};
    stat("d/f", &st);
    expect_eq(777, st.st_gid);
    stat("d/sub", &st);
    expect_eq(777, st.st_gid);
    expect(st.st_mode & S_ISGID, "the directory inherits the bit");
}

GUEST_TEST("signals cross users for root alone")
{
    if (!root())
        guest::skip("it takes root to have two users");
    guest::note(guest::fate_of([] {
        pid_t target = guest::in_child([] {
            guest::sleep_ms(3000);
            return 0;
        });
        int status = guest::wait_for(guest::in_child([=] {
            become_other();
            expect_errno(EPERM, kill(target, 9));
            expect_errno(EPERM, kill(target, 0));
            return 0;
        }));
        kill(target, 9);
        guest::wait_for(target);
        return status;
    }));
}
