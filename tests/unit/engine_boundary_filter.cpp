// The Sentry's list of host calls, the sealed page of open_how structures, and the reasons that people read.

#include "engine/boundary/failure.h"
#include "engine/boundary/filter.h"
#include "engine/boundary/open_how.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <set>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace ringside;
using namespace ringside::boundary;

namespace {

std::set<int> numbers(bool writable)
{
    std::set<int> result;
    for (const HostCall& call : host_calls(writable))
        result.insert(call.nr);
    return result;
}

/// A folder with a file, a link to it, a link out, gone at the end.
class Folder {
public:
    Folder()
    {
        char name[] = "/tmp/ringside-how-XXXXXX";
        path = mkdtemp(name);
        fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(openat(fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
        mkdirat(fd, "sub", 0755);
        REQUIRE(symlinkat("file", fd, "link") == 0);
        REQUIRE(symlinkat("/etc", fd, "out") == 0);
    }
    ~Folder()
    {
        for (const char* name : {"file", "link", "out", "made"})
            unlinkat(fd, name, 0);
        unlinkat(fd, "sub", AT_REMOVEDIR);
        rmdir(path.c_str());
        close(fd);
    }
    std::string path;
    int fd;
};

int error_of(int dirfd, const char* name, OpenHow how)
{
    auto opened = open_host(dirfd, name, how);
    return opened.ok() ? 0 : opened.error().value();
}

}

TEST_CASE("without a writable bind the Sentry has at most 32 kinds of host call")
{
    CHECK(host_calls(false).size() <= max_host_calls);
    CHECK(numbers(false).size() == host_calls(false).size());
}

TEST_CASE("what makes, runs or reaches other things is never on the list")
{
    for (bool writable : {false, true}) {
        std::set<int> allowed = numbers(writable);
        for (int nr : {SYS_execve, SYS_execveat, SYS_clone, SYS_clone3, SYS_fork, SYS_vfork, SYS_ptrace, SYS_socket, SYS_connect, SYS_bind, SYS_mount, SYS_setns,
                 SYS_unshare, SYS_open, SYS_openat, SYS_creat, SYS_bpf, SYS_io_uring_setup, SYS_process_vm_readv, SYS_process_vm_writev, SYS_prctl, SYS_seccomp,
                 SYS_chmod, SYS_kill, SYS_memfd_create, SYS_userfaultfd, SYS_perf_event_open, SYS_keyctl, SYS_pidfd_getfd})
            CHECK(allowed.count(nr) == 0);
    }
}

TEST_CASE("calls that change host files need a writable bind")
{
    std::set<int> reading = numbers(false), writing = numbers(true);
    for (int nr : {SYS_mkdirat, SYS_unlinkat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_fchmod, SYS_fchownat, SYS_utimensat, SYS_ftruncate}) {
        CHECK(reading.count(nr) == 0);
        CHECK(writing.count(nr) == 1);
    }
}

TEST_CASE("every call has a purpose that can be shown")
{
    for (const HostCall& call : host_calls(false))
        CHECK(std::string(call.purpose) != "");
}

TEST_CASE("host files open below their folder, and symbolic links are not followed")
{
    REQUIRE(prepare_open_how().ok());
    Folder folder;
    CHECK(error_of(folder.fd, "file", OpenHow::read) == 0);
    CHECK(error_of(folder.fd, "file", OpenHow::path) == 0);
    CHECK(error_of(folder.fd, "sub", OpenHow::directory) == 0);
    CHECK(error_of(folder.fd, "file", OpenHow::directory) == ENOTDIR);
    CHECK(error_of(folder.fd, "missing", OpenHow::read) == ENOENT);
    CHECK(error_of(folder.fd, "link", OpenHow::read) == ELOOP);
    CHECK(error_of(folder.fd, "link", OpenHow::path) == 0); // the link itself
    CHECK(error_of(folder.fd, "out/passwd", OpenHow::read) == ELOOP);
    CHECK(error_of(folder.fd, "../", OpenHow::directory) == EXDEV);
    CHECK(error_of(folder.fd, "/etc/passwd", OpenHow::read) == EXDEV);
    CHECK(error_of(folder.fd, "sub/../file", OpenHow::read) == 0);
}

TEST_CASE("create makes a new file of mode 0600 and refuses an existing one")
{
    REQUIRE(prepare_open_how().ok());
    Folder folder;
    umask(0);
    REQUIRE(error_of(folder.fd, "made", OpenHow::create) == 0);
    struct stat status {};
    REQUIRE(fstatat(folder.fd, "made", &status, 0) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(error_of(folder.fd, "made", OpenHow::create) == EEXIST);
    umask(022);
}

TEST_CASE("the page of open_how structures cannot be made writable")
{
    REQUIRE(prepare_open_how().ok());
    void* page = reinterpret_cast<void*>(open_how_address);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == -1);
    CHECK(how(OpenHow::read)->resolve == (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS));
    CHECK((how(OpenHow::read_cached)->resolve & RESOLVE_CACHED) != 0);
    CHECK((how(OpenHow::read)->flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) == 0);
}

TEST_CASE("a failure names what failed, the errno and what to do")
{
    CHECK(because("cannot bind /x", ENOENT) == "cannot bind /x: No such file or directory (ENOENT)");
    CHECK(because("cannot bind /x", EPERM, "do this") == "cannot bind /x: Operation not permitted (EPERM); do this");
    CHECK(because("it is odd", 0) == "it is odd");
}
