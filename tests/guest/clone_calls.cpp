// vfork, clone and clone3: what each flag does to a new process, and which combinations are refused. (man 2 clone)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

// The raw call, as fork-like use needs no stack. (x86-64: flags, stack, parent_tid, child_tid, tls)
long raw_clone(unsigned long flags, void* stack = nullptr, int* parent_tid = nullptr, int* child_tid = nullptr)
{
    return syscall(SYS_clone, flags, stack, parent_tid, child_tid, 0);
}

long raw_clone3(clone_args arguments, size_t size = sizeof(clone_args))
{
    return syscall(SYS_clone3, &arguments, size);
}

} // namespace

GUEST_TEST("vfork: the child uses the parent's memory, and the parent waits until it ends")
{
    volatile int value = 1;
    pid_t child = vfork();
    if (child == 0) {
        value = 2;
        _exit(4);
    }
    expect_eq(2, value);
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("vfork: the parent goes on when the child executes")
{
    long began = guest::now_ms();
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/sleep", "sleep", "0.2", nullptr);
        _exit(1);
    }
    expect(guest::now_ms() - began < 190, "the parent does not wait for the program's end");
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("vfork: a failed exec is told by the child")
{
    pid_t child = vfork();
    if (child == 0) {
        execl("/no/such/program", "x", nullptr);
        _exit(errno == ENOENT ? 127 : 1);
    }
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("CLONE_PARENT_SETTID, CLONE_CHILD_SETTID and CLONE_CHILD_CLEARTID")
{
    int parent_tid = 0;
    int child_tid = 0;
    long child = raw_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, nullptr, &parent_tid, &child_tid);
    if (child == 0)
        _exit(child_tid == getpid() && parent_tid == getpid() ? 0 : 1);
    expect_eq(child, parent_tid);
    expect_eq(0, child_tid);
    guest::note(guest::describe(guest::wait_for(static_cast<pid_t>(child))));
}

GUEST_TEST("CLONE_PARENT makes a sibling")
{
    auto [reader, writer] = guest::make_pipe();
    int to = writer;
    pid_t self = getpid();
    pid_t child = guest::in_child([=] {
        long made = raw_clone(CLONE_PARENT | SIGCHLD);
        if (made == 0) {
            bool ours = getppid() == self;
            write(to, ours ? "y" : "n", 1);
            _exit(5);
        }
        int status;
        return made > 0 && waitpid(static_cast<pid_t>(made), &status, 0) == -1 && errno == ECHILD ? 0 : 1;
    });
    expect_eq(0, guest::wait_for(child));
    char answer = 0;
    expect_eq(1, read(reader, &answer, 1));
    expect_eq('y', answer);
    int status;
    expect(wait(&status) > 0, "the sibling is our child");
    guest::note(guest::describe(status));
}

GUEST_TEST("CLONE_FILES shares the table of descriptors, CLONE_FS the working directory and umask")
{
    guest::enter_scratch();
    mkdir("sub", 0755);
    umask(022);
    long child = raw_clone(CLONE_FILES | CLONE_FS | SIGCHLD);
    if (child == 0) {
        int fd = open("/dev/null", O_RDONLY);
        dup2(fd, 50);
        chdir("sub");
        umask(077);
        _exit(0);
    }
    guest::wait_for(static_cast<pid_t>(child));
    expect_ok(fcntl(50, F_GETFD));
    expect_eq(077, umask(0));
    expect_errno(ENOENT, access("sub", F_OK));
    expect_ok(access("../sub", F_OK));
}

GUEST_TEST("without these flags the child has copies")
{
    guest::enter_scratch();
    mkdir("sub", 0755);
    guest::wait_for(guest::in_child([] {
        dup2(0, 50);
        return chdir("sub");
    }));
    expect_errno(EBADF, fcntl(50, F_GETFD));
    expect_ok(access("sub", F_OK));
}

GUEST_TEST("an exit signal of 0 or another than SIGCHLD: waited for with __WALL or __WCLONE alone")
{
    long child = raw_clone(0);
    if (child == 0)
        _exit(3);
    int status = 0;
    guest::sleep_ms(20);
    expect_errno(ECHILD, waitpid(-1, &status, 0));
    expect_eq(child, waitpid(-1, &status, __WCLONE));
    guest::note(guest::describe(status));
    static volatile sig_atomic_t seen = 0;
    signal(SIGUSR2, [](int number) { seen = number; });
    child = raw_clone(SIGUSR2);
    if (child == 0)
        _exit(4);
    expect_eq(child, waitpid(static_cast<pid_t>(child), &status, __WALL));
    guest::note(guest::describe(status));
    expect_eq(SIGUSR2, seen);
}

GUEST_TEST("clone3 makes a process")
{
    clone_args arguments{};
    int tid = 0;
    arguments.exit_signal = SIGCHLD;
    arguments.flags = CLONE_PARENT_SETTID;
    arguments.parent_tid = reinterpret_cast<unsigned long>(&tid);
    long child = raw_clone3(arguments);
    if (child == 0)
        _exit(21);
    expect_eq(child, tid);
    guest::note(guest::describe(guest::wait_for(static_cast<pid_t>(child))));
}

GUEST_TEST("clone3 with CLONE_CLEAR_SIGHAND")
{
    signal(SIGUSR1, [](int) {});
    signal(SIGUSR2, SIG_IGN);
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    arguments.flags = CLONE_CLEAR_SIGHAND;
    long child = raw_clone3(arguments);
    if (child == 0) {
        struct sigaction first{}, second{};
        sigaction(SIGUSR1, nullptr, &first);
        sigaction(SIGUSR2, nullptr, &second);
        _exit(first.sa_handler == SIG_DFL && second.sa_handler == SIG_IGN ? 0 : 1);
    }
    guest::note(guest::describe(guest::wait_for(static_cast<pid_t>(child))));
}

GUEST_TEST("clone3: sizes and flags that are refused")
{
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    expect_errno(EINVAL, raw_clone3(arguments, 8));
    expect_errno(E2BIG, raw_clone3(arguments, 1 << 20));
    arguments.exit_signal = 1000;
    expect_errno(EINVAL, raw_clone3(arguments));
    arguments = {};
    arguments.flags = CLONE_DETACHED;
    expect_errno(EINVAL, raw_clone3(arguments));
    arguments.flags = SIGCHLD;
    expect_errno(EINVAL, raw_clone3(arguments));
    arguments = {};
    arguments.stack = 0x10000;
    expect_errno(EINVAL, raw_clone3(arguments));
    expect_errno(EFAULT, syscall(SYS_clone3, 8, sizeof(clone_args)));
}

GUEST_TEST("clone: combinations that are refused")
{
    expect_errno(EINVAL, raw_clone(CLONE_THREAD | SIGCHLD));
    expect_errno(EINVAL, raw_clone(CLONE_SIGHAND | SIGCHLD));
    expect_errno(EINVAL, raw_clone(CLONE_THREAD | CLONE_SIGHAND));
    expect_errno(EINVAL, raw_clone(CLONE_NEWNS | CLONE_FS | SIGCHLD));
}
