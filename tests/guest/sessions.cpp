// Process groups and sessions: setpgid, setsid, their errors, signals to groups. (man 2 setpgid, setsid, kill)
#include "guest_test.h"

#include <csignal>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

using guest::Gate;
using guest::in_child;
using guest::wait_for;

GUEST_TEST("a child is in its parent's group and session")
{
    pid_t group = getpgrp();
    pid_t session = getsid(0);
    expect_eq(0, wait_for(in_child([=] { return getpgrp() == group && getsid(0) == session ? 0 : 1; })));
}

GUEST_TEST("setpgid(0, 0) makes a group with the process's number")
{
    expect_eq(0, wait_for(in_child([] { return setpgid(0, 0) == 0 && getpgrp() == getpid() ? 0 : 1; })));
}

GUEST_TEST("setsid makes a session and a group; a group's leader cannot")
{
    guest::note(guest::fate_of([] {
        pid_t session = setsid();
        if (session != getpid() || getsid(0) != getpid() || getpgrp() != getpid())
            return 1;
        return setsid() == -1 && errno == EPERM ? 0 : 2;
    }));
    guest::note(guest::fate_of([] {
        setpgid(0, 0);
        return setsid() == -1 && errno == EPERM ? 0 : 1;
    }));
}

GUEST_TEST("a session's leader cannot change its group")
{
    guest::note(guest::fate_of([] {
        setsid();
        return setpgid(0, 0) == -1 && errno == EPERM ? 0 : 1;
    }));
}

GUEST_TEST("setpgid's errors")
{
    expect_errno(EINVAL, setpgid(0, -1));
    expect_errno(ESRCH, setpgid(1 << 21, 0));
    expect_errno(ESRCH, setpgid(getppid(), 0));
    expect_errno(EPERM, setpgid(0, 1 << 21));
    expect_errno(ESRCH, getpgid(1 << 21));
    expect_errno(ESRCH, getsid(1 << 21));
    Gate gate;
    Gate ready;
    pid_t child = in_child([&] {
        setsid();
        ready.open();
        gate.wait();
        return 0;
    });
    ready.wait();
    expect_errno(EPERM, setpgid(child, 0));
    gate.open();
    wait_for(child);
}

GUEST_TEST("setpgid of a child that has executed: EACCES")
{
    auto [reader, writer] = guest::make_pipe();
    dup2(writer, 9);
    int from = reader;
    pid_t child = in_child([=] {
        close(from);
        execl("/bin/sh", "sh", "-c", "echo ready >&9; exec sleep 5", nullptr);
        return 1;
    });
    char byte;
    expect_eq(1, read(reader, &byte, 1));
    expect_errno(EACCES, setpgid(child, child));
    kill(child, SIGKILL);
    wait_for(child);
}

GUEST_TEST("kill of a group reaches its members and nobody else")
{
    Gate ready;
    auto member = [&](pid_t group) {
        return in_child([&ready, group] {
            setpgid(0, group);
            ready.open();
            for (;;)
                pause();
            return 0;
        });
    };
    pid_t first = member(0);
    ready.wait();
    pid_t second = member(first);
    ready.wait();
    pid_t other = member(0);
    ready.wait();
    expect_ok(kill(-first, SIGTERM));
    guest::note(guest::describe(wait_for(first)));
    guest::note(guest::describe(wait_for(second)));
    expect_eq(0, kill(other, 0));
    expect_ok(killpg(other, SIGINT));
    guest::note(guest::describe(wait_for(other)));
    expect_errno(ESRCH, kill(-first, 0));
}

GUEST_TEST("kill(0) reaches the own group, the sender too")
{
    guest::note(guest::fate_of([] {
        setpgid(0, 0);
        static volatile sig_atomic_t seen = 0;
        signal(SIGUSR1, [](int) { seen = seen + 1; });
        pid_t child = in_child([] {
            while (!seen)
                guest::sleep_ms(1);
            return 8;
        });
        guest::sleep_ms(10);
        kill(0, SIGUSR1);
        return seen == 1 ? WEXITSTATUS(wait_for(child)) : 1;
    }));
}

GUEST_TEST("kill's errors")
{
    expect_errno(EINVAL, kill(getpid(), 65));
    expect_errno(EINVAL, kill(getpid(), -1));
    expect_errno(ESRCH, kill(1 << 21, 0));
}

GUEST_TEST("an orphaned group with a stopped member gets SIGHUP and SIGCONT")
{
    auto [reader, writer] = guest::make_pipe();
    int to = writer;
    wait_for(in_child([=] {
        // The middle process's death orphans the group of its stopped child.
        pid_t child = in_child([=] {
            setpgid(0, 0);
            static int out;
            out = to;
            signal(SIGHUP, [](int) { write(out, "HUP ", 4); });
            signal(SIGCONT, [](int) { write(out, "CONT ", 5); });
            raise(SIGSTOP);
            guest::sleep_ms(20);
            return 0;
        });
        int status;
        waitpid(child, &status, WUNTRACED);
        return 0;
    }));
    close(writer);
    std::string all;
    char buffer[32];
    long got;
    while ((got = read(reader, buffer, sizeof buffer)) > 0)
        all.append(buffer, static_cast<size_t>(got));
    expect(all.find("HUP") != std::string::npos, "SIGHUP came");
    expect(all.find("CONT") != std::string::npos, "SIGCONT came");
}

GUEST_TEST("SIGTTIN and SIGTSTP do not stop an orphaned group")
{
    guest::note(guest::fate_of([] {
        setsid();
        kill(getpid(), SIGTSTP);
        return 11;
    }));
}
