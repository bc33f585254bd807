// execve: what a new program gets and what it loses; scripts; every refusal. (man 2 execve, execveat)
#include "guest_test.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace {

// What a program that was executed sees of itself: run as "exec self-show ...".
int show_self(std::span<char*> arguments)
{
    if (std::string_view(arguments[1]) != "self-show")
        return -1;
    for (char* argument : arguments)
        guest::note("argument " + std::string(argument).substr(0, 40));
    for (char** entry = environ; *entry; ++entry)
        guest::note("environment " + std::string(*entry).substr(0, 40));
    struct sigaction first{}, second{};
    sigaction(SIGUSR1, nullptr, &first);
    sigaction(SIGUSR2, nullptr, &second);
    guest::note(std::string("SIGUSR1 ") + (first.sa_handler == SIG_DFL ? "default" : "set"));
    guest::note(std::string("SIGUSR2 ") + (second.sa_handler == SIG_IGN ? "ignored" : "not ignored"));
    sigset_t mask, pending;
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    sigpending(&pending);
    guest::note("SIGHUP blocked " + std::to_string(sigismember(&mask, SIGHUP)) + ", waiting " + std::to_string(sigismember(&pending, SIGHUP)));
    guest::note("descriptor 50 " + std::string(fcntl(50, F_GETFD) == -1 ? "closed" : "open"));
    guest::note("descriptor 51 " + std::string(fcntl(51, F_GETFD) == -1 ? "closed" : "open"));
    return 17;
}
const guest::SelfModeRegistration self_mode{show_self};

std::string self()
{
    char path[4096] = {};
    expect_ok(readlink("/proc/self/exe", path, sizeof path - 1));
    return path;
}

using Words = std::vector<std::string>;

std::vector<char*> pointers(Words& words)
{
    std::vector<char*> all;
    for (std::string& word : words)
        all.push_back(word.data());
    all.push_back(nullptr);
    return all;
}

void exec_prints(const std::string& path, Words arguments, Words environment)
{
    guest::note(guest::fate_of([&] {
        execve(path.c_str(), pointers(arguments).data(), pointers(environment).data());
        guest::note(guest::errno_name(errno));
        return 126;
    }));
}

void expect_refused(int wanted, const char* path, std::source_location where = std::source_location::current())
{
    char* arguments[] = {const_cast<char*>("x"), nullptr};
    expect_errno(wanted, execve(path, arguments, environ), where);
}

} // namespace

GUEST_TEST("arguments and environment arrive as they were given")
{
    exec_prints(self(), {"any name", "self-show", "", "with space", "äöü"}, {"A=1", "EMPTY=", "odd", "B=x=y"});
}

GUEST_TEST("handlers go back to the default, ignored stays, mask and waiting signals stay")
{
    signal(SIGUSR1, [](int) {});
    signal(SIGUSR2, SIG_IGN);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, nullptr);
    std::string path = self();
    Words arguments{"x", "self-show"};
    Words environment;
    guest::note(guest::fate_of([&] {
        raise(SIGHUP);
        dup2(1, 50);
        dup3(1, 51, O_CLOEXEC);
        return execve(path.c_str(), pointers(arguments).data(), pointers(environment).data());
    }));
}

GUEST_TEST("the process keeps its number, its parent and its working directory")
{
    guest::enter_scratch();
    guest::write_file("here", "found\n");
    guest::note(guest::fate_of([] {
        setenv("WANTED", std::to_string(getpid()).c_str(), 1);
        execl("/bin/sh", "sh", "-c", "cat here; [ $$ = $WANTED ]", nullptr);
        return 1;
    }));
}

GUEST_TEST("scripts: the interpreter gets its one argument, the script's name and the rest")
{
    guest::enter_scratch();
    guest::write_file("plain", "#!/bin/sh\necho \"plain $# $1 $2\"\n", 0755);
    exec_prints("./plain", {"ignored", "one", "two"}, {});
    guest::write_file("option", "#! \t/bin/sh -e\t \nfalse\necho not reached\n", 0755);
    exec_prints("./option", {"x"}, {});
    std::string path = self();
    guest::write_file("words", "#!/bin/echo several words are one\n", 0755);
    exec_prints("./words", {"x", "and more"}, {});
    guest::write_file("no-newline", "#!/bin/echo end", 0755);
    exec_prints("./no-newline", {"x"}, {});
}

GUEST_TEST("scripts that are interpreted by scripts, up to five")
{
    guest::enter_scratch();
    guest::write_file("s1", "#!/bin/echo bottom\n", 0755);
    std::string directory = get_current_dir_name();
    for (int i = 2; i <= 7; ++i)
        guest::write_file(("s" + std::to_string(i)).c_str(), "#!./s" + std::to_string(i - 1) + "\n", 0755);
    for (int i = 3; i <= 7; ++i)
        exec_prints("./s" + std::to_string(i), {"x"}, {});
}

GUEST_TEST("refusals")
{
    guest::enter_scratch();
    expect_refused(ENOENT, "missing");
    expect_refused(ENOENT, "");
    expect_refused(EACCES, ".");
    guest::write_file("data", "not a program\n", 0755);
    expect_refused(ENOEXEC, "data");
    guest::write_file("empty", "", 0755);
    expect_refused(ENOEXEC, "empty");
    guest::write_file("mode", "#!/bin/sh\n", 0644);
    expect_refused(EACCES, "mode");
    expect_refused(ENOTDIR, "data/x");
    guest::write_file("bad-interpreter", "#!/no/such/interpreter\n", 0755);
    expect_refused(ENOENT, "bad-interpreter");
    guest::write_file("no-interpreter", "#!\n", 0755);
    expect_refused(ENOEXEC, "no-interpreter");
    guest::write_file("directory-interpreter", "#!/\n", 0755);
    expect_refused(EACCES, "directory-interpreter");
    symlink("loop", "loop");
    expect_refused(ELOOP, "loop");
    expect_refused(ENAMETOOLONG, std::string(5000, 'x').c_str());
    guest::write_file("short-elf", std::string("\177ELF\2\1\1", 7), 0755);
    expect_refused(ENOEXEC, "short-elf");
    std::string elf32("\177ELF\1\1\1", 7);
    elf32.resize(4096);
    elf32[16] = 2;
    elf32[18] = 40; // ARM
    guest::write_file("arm-elf", elf32, 0755);
    expect_refused(ENOEXEC, "arm-elf");
}

GUEST_TEST("pointers of execve that point nowhere")
{
    char* arguments[] = {const_cast<char*>("x"), nullptr};
    char* wrong[] = {const_cast<char*>("x"), reinterpret_cast<char*>(16), nullptr};
    std::string path = self();
    expect_errno(EFAULT, execve(reinterpret_cast<char*>(16), arguments, environ));
    expect_errno(EFAULT, syscall(SYS_execve, path.c_str(), 16, environ));
    expect_errno(EFAULT, syscall(SYS_execve, path.c_str(), arguments, 16));
    expect_errno(EFAULT, execve(path.c_str(), wrong, environ));
}

GUEST_TEST("too long a list: E2BIG")
{
    std::string path = self();
    Words one{"x", std::string(131073, 'a')};
    expect_errno(E2BIG, execve(path.c_str(), pointers(one).data(), environ));
    Words many(70000, std::string(100, 'b'));
    expect_errno(E2BIG, execve(path.c_str(), pointers(many).data(), environ));
    Words fits{"x", "self-show", std::string(131071, 'c')};
    exec_prints(path, fits, {});
}

GUEST_TEST("a program that is open for writing: ETXTBSY, and the other way round")
{
    guest::enter_scratch();
    guest::write_file("tool", guest::read_file("/bin/true"), 0755);
    int fd = expect_ok(open("tool", O_WRONLY));
    expect_refused(ETXTBSY, "./tool");
    close(fd);
    exec_prints("./tool", {"tool"}, {});
    guest::write_file("waits", guest::read_file("/bin/sleep"), 0755);
    auto [reader, writer] = guest::make_pipe(O_CLOEXEC);
    pid_t child = guest::in_child([] {
        execl("./waits", "waits", "5", nullptr);
        return 1;
    });
    close(writer);
    char byte;
    expect_eq(0, read(reader, &byte, 1)); // closed by the exec
    expect_errno(ETXTBSY, open("waits", O_WRONLY));
    kill(child, SIGKILL);
    guest::wait_for(child);
}

GUEST_TEST("execveat and fexecve")
{
    Words arguments{"by descriptor", "self-show"};
    Words environment{"E=1"};
    int fd = expect_ok(open(self().c_str(), O_PATH | O_CLOEXEC));
    guest::note(guest::fate_of([&] {
        syscall(SYS_execveat, fd, "", pointers(arguments).data(), pointers(environment).data(), AT_EMPTY_PATH);
        guest::note(guest::errno_name(errno));
        return 1;
    }));
    expect_errno(EINVAL, syscall(SYS_execveat, fd, "x", pointers(arguments).data(), environ, 0x7000000));
    expect_errno(ENOENT, syscall(SYS_execveat, fd, "", pointers(arguments).data(), environ, 0));
    guest::enter_scratch();
    symlink("/bin/true", "link");
    expect_errno(ELOOP, syscall(SYS_execveat, AT_FDCWD, "link", pointers(arguments).data(), environ, AT_SYMLINK_NOFOLLOW));
    // A script by a descriptor that closes on exec cannot be read by its interpreter.
    guest::write_file("script", "#!/bin/sh\necho script ran\n", 0755);
    int closing = expect_ok(open("script", O_RDONLY | O_CLOEXEC));
    expect_errno(ENOENT, syscall(SYS_execveat, closing, "", pointers(arguments).data(), environ, AT_EMPTY_PATH));
    guest::note(guest::fate_of([&] {
        int kept = open("script", O_RDONLY);
        return static_cast<int>(syscall(SYS_execveat, kept, "", pointers(arguments).data(), environ, AT_EMPTY_PATH));
    }));
}

GUEST_TEST("execution through links, and the memory of before is gone")
{
    guest::enter_scratch();
    symlink("/bin/echo", "first");
    symlink("first", "second");
    exec_prints("./second", {"name", "by", "links"}, {});
    guest::note(guest::fate_of([] {
        for (int i = 0; i < 64; ++i)
            mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        execl("/bin/sh", "sh", "-c", "exec /bin/sh -c 'exec /bin/echo three programs later'", nullptr);
        return 1;
    }));
}

GUEST_TEST("an empty list of arguments is enough for a program that wants none")
{
    char* none[] = {nullptr};
    guest::note(guest::fate_of([&] { return execve("/bin/true", none, none) == 0 ? 1 : 2; }));
}
