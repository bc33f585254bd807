// Ways out of the Sentry, tried one by one.

#include "app/sentry/self_test.h"

#include "engine/boundary/filter.h"
#include "engine/boundary/open_how.h"

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::sentry {

namespace {

std::string lines;
bool all_well = true;

void check(const std::string& name, bool well, const std::string& detail = {})
{
    lines += (well ? "ok " : "FAILED ") + name + (well || detail.empty() ? "" : ": " + detail) + "\n";
    all_well = all_well && well;
}

/// `result` of a libc call: it must have failed with one of the errnos.
void must_fail(const std::string& name, long result, std::initializer_list<int> errnos)
{
    int error = errno;
    bool expected = false;
    for (int candidate : errnos)
        expected = expected || error == candidate;
    check(name, result < 0 && expected, result >= 0 ? "it worked" : std::string("failed with ") + strerrorname_np(error));
}

bool is_empty(int directory, const char* name)
{
    int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    DIR* stream = fdopendir(fd);
    int entries = 0;
    while (dirent* entry = readdir(stream)) {
        if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
            ++entries;
    }
    closedir(stream);
    return entries == 0;
}

void test_files(int root)
{
    must_fail("create a file in the root", openat(root, "ringside-self-test", O_WRONLY | O_CREAT, 0600), {EROFS});
    must_fail("create a file in /tmp", openat(root, "tmp/ringside-self-test", O_WRONLY | O_CREAT, 0600), {EROFS});
    must_fail("open a file for writing", openat(root, "etc/passwd", O_WRONLY), {EROFS, EACCES});
    must_fail("make a directory", mkdirat(root, "tmp/ringside-self-test", 0700), {EROFS});
    must_fail("make a directory beside the root", mkdir("/ringside-self-test", 0700), {EROFS});
    must_fail("the host's /etc from the Sentry's own root", open("/etc", O_PATH), {ENOENT});
    must_fail("/proc", open("/proc/self", O_PATH), {ENOENT});
    for (const char* name : {"proc", "sys", "dev", "run"})
        check(std::string("the host's /") + name + " is covered", is_empty(root, name));
    must_fail("remount writable", mount(nullptr, "/root", nullptr, MS_REMOUNT | MS_BIND, nullptr), {EPERM});
    must_fail("unmount a cover", umount2("/root/proc", MNT_DETACH), {EPERM});
    must_fail("chroot", chroot("/root"), {EPERM});
}

void test_world()
{
    check("process 1 of a pid namespace", getpid() == 1);
    must_fail("signals to anyone else", kill(-1, 0), {ESRCH});
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address {};
    address.sin_family = AF_INET;
    address.sin_port = htons(22);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must_fail("connect to the host's loopback", connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), {ENETUNREACH, EACCES});
    close(fd);
}

void test_privileges(bool one_id)
{
    __user_cap_header_struct header {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct left[2] {};
    // Of root's the one to read is kept; of anybody else's none.
    std::uint32_t most = geteuid() == 0 && !one_id ? std::uint32_t {1} << CAP_DAC_READ_SEARCH : 0;
    check(most != 0 ? "no capability is left but CAP_DAC_READ_SEARCH" : "no capability is left",
        syscall(SYS_capget, &header, left) == 0 && ((left[0].permitted | left[0].effective) & ~most) == 0 && (left[1].permitted | left[1].effective) == 0
            && (left[0].inheritable | left[1].inheritable) == 0);
    check("nothing executed has a capability", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) == (SECURE_ALL_BITS | SECURE_ALL_LOCKS) || geteuid() != 0);
    bool bounded = true;
    for (int capability = 0; capability <= CAP_LAST_CAP; ++capability)
        bounded = bounded && (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) != 1 || geteuid() != 0);
    check("no capability is left in the bounding set", bounded);
    check("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    must_fail("a capability back into the bounding set", prctl(PR_CAPBSET_READ, 64, 0, 0, 0), {EINVAL});
}

/// A host call that the filter must refuse: it fails with EPERM, and was counted.
template<typename... Args>
void must_be_refused(const char* name, long nr, Args... args)
{
    unsigned before = boundary::refused_calls();
    long result = syscall(nr, args...);
    check(std::string("refused: ") + name, result < 0 && errno == EPERM && boundary::refused_calls() == before + 1, "it reached the host");
}

void test_memory_calls()
{
    constexpr std::uintptr_t page = boundary::open_how_address;
    must_be_refused("mmap executable", SYS_mmap, nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must_be_refused("mmap over the open_how page", SYS_mmap, page, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    must_be_refused("mmap below and across the open_how page", SYS_mmap, page - 4096, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    must_be_refused("munmap the open_how page", SYS_munmap, page, 4096);
    must_be_refused("munmap across the open_how page", SYS_munmap, page - 4096, 8192);
    must_be_refused("mprotect the open_how page", SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE);
    must_be_refused("mprotect executable", SYS_mprotect, page + (1 << 20), 4096, PROT_EXEC);
    must_be_refused("mremap", SYS_mremap, page + (1 << 20), 4096, 4096, MREMAP_MAYMOVE);
}

void test_opening()
{
    open_how own {};
    own.flags = O_RDWR;
    must_be_refused("openat2 with a structure of one's own", SYS_openat2, AT_FDCWD, "/", &own, sizeof(own));
    must_be_refused("openat2 for writing", SYS_openat2, AT_FDCWD, "/", boundary::how(boundary::OpenHow::write), sizeof(open_how));
    must_be_refused("openat2 with another size", SYS_openat2, AT_FDCWD, "/", boundary::how(boundary::OpenHow::read), 8);
    must_be_refused("openat2 between two structures", SYS_openat2, AT_FDCWD, "/", reinterpret_cast<std::uintptr_t>(boundary::how(boundary::OpenHow::read)) + 8, sizeof(open_how));
    must_be_refused("open", SYS_open, "/", O_RDONLY);
    must_be_refused("openat", SYS_openat, AT_FDCWD, "/", O_RDONLY);
    must_be_refused("creat", SYS_creat, "/x", 0600);
    must_be_refused("name_to_handle_at", SYS_name_to_handle_at, AT_FDCWD, "/", nullptr, nullptr, 0);
    must_be_refused("open_by_handle_at", SYS_open_by_handle_at, AT_FDCWD, nullptr, O_RDONLY);
}

}

void test_effects(const boundary::HostView& view, bool full)
{
    if (full) {
        test_files(view.root.get());
        test_world();
    } else {
        must_fail("create a file in /tmp", open("/tmp/ringside-self-test", O_WRONLY | O_CREAT, 0600), {EACCES});
        must_fail("open /etc/passwd for writing", open("/etc/passwd", O_WRONLY), {EACCES});
        must_fail("execute a program", execl("/bin/true", "true", nullptr), {EACCES});
    }
    test_privileges(view.one_id);
}

void test_filter()
{
    test_memory_calls();
    test_opening();
    clone_args fork_like {};
    fork_like.exit_signal = SIGCHLD;
    must_be_refused("clone", SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0);
    must_be_refused("clone3", SYS_clone3, &fork_like, sizeof(fork_like));
    must_be_refused("fork", SYS_fork);
    must_be_refused("execve", SYS_execve, "/root/bin/true", nullptr, nullptr);
    must_be_refused("execveat", SYS_execveat, AT_FDCWD, "/root/bin/true", nullptr, nullptr, 0);
    must_be_refused("socket", SYS_socket, AF_INET, SOCK_STREAM, 0);
    must_be_refused("socketpair", SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, nullptr);
    must_be_refused("connect", SYS_connect, 0, nullptr, 0);
    must_be_refused("ptrace", SYS_ptrace, 0, 0, 0, 0);
    must_be_refused("process_vm_readv", SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0);
    must_be_refused("process_vm_writev", SYS_process_vm_writev, 1, nullptr, 0, nullptr, 0, 0);
    must_be_refused("mount", SYS_mount, nullptr, "/", nullptr, 0, nullptr);
    must_be_refused("umount2", SYS_umount2, "/root/proc", 0);
    must_be_refused("open_tree", SYS_open_tree, AT_FDCWD, "/", 0);
    must_be_refused("pivot_root", SYS_pivot_root, ".", ".");
    must_be_refused("unshare", SYS_unshare, CLONE_NEWUSER);
    must_be_refused("setns", SYS_setns, 0, 0);
    must_be_refused("seccomp", SYS_seccomp, 0, 0, nullptr);
    must_be_refused("prctl", SYS_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
    must_be_refused("bpf", SYS_bpf, 0, nullptr, 0);
    must_be_refused("io_uring_setup", SYS_io_uring_setup, 1, nullptr);
    must_be_refused("userfaultfd", SYS_userfaultfd, 0);
    must_be_refused("perf_event_open", SYS_perf_event_open, nullptr, 0, -1, -1, 0);
    must_be_refused("keyctl", SYS_keyctl, 0, 0);
    must_be_refused("setuid", SYS_setuid, 0);
    must_be_refused("capset", SYS_capset, nullptr, nullptr);
    must_be_refused("kill", SYS_kill, 1, 0);
    must_be_refused("chmod", SYS_chmod, "/", 0777);
    must_be_refused("unlink", SYS_unlink, "/x");
    must_be_refused("ioctl TIOCSTI", SYS_ioctl, 0, TIOCSTI, "x");
    must_be_refused("ioctl TIOCSETD", SYS_ioctl, 0, TIOCSETD, nullptr);
    must_be_refused("memfd_create", SYS_memfd_create, "x", 0);
    must_be_refused("pidfd_getfd", SYS_pidfd_getfd, 0, 0, 0);
    must_be_refused("reboot", SYS_reboot, 0, 0, 0, nullptr);
    unsigned before = boundary::refused_calls();
    int status = 0;
    asm volatile("int $0x80" : "=a"(status) : "a"(20) : "memory"); // getpid of i386
    check("refused: i386 system calls", boundary::refused_calls() == before + 1, "it reached the host");
    must_be_refused("x32 numbers", 0x40000000 | SYS_getpid);
}

bool self_test_results(std::string& report)
{
    report = lines;
    return all_well;
}

}
