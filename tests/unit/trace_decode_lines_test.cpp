// Lines as strace 6.1 printed them (strace -f -y, and -v where it says so), and ours made from the same bytes.
#include "trace/decode/decoder.h"
#include "trace/special_data.h"

#include "vector_source.h"

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>

using namespace ringside::trace;
using namespace ringside::trace::test;
using namespace std::string_literals;

namespace {

constexpr std::uint64_t cwd = static_cast<std::uint64_t>(AT_FDCWD);

std::string line(VectorSource& source, DecodeOptions options = {})
{
    options.align = 0;
    return Decoder(source, options).line(source.events.back()).text;
}

struct KernelAction {
    std::uint64_t handler, flags, restorer, mask;
};

}

TEST_CASE("files")
{
    VectorSource source;
    source.fd_paths = {{-100, "/tmp"}, {3, "/etc/ld.so.cache"}, {9, "/tmp/dec_gen/xx"}, {12, "/tmp/dec_gen"}};
    SECTION("openat")
    {
        Call(source, "openat", {cwd, 0x1000, O_RDONLY | O_CLOEXEC, 0}).path(0x1000, "/etc/ld.so.cache").ret(3);
        CHECK(line(source) == R"(openat(AT_FDCWD</tmp>, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3</etc/ld.so.cache>)");
    }
    SECTION("openat that creates")
    {
        Call(source, "openat", {cwd, 0x1000, O_RDWR | O_CREAT | O_TRUNC, 0644}).path(0x1000, "/tmp/dec_gen/xx").ret(9);
        CHECK(line(source) == R"(openat(AT_FDCWD</tmp>, "/tmp/dec_gen/xx", O_RDWR|O_CREAT|O_TRUNC, 0644) = 9</tmp/dec_gen/xx>)");
    }
    SECTION("a failure, and the column of the result")
    {
        Call(source, "access", {0x1000, R_OK}).path(0x1000, "/etc/ld.so.preload").ret(-ENOENT);
        CHECK(Decoder(source).line(source.events.back()).text == R"(access("/etc/ld.so.preload", R_OK)      = -1 ENOENT (No such file or directory))");
    }
    SECTION("reading bytes")
    {
        Call(source, "read", {9, 0x2000, 832}).out(0x2000, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0"s).ret(832);
        CHECK(line(source) == R"(read(9</tmp/dec_gen/xx>, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0\0\0\0\0\0\0\0\0"..., 832) = 832)");
    }
    SECTION("an octal escape is short unless an octal digit follows")
    {
        Call(source, "write", {9, 0x2000, 8}).in(0x2000, "\0" "8\1" "7\2" "9\0" "a"s).ret(8);
        CHECK(line(source) == R"(write(9</tmp/dec_gen/xx>, "\08\0017\29\0a", 8) = 8)");
    }
    SECTION("a mode is shown where a file may be made")
    {
        Call(source, "openat", {cwd, 0x1000, O_DIRECTORY, 0600}).path(0x1000, "/tmp").ret(-ENOENT);
        CHECK(line(source) == R"(openat(AT_FDCWD</tmp>, "/tmp", O_RDONLY|O_DIRECTORY) = -1 ENOENT (No such file or directory))");
        Call(source, "openat", {cwd, 0x1000, O_TMPFILE | O_RDWR, 0600}).path(0x1000, "/tmp").ret(-ENOENT);
        CHECK(line(source) == R"(openat(AT_FDCWD</tmp>, "/tmp", O_RDWR|O_TMPFILE, 0600) = -1 ENOENT (No such file or directory))");
        open_how how {O_CREAT, 8, 0};
        Call(source, "openat2", {cwd, 0x1000, 0x2000, sizeof how}).path(0x1000, "/tmp").in_as(0x2000, how).ret(-ENOENT);
        CHECK(line(source) == R"(openat2(AT_FDCWD</tmp>, "/tmp", {flags=O_RDONLY|O_CREAT, mode=010, resolve=0}, 24) = -1 ENOENT (No such file or directory))");
        Call(source, "umask", {022}).ret(0);
        CHECK(line(source) == "umask(022) = 000");
    }
    SECTION("writing exactly the limit, and one more")
    {
        Call(source, "write", {9, 0x2000, 32}).in(0x2000, "01234567890123456789012345678901").ret(32);
        CHECK(line(source) == R"(write(9</tmp/dec_gen/xx>, "01234567890123456789012345678901", 32) = 32)");
        Call(source, "write", {9, 0x2000, 33}).in(0x2000, "012345678901234567890123456789012").ret(33);
        CHECK(line(source) == R"(write(9</tmp/dec_gen/xx>, "01234567890123456789012345678901"..., 33) = 33)");
    }
    SECTION("vectors")
    {
        iovec out[2] {{reinterpret_cast<void*>(0x3000), 5}, {reinterpret_cast<void*>(0x4000), 8}};
        Call(source, "writev", {9, 0x2000, 2}).in_as(0x2000, out).in(0x3000, "hello").in(0x4000, "\0\1\2wo9\n\377"s).ret(13);
        CHECK(line(source) == R"(writev(9</tmp/dec_gen/xx>, [{iov_base="hello", iov_len=5}, {iov_base="\0\1\2wo9\n\377", iov_len=8}], 2) = 13)");
        iovec in[2] {{reinterpret_cast<void*>(0x3000), 3}, {reinterpret_cast<void*>(0x4000), 50}};
        Call(source, "readv", {9, 0x2000, 2}).in_as(0x2000, in).out(0x3000, "hel").out(0x4000, "lo\0\1\2wo9\n\377"s).ret(13);
        CHECK(line(source) == R"(readv(9</tmp/dec_gen/xx>, [{iov_base="hel", iov_len=3}, {iov_base="lo\0\1\2wo9\n\377", iov_len=50}], 2) = 13)");
    }
    SECTION("stat, short and with -v")
    {
        struct stat st {};
        st.st_dev = makedev(0xfe, 0);
        st.st_ino = 409610;
        st.st_mode = S_IFREG | 0644;
        st.st_nlink = 1;
        st.st_blksize = 4096;
        st.st_blocks = 96;
        st.st_size = 46923;
        st.st_atim = {1795454444, 872234391};
        st.st_mtim = st.st_ctim = {1795454444, 865885108};
        Call(source, "newfstatat", {3, 0x1000, 0x2000, AT_EMPTY_PATH}).path(0x1000, "").out_as(0x2000, st).ret(0);
        CHECK(line(source) == R"(newfstatat(3</etc/ld.so.cache>, "", {st_mode=S_IFREG|0644, st_size=46923, ...}, AT_EMPTY_PATH) = 0)");
        DecodeOptions verbose;
        verbose.verbose = true;
        CHECK(line(source, verbose) ==
              R"(newfstatat(3</etc/ld.so.cache>, "", {st_dev=makedev(0xfe, 0), st_ino=409610, st_mode=S_IFREG|0644, st_nlink=1, st_uid=0, st_gid=0, st_blksize=4096, st_blocks=96, st_size=46923, st_atime=1795454444 /* 2026-11-23T17:20:44.872234391+0000 */, st_atime_nsec=872234391, st_mtime=1795454444 /* 2026-11-23T17:20:44.865885108+0000 */, st_mtime_nsec=865885108, st_ctime=1795454444 /* 2026-11-23T17:20:44.865885108+0000 */, st_ctime_nsec=865885108}, AT_EMPTY_PATH) = 0)");
    }
    SECTION("a failed stat shows the address")
    {
        Call(source, "stat", {0x1000, 0x7ffc91327f50}).path(0x1000, "/sys/fs/selinux").ret(-ENOENT);
        CHECK(line(source) == R"(stat("/sys/fs/selinux", 0x7ffc91327f50) = -1 ENOENT (No such file or directory))");
    }
    SECTION("a device")
    {
        struct stat st {};
        st.st_mode = S_IFCHR | 0666;
        st.st_rdev = makedev(1, 3);
        Call(source, "newfstatat", {cwd, 0x1000, 0x2000, 0}).path(0x1000, "/dev/null").out_as(0x2000, st).ret(0);
        CHECK(line(source) == R"(newfstatat(AT_FDCWD</tmp>, "/dev/null", {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}, 0) = 0)");
        Call(source, "mknodat", {cwd, 0x1000, S_IFCHR | 0600, makedev(1, 3)}).path(0x1000, "/tmp/cc").ret(0);
        CHECK(line(source) == R"(mknodat(AT_FDCWD</tmp>, "/tmp/cc", S_IFCHR|0600, makedev(0x1, 0x3)) = 0)");
        Call(source, "mknodat", {cwd, 0x1000, S_IFIFO | 0644, 0}).path(0x1000, "/tmp/ff").ret(0);
        CHECK(line(source) == R"(mknodat(AT_FDCWD</tmp>, "/tmp/ff", S_IFIFO|0644) = 0)");
    }
    SECTION("times")
    {
        timespec times[2] {{1, 2}, {0, UTIME_OMIT}};
        Call(source, "utimensat", {cwd, 0x1000, 0x2000, 0}).path(0x1000, "/tmp/xx").in_as(0x2000, times).ret(0);
        CHECK(line(source) == R"(utimensat(AT_FDCWD</tmp>, "/tmp/xx", [{tv_sec=1, tv_nsec=2} /* 1970-01-01T00:00:01.000000002+0000 */, UTIME_OMIT], 0) = 0)");
    }
    SECTION("fcntl in its shapes")
    {
        Call(source, "fcntl", {9, F_GETFL}).ret(0x8002);
        CHECK(line(source) == "fcntl(9</tmp/dec_gen/xx>, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)");
        Call(source, "fcntl", {9, F_SETFD, FD_CLOEXEC}).ret(0);
        CHECK(line(source) == "fcntl(9</tmp/dec_gen/xx>, F_SETFD, FD_CLOEXEC) = 0");
        Call(source, "fcntl", {9, F_GETFD}).ret(1);
        CHECK(line(source) == "fcntl(9</tmp/dec_gen/xx>, F_GETFD) = 0x1 (flags FD_CLOEXEC)");
        Call(source, "fcntl", {9, F_DUPFD, 10}).ret(12);
        CHECK(line(source) == "fcntl(9</tmp/dec_gen/xx>, F_DUPFD, 10) = 12</tmp/dec_gen>");
        Call(source, "fcntl", {9, F_SETFL, O_NONBLOCK}).ret(0);
        CHECK(line(source) == "fcntl(9</tmp/dec_gen/xx>, F_SETFL, O_RDONLY|O_NONBLOCK) = 0");
        struct flock lock {F_WRLCK, SEEK_SET, 0, 0, 0};
        Call(source, "fcntl", {9, F_SETLK, 0x1000}).in_as(0x1000, lock).ret(0);
        CHECK(line(source) == "fcntl(9</tmp/dec_gen/xx>, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=0}) = 0");
    }
    SECTION("small ones")
    {
        Call(source, "fchown", {9, 0xffffffff, 0xffffffff}).ret(0);
        CHECK(line(source) == "fchown(9</tmp/dec_gen/xx>, -1, -1) = 0");
        Call(source, "umask", {022}).ret(022);
        CHECK(line(source) == "umask(022) = 022");
        Call(source, "lseek", {9, 0, SEEK_SET}).ret(0);
        CHECK(line(source) == "lseek(9</tmp/dec_gen/xx>, 0, SEEK_SET) = 0");
        Call(source, "readlink", {0x1000, 0x2000, 50}).path(0x1000, "/proc/self/exe").out(0x2000, "/tmp/dec_gen/x").ret(14);
        CHECK(line(source) == R"(readlink("/proc/self/exe", "/tmp/dec_gen/x", 50) = 14)");
        Call(source, "getcwd", {0x2000, 50}).out(0x2000, "/tmp/dec_gen\0"s).ret(13);
        CHECK(line(source) == R"(getcwd("/tmp/dec_gen", 50) = 13)");
        Call(source, "getrandom", {0x2000, 8, 1}).out(0x2000, "\x42\xb3\x02\xdf\x04\x37\xdd\x91").ret(8);
        CHECK(line(source) == R"(getrandom("\x42\xb3\x02\xdf\x04\x37\xdd\x91", 8, GRND_NONBLOCK) = 8)");
        Call(source, "flock", {9, 2 | 4}).ret(0);
        CHECK(line(source) == "flock(9</tmp/dec_gen/xx>, LOCK_EX|LOCK_NB) = 0");
    }
    SECTION("directories")
    {
        std::string entries;
        for (std::string name : {"."s, "x.c"s}) {
            std::string entry(24, '\0');
            entry[0] = 7;
            entry[16] = 24;
            entry[18] = 8;
            entry.replace(19, name.size(), name);
            entries += entry;
        }
        Call(source, "getdents64", {12, 0x7fffab646010, 4096}).out(0x7fffab646010, entries).ret(48);
        CHECK(line(source) == "getdents64(12</tmp/dec_gen>, 0x7fffab646010 /* 2 entries */, 4096) = 48");
        DecodeOptions verbose;
        verbose.verbose = true;
        CHECK(line(source, verbose) == R"(getdents64(12</tmp/dec_gen>, [{d_ino=7, d_off=0, d_reclen=24, d_type=DT_REG, d_name="."}, {d_ino=7, d_off=0, d_reclen=24, d_type=DT_REG, d_name="x.c"}], 4096) = 48)");
    }
}

TEST_CASE("memory")
{
    VectorSource source;
    source.fd_paths[3] = "/usr/lib/libc.so.6";
    Call(source, "brk", {0}).ret(0x561c2df3e000);
    CHECK(Decoder(source).line(source.events.back()).text == "brk(NULL)                               = 0x561c2df3e000");
    Call(source, "mmap", {0, 8192, 3, 0x22, 0xffffffff, 0}).ret(0x7f8d7bc36000);
    CHECK(line(source) == "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f8d7bc36000");
    Call(source, "mmap", {0x7f8d7ba40000, 1400832, 5, 0x812, 3, 0x26000}).ret(0x7f8d7ba40000);
    CHECK(line(source) == "mmap(0x7f8d7ba40000, 1400832, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, 3</usr/lib/libc.so.6>, 0x26000) = 0x7f8d7ba40000");
    Call(source, "mremap", {0x7f0dc503f000, 4096, 8192, 1, 0}).ret(0x7f0dc503d000);
    CHECK(line(source) == "mremap(0x7f0dc503f000, 4096, 8192, MREMAP_MAYMOVE) = 0x7f0dc503d000");
    Call(source, "madvise", {0, 4096, 4}).ret(-ENOMEM);
    CHECK(line(source) == "madvise(NULL, 4096, MADV_DONTNEED) = -1 ENOMEM (Cannot allocate memory)");
}

TEST_CASE("processes and signals")
{
    VectorSource source;
    source.fd_paths[6] = "pipe:[42017]";
    SECTION("execve")
    {
        std::uint64_t argv[] {0x2000, 0x2100, 0}, envp[] {0x3000, 0x3100, 0};
        Call(source, "execve", {0x1000, 0x1100, 0x1200}).path(0x1000, "/bin/ls").in_as(0x1100, argv).path(0x2000, "/bin/ls").path(0x2100, "-l")
            .in_as(0x1200, envp).path(0x3000, "A=1").path(0x3100, "B=2").ret(0);
        CHECK(line(source) == R"(execve("/bin/ls", ["/bin/ls", "-l"], 0x1200 /* 2 vars */) = 0)");
        DecodeOptions verbose;
        verbose.verbose = true;
        CHECK(line(source, verbose) == R"(execve("/bin/ls", ["/bin/ls", "-l"], ["A=1", "B=2"]) = 0)");
    }
    SECTION("clone, wait4, exit")
    {
        Call(source, "clone", {0x1200011, 0, 0, 0x7f0dc4e4fa10, 0}).ret(12702);
        CHECK(line(source) == "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7f0dc4e4fa10) = 12702");
        Call(source, "wait4", {12702, 0x1000, 0, 0}).out_as(0x1000, 3 << 8).ret(12702);
        CHECK(line(source) == "wait4(12702, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 12702");
        Call(source, "wait4", {12703, 0x1000, 0, 0}).out_as(0x1000, SIGTERM).ret(12703);
        CHECK(line(source) == "wait4(12703, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}], 0, NULL) = 12703");
        Call(source, "wait4", {12705, 0x7fffab64754c, WNOHANG | WUNTRACED, 0}).ret(0);
        CHECK(line(source) == "wait4(12705, 0x7fffab64754c, WNOHANG|WSTOPPED, NULL) = 0");
        Call(source, "exit_group", {3});
        CHECK(line(source) == "exit_group(3) = ?");
        struct {
            std::uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
        } args {0, 0, 0, 0, SIGCHLD, 0, 0, 0, 0, 0, 0};
        Call(source, "clone3", {0x1000, 88}).in_as(0x1000, args).ret(12705);
        CHECK(line(source) == "clone3({flags=0, exit_signal=SIGCHLD, stack=NULL, stack_size=0}, 88) = 12705");
    }
    SECTION("masks and actions")
    {
        KernelAction action {0x5559623e5859, 0x14000000, 0x7f0dc4e8e050, 1ULL << (SIGUSR1 - 1)};
        Call(source, "rt_sigaction", {SIGALRM, 0x1000, 0, 8}).in_as(0x1000, action).ret(0);
        CHECK(line(source) == "rt_sigaction(SIGALRM, {sa_handler=0x5559623e5859, sa_mask=[USR1], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x7f0dc4e8e050}, NULL, 8) = 0");
        std::uint64_t all = ~0x180000000ULL;
        Call(source, "rt_sigprocmask", {SIG_BLOCK, 0x1000, 0, 8}).in_as(0x1000, all).ret(0);
        CHECK(line(source) == "rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], NULL, 8) = 0");
        std::uint64_t some = 1ULL << (SIGINT - 1) | 1ULL << (SIGCHLD - 1) | 1ULL << 34, old = all & ~(1ULL << 8 | 1ULL << 18);
        Call(source, "rt_sigprocmask", {SIG_SETMASK, 0x1000, 0x1008, 8}).in_as(0x1000, some).out_as(0x1008, old).ret(0);
        CHECK(line(source) == "rt_sigprocmask(SIG_SETMASK, [INT CHLD RT_3], ~[KILL STOP RTMIN RT_1], 8) = 0");
        Call(source, "kill", {12703, SIGTERM}).ret(0);
        CHECK(line(source) == "kill(12703, SIGTERM) = 0");
        Call(source, "read", {6, 0x7fffab64758f, 1}).ret(-512);
        CHECK(line(source) == "read(6<pipe:[42017]>, 0x7fffab64758f, 1) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)");
    }
    SECTION("delivered signals and ends")
    {
        Event signal;
        signal.kind = EventKind::signal;
        signal.nr = SIGSEGV;
        signal.args = {SEGV_MAPERR, 0, 0x10};
        source.add(signal);
        CHECK(line(source) == "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10} ---");
        signal.nr = SIGCHLD;
        signal.args = {CLD_EXITED, 0, 0};
        EventId id = source.add(signal).id;
        siginfo_t info {};
        info.si_signo = SIGCHLD;
        info.si_code = CLD_EXITED;
        info.si_pid = 12702;
        info.si_status = 3;
        DataChunk chunk;
        chunk.direction = Direction::out;
        chunk.address = 0x7000;
        chunk.length = sizeof info;
        chunk.bytes.resize(sizeof info);
        std::memcpy(chunk.bytes.data(), &info, sizeof info);
        source.chunks[id].push_back(chunk);
        CHECK(line(source) == "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=12702, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---");
        chunk.bytes.insert(chunk.bytes.begin(), 312, std::byte {});
        chunk.length = chunk.bytes.size();
        id = source.add(signal).id;
        source.chunks[id].push_back(chunk); // in the frame of a handler
        CHECK(line(source) == "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=12702, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---");
        chunk.bytes.erase(chunk.bytes.begin(), chunk.bytes.begin() + 312);
        chunk.length = chunk.bytes.size();
        chunk.direction = Direction::in;
        chunk.address = 0;
        chunk.arg = data_arg_siginfo;
        id = source.add(signal).id;
        source.chunks[id].push_back(chunk); // the handler takes no siginfo
        CHECK(line(source) == "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=12702, si_uid=0, si_status=3, si_utime=0, si_stime=0} ---");
        std::array<std::uint64_t, 38> ucontext {};
        ucontext.back() = 1ULL << (SIGUSR1 - 1);
        Call(source, "rt_sigreturn", {}).in_as(0x7ffd0000, ucontext).ret(0);
        CHECK(line(source) == "rt_sigreturn({mask=[USR1]}) = 0");
        Event exit;
        exit.kind = EventKind::exit;
        exit.flags = event_flag::has_ret;
        source.add(exit);
        CHECK(line(source) == "+++ exited with 0 +++");
        exit.ret = SIGSEGV | 0x80;
        source.add(exit);
        CHECK(line(source) == "+++ killed by SIGSEGV (core dumped) +++");
    }
    SECTION("limits, names, usage")
    {
        rlimit limit {8192 * 1024, RLIM_INFINITY};
        Call(source, "prlimit64", {0, RLIMIT_STACK, 0, 0x1000}).out_as(0x1000, limit).ret(0);
        CHECK(line(source) == "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0");
        utsname name {};
        std::strcpy(name.sysname, "Linux");
        std::strcpy(name.nodename, "vm");
        Call(source, "uname", {0x1000}).out_as(0x1000, name).ret(0);
        CHECK(line(source) == R"(uname({sysname="Linux", nodename="vm", ...}) = 0)");
        rusage usage {};
        usage.ru_utime = {0, 1664};
        Call(source, "getrusage", {0, 0x1000}).out_as(0x1000, usage).ret(0);
        CHECK(line(source) == "getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0, tv_usec=1664}, ru_stime={tv_sec=0, tv_usec=0}, ...}) = 0");
        Call(source, "sched_getaffinity", {0, 128, 0x1000}).out(0x1000, "\3"s + std::string(31, '\0')).ret(32);
        CHECK(line(source) == "sched_getaffinity(0, 128, [0 1]) = 32");
        Call(source, "prctl", {15, 0x1000, 1, 2, 3}).path(0x1000, "abc").ret(0);
        CHECK(line(source) == R"(prctl(PR_SET_NAME, "abc") = 0)");
        Call(source, "prctl", {38, 1, 0, 0, 0}).ret(0);
        CHECK(line(source) == "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0");
        Call(source, "arch_prctl", {0x1002, 0x7f8d7b97ec40}).ret(0);
        CHECK(line(source) == "arch_prctl(ARCH_SET_FS, 0x7f8d7b97ec40) = 0");
        Call(source, "rseq", {0x7f8d7b97f560, 0x20, 0, 0x53053053}).ret(-ENOSYS);
        CHECK(line(source) == "rseq(0x7f8d7b97f560, 0x20, 0, 0x53053053) = -1 ENOSYS (Function not implemented)");
    }
}

TEST_CASE("waiting")
{
    VectorSource source;
    source.fd_paths = {{3, "pipe:[1]"}, {4, "pipe:[1]"}, {7, "anon_inode:[eventpoll]"}};
    SECTION("poll tells what came of it")
    {
        pollfd before[2] {{3, POLLIN, 0}, {4, POLLOUT, 0}}, after[2] {{3, POLLIN, 0}, {4, POLLOUT, POLLOUT}};
        Call(source, "poll", {0x1000, 2, 100}).in_as(0x1000, before).out_as(0x1000, after).ret(1);
        CHECK(line(source) == "poll([{fd=3<pipe:[1]>, events=POLLIN}, {fd=4<pipe:[1]>, events=POLLOUT}], 2, 100) = 1 ([{fd=4<pipe:[1]>, revents=POLLOUT}])");
        Call(source, "poll", {0x1000, 1, 1}).in_as(0x1000, before[0]).ret(0);
        CHECK(line(source) == "poll([{fd=3<pipe:[1]>, events=POLLIN}], 1, 1) = 0 (Timeout)");
    }
    SECTION("select")
    {
        std::uint64_t set = 1 << 4;
        timeval before {1, 0}, after {0, 999998};
        Call(source, "select", {5, 0, 0x1000, 0, 0x2000}).in_as(0x1000, set).in_as(0x2000, before).out_as(0x1000, set).out_as(0x2000, after).ret(1);
        CHECK(line(source) == "select(5, NULL, [4<pipe:[1]>], NULL, {tv_sec=1, tv_usec=0}) = 1 (out [4<pipe:[1]>], left {tv_sec=0, tv_usec=999998})");
    }
    SECTION("epoll")
    {
        epoll_event event {EPOLLOUT | EPOLLET, {}};
        event.data.u64 = 0x1234;
        Call(source, "epoll_ctl", {7, 1, 4, 0x1000}).in_as(0x1000, event).ret(0);
        CHECK(line(source) == "epoll_ctl(7<anon_inode:[eventpoll]>, EPOLL_CTL_ADD, 4<pipe:[1]>, {events=EPOLLOUT|EPOLLET, data={u32=4660, u64=4660}}) = 0");
        event.events = EPOLLOUT;
        Call(source, "epoll_wait", {7, 0x1000, 1, 10}).out_as(0x1000, event).ret(1);
        CHECK(line(source) == "epoll_wait(7<anon_inode:[eventpoll]>, [{events=EPOLLOUT, data={u32=4660, u64=4660}}], 1, 10) = 1");
    }
    SECTION("futex")
    {
        Call(source, "futex", {0x7fffab645cec, 0, 2, 0}).ret(-EAGAIN);
        CHECK(line(source) == "futex(0x7fffab645cec, FUTEX_WAIT, 2, NULL) = -1 EAGAIN (Resource temporarily unavailable)");
        timespec until {0, 980012604};
        Call(source, "futex", {0x7fffab645cec, 9 | 128 | 256, 1, 0x1000, 0, 0xffffffff}).in_as(0x1000, until).ret(-ETIMEDOUT);
        CHECK(line(source).starts_with("futex(0x7fffab645cec, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 1, {tv_sec=0, tv_nsec=980012604},"));
        Call(source, "futex", {0x7f8d7bbeea4c, 129, 2147483647}).ret(0);
        CHECK(line(source) == "futex(0x7f8d7bbeea4c, FUTEX_WAKE_PRIVATE, 2147483647) = 0");
    }
    SECTION("a blocked call in two halves")
    {
        Call call(source, "wait4", {12702, 0x1000, 0, 0});
        call.out_as(0x1000, 0).ret(12702);
        Decoder decoder(source);
        CHECK(decoder.unfinished(call.event()).text == "wait4(12702,  <unfinished ...>");
        CHECK(decoder.resumed(call.event()).text == "<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 12702");
        Call kill(source, "kill", {12703, SIGTERM});
        kill.ret(0);
        CHECK(decoder.unfinished(kill.event()).text == "kill(12703, SIGTERM <unfinished ...>");
        CHECK(decoder.resumed(kill.event()).text == "<... kill resumed>)                     = 0");
    }
}

TEST_CASE("sockets")
{
    VectorSource source;
    source.fd_paths = {{13, "socket:[42023]"}, {14, "socket:[42024]"}, {16, "socket:[42028]"}, {18, "socket:[42032]"}, {9, "/tmp/xx"}};
    SECTION("making them")
    {
        Call(source, "socket", {AF_INET, SOCK_STREAM, IPPROTO_TCP}).ret(16);
        CHECK(line(source) == "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 16<socket:[42028]>");
        Call(source, "socket", {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0}).ret(13);
        CHECK(line(source) == "socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0) = 13<socket:[42023]>");
        int pair[2] {13, 14};
        Call(source, "socketpair", {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0x1000}).out_as(0x1000, pair).ret(0);
        CHECK(line(source) == "socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [13<socket:[42023]>, 14<socket:[42024]>]) = 0");
    }
    SECTION("addresses")
    {
        sockaddr_un un {AF_UNIX, "/var/run/nscd/socket"};
        Call(source, "connect", {13, 0x1000, 110}).in_as(0x1000, un).ret(-ENOENT);
        CHECK(line(source) == R"(connect(13<socket:[42023]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory))");
        Call(source, "bind", {13, 0x1000, 6}).in(0x1000, "\1\0\0abc"s).ret(0);
        CHECK(line(source) == R"(bind(13<socket:[42023]>, {sa_family=AF_UNIX, sun_path=@"abc"}, 6) = 0)");
        sockaddr_in in {};
        in.sin_family = AF_INET;
        in.sin_port = htons(45234);
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        Call(source, "accept4", {16, 0x1000, 0x2000, SOCK_CLOEXEC}).out_as(0x1000, in).in_as(0x2000, 128).out_as(0x2000, 16).ret(18);
        CHECK(line(source) == R"(accept4(16<socket:[42028]>, {sa_family=AF_INET, sin_port=htons(45234), sin_addr=inet_addr("127.0.0.1")}, [128 => 16], SOCK_CLOEXEC) = 18<socket:[42032]>)");
        sockaddr_in6 in6 {};
        in6.sin6_family = AF_INET6;
        in6.sin6_port = htons(53);
        in6.sin6_addr = in6addr_loopback;
        Call(source, "connect", {18, 0x1000, 28}).in_as(0x1000, in6).ret(0);
        CHECK(line(source) == R"(connect(18<socket:[42032]>, {sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0)");
    }
    SECTION("messages")
    {
        iovec vector {reinterpret_cast<void*>(0x3000), 2};
        msghdr message {};
        message.msg_iov = reinterpret_cast<iovec*>(0x2000);
        message.msg_iovlen = 1;
        message.msg_control = reinterpret_cast<void*>(0x4000);
        message.msg_controllen = 24;
        alignas(8) char control[24] {};
        cmsghdr head {20, SOL_SOCKET, SCM_RIGHTS};
        int fd = 9;
        std::memcpy(control, &head, sizeof head);
        std::memcpy(control + sizeof head, &fd, 4);
        Call(source, "sendmsg", {13, 0x1000, MSG_NOSIGNAL}).in_as(0x1000, message).in_as(0x2000, vector).in(0x3000, "hi").in_as(0x4000, control).ret(2);
        CHECK(line(source) == R"(sendmsg(13<socket:[42023]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hi", iov_len=2}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[9</tmp/xx>]}], msg_controllen=24, msg_flags=0}, MSG_NOSIGNAL) = 2)");
        Call(source, "sendto", {13, 0x3000, 1, 0, 0, 0}).in(0x3000, "x").ret(1);
        CHECK(line(source) == R"(sendto(13<socket:[42023]>, "x", 1, 0, NULL, 0) = 1)");
        Call(source, "recvfrom", {14, 0x3000, 3, MSG_DONTWAIT, 0, 0}).out(0x3000, "x").ret(1);
        CHECK(line(source) == R"(recvfrom(14<socket:[42024]>, "x", 3, MSG_DONTWAIT, NULL, NULL) = 1)");
    }
    SECTION("options")
    {
        Call(source, "setsockopt", {16, SOL_SOCKET, SO_REUSEADDR, 0x1000, 4}).in_as(0x1000, 1).ret(0);
        CHECK(line(source) == "setsockopt(16<socket:[42028]>, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
        Call(source, "setsockopt", {18, 6, 1, 0x1000, 4}).in_as(0x1000, 1).ret(0);
        CHECK(line(source) == "setsockopt(18<socket:[42032]>, SOL_TCP, TCP_NODELAY, [1], 4) = 0");
        Call(source, "getsockopt", {18, SOL_SOCKET, SO_ERROR, 0x1000, 0x2000}).in_as(0x2000, 4).out_as(0x1000, 0).out_as(0x2000, 4).ret(0);
        CHECK(line(source) == "getsockopt(18<socket:[42032]>, SOL_SOCKET, SO_ERROR, [0], [4]) = 0");
    }
}

TEST_CASE("an unknown number is shown raw")
{
    VectorSource source;
    Call(source, "read", {1, 2, 3}).ret(-ENOSYS).event().nr = 500;
    CHECK(line(source) == "syscall_0x1f4(0x1, 0x2, 0x3, 0, 0, 0) = -1 ENOSYS (Function not implemented)");
}
