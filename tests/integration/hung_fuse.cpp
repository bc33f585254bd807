// hung-fuse [--kill] DIRECTORY -- COMMAND…: runs the command, in a mount namespace of its own, beside a FUSE file system on DIRECTORY that
// said hello once and never answers again. Its status is the command's. With --kill the command is killed after two seconds instead,
// and the status is 0 when within ten more nothing that it started is left. 77: FUSE cannot be mounted here.

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr int cannot = 77;
constexpr int failed = 70;

[[noreturn]] void skip(const char* what)
{
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
    std::exit(cannot);
}

void write_text(const char* path, const std::string& text)
{
    std::ofstream(path) << text;
}

/// A mount namespace where we may mount, by a user namespace unless we are root.
void enter_namespace()
{
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(uid == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0)
        skip("no mount namespace can be made");
    if (uid != 0) {
        write_text("/proc/self/setgroups", "deny");
        write_text("/proc/self/uid_map", std::to_string(uid) + " " + std::to_string(uid) + " 1");
        write_text("/proc/self/gid_map", std::to_string(gid) + " " + std::to_string(gid) + " 1");
    }
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        skip("mounts cannot be made private");
}

/// The server's first and last answer.
void say_hello(int fuse)
{
    std::array<char, 65536> request {};
    pollfd ready {fuse, POLLIN, 0};
    if (poll(&ready, 1, 5000) != 1 || read(fuse, request.data(), request.size()) < static_cast<ssize_t>(sizeof(fuse_in_header)))
        skip("FUSE sends no INIT");
    fuse_in_header asked {};
    std::memcpy(&asked, request.data(), sizeof asked);
    struct {
        fuse_out_header header;
        fuse_init_out init;
    } answer {};
    answer.header.len = sizeof answer;
    answer.header.unique = asked.unique;
    answer.init.major = FUSE_KERNEL_VERSION;
    answer.init.minor = 31;
    answer.init.max_write = 65536;
    if (asked.opcode != FUSE_INIT || write(fuse, &answer, sizeof answer) != static_cast<ssize_t>(sizeof answer))
        skip("FUSE does not take the answer to INIT");
}

int mount_hung(const char* directory)
{
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fuse < 0)
        skip("/dev/fuse cannot be opened");
    std::string options = "fd=" + std::to_string(fuse) + ",rootmode=40000,user_id=" + std::to_string(geteuid()) + ",group_id=" + std::to_string(getegid()) + ",allow_other";
    if (mount("hung", directory, "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
        skip("FUSE cannot be mounted");
    say_hello(fuse);
    return fuse;
}

/// Whatever the killed command started is our child now.
int wait_for_rest()
{
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < end) {
        pid_t ended = waitpid(-1, nullptr, WNOHANG);
        if (ended < 0 && errno == ECHILD)
            return 0;
        if (ended == 0)
            usleep(20'000);
    }
    std::fprintf(stderr, "a process is left ten seconds after the kill\n");
    return failed;
}

}

int main(int argc, char** argv)
{
    int at = 1;
    bool kill_it = at < argc && std::strcmp(argv[at], "--kill") == 0;
    at += kill_it ? 1 : 0;
    if (argc < at + 3 || std::strcmp(argv[at + 1], "--") != 0)
        return std::fprintf(stderr, "usage: hung-fuse [--kill] DIRECTORY -- COMMAND…\n"), 2;
    enter_namespace();
    int fuse = mount_hung(argv[at]);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t command = fork();
    if (command == 0) {
        execv(argv[at + 2], argv + at + 2);
        _exit(127);
    }
    int status = 0;
    if (kill_it) {
        sleep(2);
        if (waitpid(command, &status, WNOHANG) != 0)
            return std::fprintf(stderr, "the command had ended already\n"), failed;
        kill(command, SIGKILL);
        status = wait_for_rest();
    } else {
        waitpid(command, &status, 0);
        status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    close(fuse); // whoever still waits gets ENOTCONN
    return status;
}
