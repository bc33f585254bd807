// Other ways into the kernel than `syscall` with a 64-bit number: int $0x80, x32 numbers, sysenter.
#include "guest_test.h"

#include <csignal>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

// i386 numbers and 32-bit arguments. (arch/x86/entry/syscalls/syscall_32.tbl)
long int80(long number, long first = 0, long second = 0, long third = 0)
{
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory", "r8", "r9", "r10", "r11");
    return static_cast<int>(result);
}

} // namespace

GUEST_TEST("int $0x80 is answered: getpid, write, close, an unknown number")
{
    // A host may be built or booted without it (ia32_emulation=0): then it is a fault there.
    pid_t child = guest::in_child([] {
        prctl(PR_SET_DUMPABLE, 0);
        return int80(20) == getpid() ? 0 : 1;
    });
    std::string fate = guest::describe(guest::wait_for(child));
    if (fate.starts_with("killed"))
        guest::skip("this kernel does not answer int $0x80");
    guest::note(fate);
    auto* low = static_cast<char*>(expect_mapped(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0)));
    strcpy(low, "written by int 0x80\n");
    expect_eq(20, int80(4, STDOUT_FILENO, reinterpret_cast<long>(low), 20));
    int fd = dup(0);
    expect_eq(0, int80(6, fd));
    expect_eq(-EBADF, int80(6, fd));
    expect_eq(-ENOSYS, int80(9999));
    expect_eq(-EFAULT, int80(4, STDOUT_FILENO, 16, 5));
}

GUEST_TEST("int $0x80 exit ends the process")
{
    std::string fate = guest::fate_of([] {
        prctl(PR_SET_DUMPABLE, 0);
        int80(1, 23);
        return 1;
    });
    if (fate.starts_with("killed"))
        guest::skip("this kernel does not answer int $0x80");
    guest::note(fate);
}

GUEST_TEST("x32 numbers: ENOSYS where the kernel has no x32")
{
    long result = syscall(SYS_getpid | 0x40000000);
    if (result != -1)
        guest::skip("this kernel has x32");
    expect_errno(ENOSYS, result);
    expect_errno(ENOSYS, syscall(0x40000000 | 520));
}

GUEST_TEST("numbers that are none")
{
    for (long number : {-1L, 350L, 386L, 600L, 1000L, 100000L, 0x7fffffffL, -4096L})
        expect_errno(ENOSYS, syscall(number));
    // Only the low 32 bits are the number (entry_64.S), so this is getpid.
    expect_eq(getpid(), syscall((1L << 32) | SYS_getpid));
}

GUEST_TEST("a call keeps every register but rax, rcx and r11")
{
    unsigned long in[8] = {0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666, 0x7777, 0x8888};
    unsigned long out[8] = {};
    asm volatile(
        "mov 0(%0), %%rbx\n\tmov 8(%0), %%r12\n\tmov 16(%0), %%r13\n\tmov 24(%0), %%r14\n\t"
        "mov 32(%0), %%r8\n\tmov 40(%0), %%r9\n\tmov 48(%0), %%r10\n\tmov 56(%0), %%rdx\n\t"
        "mov %2, %%eax\n\tsyscall\n\t"
        "mov %%rbx, 0(%1)\n\tmov %%r12, 8(%1)\n\tmov %%r13, 16(%1)\n\tmov %%r14, 24(%1)\n\t"
        "mov %%r8, 32(%1)\n\tmov %%r9, 40(%1)\n\tmov %%r10, 48(%1)\n\tmov %%rdx, 56(%1)"
        : : "S"(in), "D"(out), "i"(SYS_getppid)
        : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "memory");
    for (int i = 0; i < 8; ++i)
        expect_eq(in[i], out[i]);
}

GUEST_TEST("rcx is the next instruction and r11 the flags after a call")
{
    unsigned long rcx = 0, r11 = 0, next = 0;
    asm volatile("lea 1f(%%rip), %2\n\tsyscall\n1:\tmov %%rcx, %0\n\tmov %%r11, %1"
                 : "=&r"(rcx), "=&r"(r11), "=&r"(next)
                 : "a"(SYS_getppid)
                 : "rcx", "r11", "memory");
    expect_eq(next, rcx);
    expect(r11 & 2, "bit 1 of the flags is always set");
    expect(r11 & 0x200, "interrupts are on");
}

GUEST_TEST("a call works without a stack")
{
    unsigned long saved = 0, result = 0;
    asm volatile("mov %%rsp, %0\n\txor %%esp, %%esp\n\tsyscall\n\tmov %0, %%rsp"
                 : "=&r"(saved), "=a"(result)
                 : "a"(SYS_getpid)
                 : "rcx", "r11", "memory");
    expect_eq(getpid(), result);
}
