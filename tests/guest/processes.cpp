// fork and what becomes of children: exit statuses, wait4 and waitid with their options, zombies, orphans.
// (man 2 fork, wait, waitid, prctl)
#include "guest_test.h"

#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using guest::Gate;
using guest::in_child;
using guest::wait_for;

GUEST_TEST("exit statuses keep their low eight bits")
{
    for (int status : {0, 1, 42, 255, 256, 257, -1})
        guest::note(guest::fate_of([=] { return status; }));
}

GUEST_TEST("a child has its own memory and its parent's number")
{
    int value = 1;
    pid_t parent = getpid();
    pid_t child = in_child([&] {
        value = 2;
        return getppid() == parent && getpid() != parent && value == 2 ? 0 : 1;
    });
    expect_eq(0, wait_for(child));
    expect_eq(1, value);
}

GUEST_TEST("an open /proc/PID takes signals as a pidfd does, but not by O_PATH, and no other directory does")
{
    pid_t child = in_child([] {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // nothing stays where a check fails
        for (;;)
            pause();
        return 0;
    });
    std::string name = "/proc/" + std::to_string(child);
    int directory = expect_ok(open(name.c_str(), O_RDONLY | O_DIRECTORY));
    int path = expect_ok(open(name.c_str(), O_PATH));
    int inside = expect_ok(open((name + "/fd").c_str(), O_RDONLY | O_DIRECTORY));
    expect_eq(0, syscall(SYS_pidfd_send_signal, directory, 0, nullptr, 0));
    expect_errno(EBADF, syscall(SYS_pidfd_send_signal, path, 0, nullptr, 0));
    expect_errno(EBADF, syscall(SYS_pidfd_send_signal, inside, 0, nullptr, 0));
    expect_errno(EINVAL, syscall(SYS_pidfd_send_signal, directory, 0, nullptr, 0x100));
    expect_errno(EINVAL, syscall(SYS_pidfd_send_signal, directory, 99, nullptr, 0));
    expect_eq(0, syscall(SYS_pidfd_send_signal, directory, SIGKILL, nullptr, 0));
    int status = 0;
    expect_eq(child, waitpid(child, &status, 0));
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "killed");
    expect_errno(ESRCH, syscall(SYS_pidfd_send_signal, directory, 0, nullptr, 0));
    close(directory);
    close(path);
    close(inside);
}

GUEST_TEST("no child: ECHILD, and waiting twice for one")
{
    int status;
    expect_errno(ECHILD, wait(&status));
    pid_t child = in_child([] { return 0; });
    wait_for(child);
    expect_errno(ECHILD, waitpid(child, &status, 0));
    expect_errno(ECHILD, waitpid(1 << 21, &status, 0));
    expect_errno(EINVAL, waitpid(-1, &status, 0x40));
}

GUEST_TEST("WNOHANG gives 0 while the child runs")
{
    Gate gate;
    pid_t child = in_child([&] {
        gate.wait();
        return 5;
    });
    int status = 0x1234;
    expect_eq(0, waitpid(child, &status, WNOHANG));
    expect_eq(0x1234, status);
    gate.open();
    guest::note(guest::describe(wait_for(child)));
}

GUEST_TEST("WNOWAIT leaves the child to be waited for again")
{
    pid_t child = in_child([] { return 9; });
    for (int i = 0; i < 2; ++i) {
        siginfo_t info{};
        expect_ok(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT));
        expect_eq(child, info.si_pid);
        expect_eq(SIGCHLD, info.si_signo);
        expect_eq(CLD_EXITED, info.si_code);
        expect_eq(9, info.si_status);
        expect_eq(static_cast<int>(getuid()), static_cast<int>(info.si_uid));
    }
    guest::note(guest::describe(wait_for(child)));
}

GUEST_TEST("waitid tells of death by a signal, of stops and of going on")
{
    pid_t child = in_child([] {
        for (;;)
            pause();
        return 0;
    });
    siginfo_t info{};
    kill(child, SIGSTOP);
    expect_ok(waitid(P_PID, static_cast<id_t>(child), &info, WSTOPPED));
    expect_eq(CLD_STOPPED, info.si_code);
    expect_eq(SIGSTOP, info.si_status);
    kill(child, SIGCONT);
    expect_ok(waitid(P_PID, static_cast<id_t>(child), &info, WCONTINUED));
    expect_eq(CLD_CONTINUED, info.si_code);
    expect_eq(SIGCONT, info.si_status);
    kill(child, SIGTERM);
    expect_ok(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED));
    expect_eq(CLD_KILLED, info.si_code);
    expect_eq(SIGTERM, info.si_status);
}

GUEST_TEST("wait4 tells of stops with WUNTRACED and of going on with WCONTINUED")
{
    Gate going_on_was_seen; // a child that has stopped again has no "going on" left to tell
    pid_t child = in_child([&] {
        setpgid(0, 0); // the parent's group may be an orphaned one, which SIGTSTP does not stop
        raise(SIGSTOP);
        going_on_was_seen.wait();
        raise(SIGTSTP);
        return 3;
    });
    int status = 0;
    rusage usage{};
    expect_eq(child, wait4(child, &status, WUNTRACED, &usage));
    guest::note(guest::describe(status));
    kill(child, SIGCONT);
    expect_eq(child, waitpid(child, &status, WCONTINUED));
    guest::note(guest::describe(status));
    going_on_was_seen.open();
    expect_eq(child, waitpid(child, &status, WUNTRACED));
    guest::note(guest::describe(status));
    kill(child, SIGCONT);
    guest::note(guest::describe(wait_for(child)));
}

GUEST_TEST("waitid with WNOHANG and nothing to tell gives zeroes")
{
    Gate gate;
    pid_t child = in_child([&] {
        gate.wait();
        return 0;
    });
    siginfo_t info{};
    info.si_pid = 77;
    info.si_signo = 88;
    expect_eq(0, waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
    expect_eq(0, info.si_pid);
    expect_eq(0, info.si_signo);
    gate.open();
    wait_for(child);
}

GUEST_TEST("waitid's errors")
{
    siginfo_t info{};
    expect_errno(EINVAL, waitid(P_ALL, 0, &info, 0));
    expect_errno(EINVAL, waitid(static_cast<idtype_t>(9), 0, &info, WEXITED));
    expect_errno(ECHILD, waitid(P_ALL, 0, &info, WEXITED));
    expect_errno(EINVAL, waitid(P_PID, 0, &info, WEXITED));
}

GUEST_TEST("children are waited for by process group")
{
    pid_t first = in_child([] {
        setpgid(0, 0);
        return 1;
    });
    setpgid(first, first);
    pid_t second = in_child([] { return 2; });
    int status = 0;
    expect_eq(first, waitpid(-first, &status, 0));
    guest::note(guest::describe(status));
    expect_eq(second, waitpid(0, &status, 0));
    guest::note(guest::describe(status));
}

GUEST_TEST("a zombie can be signalled, and is gone once waited for")
{
    pid_t child = in_child([] { return 0; });
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    expect_eq(0, kill(child, 0));
    expect_eq(0, kill(child, SIGKILL));
    expect_eq(child, getpgid(child) == getpgrp() ? child : 0);
    guest::note(guest::describe(wait_for(child)));
    expect_errno(ESRCH, kill(child, 0));
}

GUEST_TEST("SIGCHLD ignored, or SA_NOCLDWAIT: no zombies, and wait ends with ECHILD")
{
    signal(SIGCHLD, SIG_IGN);
    in_child([] { return 0; });
    int status;
    expect_errno(ECHILD, wait(&status));
    struct sigaction action{};
    action.sa_handler = [](int) {};
    action.sa_flags = SA_NOCLDWAIT | SA_RESTART;
    sigaction(SIGCHLD, &action, nullptr);
    in_child([] { return 0; });
    expect_errno(ECHILD, wait(&status));
}

GUEST_TEST("SIGCHLD carries who and how; SA_NOCLDSTOP keeps stops quiet")
{
    static volatile sig_atomic_t count = 0;
    static siginfo_t last;
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
        count = count + 1;
        last = *info;
    };
    action.sa_flags = SA_SIGINFO | SA_NOCLDSTOP | SA_RESTART;
    sigaction(SIGCHLD, &action, nullptr);
    pid_t child = in_child([] {
        raise(SIGSTOP);
        return 6;
    });
    int status;
    waitpid(child, &status, WUNTRACED);
    expect_eq(0, count);
    kill(child, SIGCONT);
    guest::note(guest::describe(wait_for(child)));
    expect_eq(1, count);
    expect_eq(child, last.si_pid);
    expect_eq(CLD_EXITED, last.si_code);
    expect_eq(6, last.si_status);
}

GUEST_TEST("an orphan goes to the nearest subreaper")
{
    expect_ok(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
    int is = 0;
    expect_ok(prctl(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0));
    expect_eq(1, is);
    pid_t self = getpid();
    Gate gone;
    Gate said;
    pid_t child = in_child([&] {
        in_child([&] {
            gone.wait();
            bool ours = getppid() == self;
            said.open();
            return ours ? 12 : 1;
        });
        return 0;
    });
    wait_for(child);
    gone.open();
    said.wait();
    int status = 0;
    expect(wait(&status) > 0, "the grandchild is ours now");
    guest::note(guest::describe(status));
}

GUEST_TEST("PR_SET_PDEATHSIG comes when the parent ends")
{
    auto [reader, writer] = guest::make_pipe();
    int to = writer;
    Gate ready;
    wait_for(in_child([&] {
        in_child([&] {
            static int out;
            out = to;
            signal(SIGUSR1, [](int) {
                write(out, "told", 4);
                _exit(0);
            });
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            ready.open();
            for (;;)
                pause();
            return 0;
        });
        ready.wait();
        return 0;
    }));
    close(writer);
    char buffer[8] = {};
    expect_eq(4, read(reader, buffer, 8));
    guest::note(buffer);
}

GUEST_TEST("many children, each waited for")
{
    int sum = 0;
    for (int i = 0; i < 60; ++i)
        in_child([=] { return i; });
    int status;
    int count = 0;
    while (wait(&status) > 0) {
        sum += WEXITSTATUS(status);
        ++count;
    }
    expect_eq(60, count);
    guest::note(std::to_string(sum));
}

GUEST_TEST("a chain of forks, each waiting for the next")
{
    std::function<int(int)> next = [&](int depth) {
        if (depth == 0)
            return 0;
        return WEXITSTATUS(wait_for(in_child([&] { return next(depth - 1); }))) + 1;
    };
    guest::note(std::to_string(next(25)));
}

GUEST_TEST("exit_group ends a process at once, exit runs nothing twice")
{
    guest::note(guest::fate_of([] { return static_cast<int>(syscall(SYS_exit_group, 300)); }));
    guest::note(guest::fate_of([] { return static_cast<int>(syscall(SYS_exit, 19)); }));
}
