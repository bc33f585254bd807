// The frame of guest tests: runs each test in a process of its own and prints one line for it, by plain write(2),
// so that nothing waits in a buffer when a test forks or dies.
#include "guest_test.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace guest {
namespace {

constexpr int status_failed = 99;
constexpr int status_skipped = 77;

struct Test {
    const char* name;
    void (*body)();
};

std::vector<Test>& tests()
{
    static std::vector<Test> all;
    return all;
}

SelfMode self_mode = nullptr;
const char* current = "";
std::string scratch_root;

void put(std::string line)
{
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
        if (written < 0 && errno != EINTR)
            return;
        if (written > 0)
            rest.remove_prefix(static_cast<size_t>(written));
    }
}

int remove_entry(const char* path, const struct stat*, int kind, FTW*)
{
    if (kind == FTW_DP)
        chmod(path, 0700);
    return remove(path);
}

int open_up(const char* path, const struct stat*, int kind, FTW*)
{
    if (kind == FTW_D || kind == FTW_DNR)
        chmod(path, 0700);
    return 0;
}

void remove_scratch(const std::string& root)
{
    if (root.empty() || chdir("/") != 0)
        return;
    nftw(root.c_str(), open_up, 16, FTW_PHYS);
    nftw(root.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

// Everything that tests of one run leave behind lies below one directory.
void make_scratch_root()
{
    const char* base = getenv("TMPDIR");
    std::string pattern = std::string(base && *base ? base : "/tmp") + "/guest.XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr)
        fail("no directory can be made under " + std::string(base ? base : "/tmp") + ": " + errno_name(errno));
    chmod(pattern.c_str(), 0755);
    scratch_root = pattern;
}

int report(const Test& test, int status)
{
    if (status == 0) {
        put(std::string("ok ") + test.name);
        return 0;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == status_skipped)
        return 0;
    put(std::string("FAIL ") + test.name + ": " + describe(status));
    return 1;
}

int run_all()
{
    int failures = 0;
    for (const Test& test : tests()) {
        pid_t child = in_child([&] {
            current = test.name;
            test.body();
            return 0;
        });
        failures += report(test, wait_for(child));
    }
    return failures == 0 ? 0 : 1;
}

int run_one(size_t index)
{
    if (index >= tests().size())
        return 2;
    current = tests()[index].name;
    tests()[index].body();
    return report(tests()[index], 0);
}

} // namespace

Registration::Registration(const char* name, void (*body)())
{
    tests().push_back({name, body});
}

SelfModeRegistration::SelfModeRegistration(SelfMode mode)
{
    self_mode = mode;
}

void note(std::string_view line)
{
    put("  " + std::string(line));
}

void skip(std::string_view reason)
{
    put("skip: " + std::string(current) + ": " + std::string(reason));
    _exit(status_skipped);
}

void fail(std::string_view what, Where where)
{
    std::string_view file = where.file_name();
    file.remove_prefix(file.rfind('/') + 1);
    put("FAIL " + std::string(current) + ": " + std::string(file) + ':' + std::to_string(where.line()) + ": " +
        std::string(what));
    _exit(status_failed);
}

std::string errno_name(int number)
{
    const char* name = strerrorname_np(number);
    return name ? name : "errno " + std::to_string(number);
}

std::string signal_name(int number)
{
    const char* name = sigabbrev_np(number);
    return name ? std::string("SIG") + name : "signal " + std::to_string(number);
}

std::string describe(int status)
{
    if (WIFEXITED(status))
        return "exited " + std::to_string(WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        return "killed by " + signal_name(WTERMSIG(status)) + (WCOREDUMP(status) ? ", core" : "");
    if (WIFSTOPPED(status))
        return "stopped by " + signal_name(WSTOPSIG(status));
    return WIFCONTINUED(status) ? "continued" : "status " + std::to_string(status);
}

pid_t in_child(const std::function<int()>& body, Where where)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork: " + errno_name(errno), where);
    if (child == 0)
        _exit(body());
    return child;
}

int wait_for(pid_t child, Where where)
{
    int status = 0;
    pid_t got = -1;
    do
        got = waitpid(child, &status, 0);
    while (got < 0 && errno == EINTR);
    if (got != child)
        fail("waitpid: " + errno_name(errno), where);
    return status;
}

std::string fate_of(const std::function<int()>& body, Where where)
{
    return describe(wait_for(in_child(body, where), where));
}

void enter_scratch()
{
    std::string pattern = scratch_root + "/t.XXXXXX";
    expect(mkdtemp(pattern.data()) != nullptr, "mkdtemp in the scratch directory");
    expect_ok(chmod(pattern.c_str(), 0755));
    expect_ok(chdir(pattern.c_str()));
}

void write_file(const char* path, std::string_view content, mode_t mode)
{
    int fd = expect_ok(open(path, O_CREAT | O_TRUNC | O_WRONLY, mode));
    expect_eq(content.size(), write(fd, content.data(), content.size()));
    expect_ok(fchmod(fd, mode));
    close(fd);
}

std::string read_file(const char* path)
{
    int fd = expect_ok(open(path, O_RDONLY));
    std::string content;
    std::array<char, 4096> piece;
    ssize_t got = 0;
    while ((got = expect_ok(read(fd, piece.data(), piece.size()))) > 0)
        content.append(piece.data(), static_cast<size_t>(got));
    close(fd);
    return content;
}

Pipe make_pipe(int flags)
{
    std::array<int, 2> ends{};
    expect_ok(pipe2(ends.data(), flags));
    return {ends[0], ends[1]};
}

void Gate::open()
{
    expect_eq(1, write(pipe_.writer, "g", 1));
}

void Gate::wait()
{
    char byte = 0;
    ssize_t got = 0;
    do
        got = read(pipe_.reader, &byte, 1);
    while (got < 0 && errno == EINTR);
    expect_eq(1, got);
}

void sleep_ms(long milliseconds)
{
    timespec left{milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

long page_size()
{
    return sysconf(_SC_PAGESIZE);
}

long now_ms()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

PageEdge::PageEdge()
{
    size_t page = static_cast<size_t>(page_size());
    void* both = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    start_ = static_cast<char*>(expect_mapped(both));
    edge_ = start_ + page;
    expect_ok(mprotect(edge_, page, PROT_NONE));
}

PageEdge::~PageEdge()
{
    munmap(start_, static_cast<size_t>(2 * page_size()));
}

int run_tests(std::span<char*> arguments)
{
    if (self_mode && arguments.size() > 1)
        if (int status = self_mode(arguments); status >= 0)
            return status;
    std::string_view option = arguments.size() > 1 ? arguments[1] : "";
    if (option == "--list") {
        for (const Test& test : tests())
            put(test.name);
        return 0;
    }
    if (!option.empty() && (option != "--only" || arguments.size() != 3)) {
        put("usage: PROGRAM [--list | --only N]");
        return 2;
    }
    make_scratch_root();
    std::string root = scratch_root;
    int status = option.empty() ? run_all() : run_one(strtoul(arguments[2], nullptr, 10));
    remove_scratch(root);
    return status;
}

} // namespace guest

int main(int argc, char** argv)
{
    return guest::run_tests({argv, static_cast<size_t>(argc)});
}
