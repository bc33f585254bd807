// Memory of one process read and written by another. (man 2 process_vm_readv)
#include "guest_test.h"

#include <array>
#include <climits>
#include <cstring>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

long read_one(pid_t pid, void* to, void* from, std::size_t length)
{
    iovec local{to, length}, remote{from, length};
    return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

/// A child that waits until it is killed.
struct Sleeper {
    explicit Sleeper(char* word) : pid(guest::in_child([&] {
        strcpy(word, "the child's own");
        changed.open();
        pause();
        return 0;
    }))
    {
        changed.wait();
    }
    ~Sleeper()
    {
        kill(pid, SIGKILL);
        guest::wait_for(pid);
    }
    guest::Gate changed;
    pid_t pid;
};

} // namespace

GUEST_TEST("a child's memory is read where it has changed")
{
    static char word[32] = "the parent's";
    Sleeper child(word);
    char copy[32] = {};
    expect_eq(32, expect_ok(read_one(child.pid, copy, word, sizeof copy)));
    expect_eq("the child's own", std::string(copy));
    expect_eq("the parent's", std::string(word));
}

GUEST_TEST("many pieces on both sides")
{
    static char word[32];
    Sleeper child(word);
    char first[5] = {}, second[20] = {};
    std::array<iovec, 2> local{iovec{first, 3}, iovec{second, sizeof second}};
    std::array<iovec, 3> remote{iovec{word + 4, 2}, iovec{word, 0}, iovec{word + 6, 3}};
    expect_eq(5, expect_ok(process_vm_readv(child.pid, local.data(), 2, remote.data(), 3, 0)));
    expect_eq("chi", std::string(first));
    expect_eq("ld", std::string(second));
}

GUEST_TEST("a read ends where the other's memory does")
{
    guest::PageEdge page;
    memcpy(page.last(4), "edge", 4);
    char copy[16] = {};
    expect_eq(4, expect_ok(read_one(getpid(), copy, page.last(4), sizeof copy)));
    expect_eq("edge", std::string(copy));
    expect_errno(EFAULT, read_one(getpid(), copy, page.edge(), 1));
}

GUEST_TEST("its own memory is written")
{
    char from[] = "written", to[8] = {};
    iovec local{from, sizeof from}, remote{to, sizeof to};
    expect_eq(8, expect_ok(process_vm_writev(getpid(), &local, 1, &remote, 1, 0)));
    expect_eq("written", std::string(to));
    void* constant = expect_mapped(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    remote.iov_base = constant;
    expect_errno(EFAULT, process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
}

GUEST_TEST("errors")
{
    char byte = 0;
    iovec one{&byte, 1}, none{&byte, 0}, large{&byte, static_cast<std::size_t>(SSIZE_MAX) + 1};
    expect_errno(EINVAL, process_vm_readv(getpid(), &one, 1, &one, 1, 1));
    expect_errno(EINVAL, process_vm_readv(getpid(), &one, IOV_MAX + 1, &one, 1, 0));
    expect_errno(EINVAL, process_vm_readv(getpid(), &one, 1, &one, IOV_MAX + 1, 0));
    expect_errno(EINVAL, process_vm_readv(getpid(), &one, 1, &large, 1, 0));
    expect_errno(EFAULT, process_vm_readv(getpid(), reinterpret_cast<iovec*>(8), 1, &one, 1, 0));
    expect_errno(EFAULT, process_vm_readv(getpid(), &one, 1, reinterpret_cast<iovec*>(8), 1, 0));
    expect_errno(ESRCH, process_vm_readv(0x3fffff, &one, 1, &one, 1, 0));
    expect_eq(0, process_vm_readv(0x3fffff, &none, 1, &one, 1, 0));
    expect_eq(0, process_vm_readv(0x3fffff, &one, 1, &none, 1, 0));
    expect_eq(0, process_vm_readv(0x3fffff, &one, 1, &one, 0, 0));
}
