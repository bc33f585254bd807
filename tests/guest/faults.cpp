// Faults of the guest's own code as their handlers see them, and programs that go on. (man 2 sigaction: si_code)
#include "guest_test.h"

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

namespace {

sigjmp_buf back;
siginfo_t info;
long trap_number;
long error_code;

void caught(int, siginfo_t* what, void* context)
{
    info = *what;
    trap_number = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_TRAPNO];
    error_code = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR];
    // Whether the page was present is the kernel's own affair: it may take a clean page away at any time.
    if (trap_number == 14)
        error_code &= ~1L;
    siglongjmp(back, 1);
}

std::string code_name()
{
    struct Name {
        int number;
        int code;
        const char* text;
    };
    static const Name names[] = {{SIGSEGV, SEGV_MAPERR, "SEGV_MAPERR"}, {SIGSEGV, SEGV_ACCERR, "SEGV_ACCERR"},
                                 {SIGBUS, BUS_ADRERR, "BUS_ADRERR"},    {SIGBUS, BUS_ADRALN, "BUS_ADRALN"},
                                 {SIGFPE, FPE_INTDIV, "FPE_INTDIV"},    {SIGFPE, FPE_FLTDIV, "FPE_FLTDIV"},
                                 {SIGFPE, FPE_FLTINV, "FPE_FLTINV"},    {SIGILL, ILL_ILLOPN, "ILL_ILLOPN"},
                                 {SIGTRAP, TRAP_BRKPT, "TRAP_BRKPT"},   {SIGTRAP, TRAP_TRACE, "TRAP_TRACE"}};
    if (info.si_code == SI_KERNEL)
        return "SI_KERNEL";
    for (const Name& name : names)
        if (name.number == info.si_signo && name.code == info.si_code)
            return name.text;
    return std::to_string(info.si_code);
}

template <class Body> void fault(const char* what, Body body, const void* address = nullptr, bool check_address = true)
{
    struct sigaction action{};
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO;
    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP})
        sigaction(number, &action, nullptr);
    info = {};
    if (sigsetjmp(back, 1) == 0) {
        body();
        guest::note(std::string(what) + ": no fault");
        return;
    }
    guest::note(std::string(what) + ": " + guest::signal_name(info.si_signo) + " " + code_name() + ", trap " +
                std::to_string(trap_number) + ", error " + std::to_string(error_code));
    if (check_address)
        expect(info.si_addr == address, "si_addr is the address of the access");
}

char* page(int protection)
{
    return static_cast<char*>(expect_mapped(mmap(nullptr, 8192, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
}

} // namespace

GUEST_TEST("wrong accesses")
{
    char* none = page(PROT_NONE);
    char* readable = page(PROT_READ);
    char* gone = page(PROT_READ | PROT_WRITE);
    munmap(gone, 8192);
    fault("read of an unmapped page", [=] { (void)*static_cast<volatile char*>(gone + 5); }, gone + 5);
    fault("write to an unmapped page", [=] { *static_cast<volatile char*>(gone + 6) = 1; }, gone + 6);
    fault("read of a guard page", [=] { (void)*static_cast<volatile char*>(none + 100); }, none + 100);
    fault("write to a guard page", [=] { *static_cast<volatile char*>(none + 4096) = 1; }, none + 4096);
    fault("write to a read-only page never touched", [=] { *static_cast<volatile char*>(readable) = 1; }, readable);
    (void)*static_cast<volatile char*>(readable);
    fault("write to a read-only page that was read", [=] { *static_cast<volatile char*>(readable + 1) = 1; }, readable + 1);
    fault("null", [] { (void)*reinterpret_cast<volatile char*>(0); }, nullptr);
    char* below = reinterpret_cast<char*>(4095);
    fault("the end of page 0", [=] { *static_cast<volatile char*>(below) = 1; }, below);
    char* kernel = reinterpret_cast<char*>(0xffffffff81000000UL);
    fault("an address of the kernel", [=] { (void)*static_cast<volatile char*>(kernel); }, kernel);
}

GUEST_TEST("an address that no page can have")
{
    char* odd = reinterpret_cast<char*>(0x0123456789abcdefUL);
    fault("read", [=] { (void)*static_cast<volatile char*>(odd); }, nullptr);
    fault("write", [=] { *static_cast<volatile char*>(odd) = 1; }, nullptr);
}

GUEST_TEST("an access across two pages tells of the second")
{
    char* both = page(PROT_READ | PROT_WRITE);
    expect_ok(mprotect(both + 4096, 4096, PROT_NONE));
    fault("four bytes", [=] { (void)*reinterpret_cast<volatile int*>(both + 4094); }, both + 4096);
}

GUEST_TEST("executing what may not be executed")
{
    char* data = page(PROT_READ | PROT_WRITE);
    data[0] = static_cast<char>(0xc3);
    fault("a page of data", [=] { reinterpret_cast<void (*)()>(data)(); }, data);
    fault("nothing", [] { reinterpret_cast<void (*)()>(16)(); }, reinterpret_cast<void*>(16));
    expect_ok(mprotect(data, 4096, PROT_READ | PROT_EXEC));
    fault("the same page once it may", [=] { reinterpret_cast<void (*)()>(data)(); });
}

GUEST_TEST("arithmetic and instructions")
{
    volatile int zero = 0;
    volatile int lowest = static_cast<int>(0x80000000);
    volatile int minus_one = -1;
    fault("1 / 0", [&] { asm volatile("mov $1, %%eax\n\tcltd\n\tidivl %0" : : "r"(static_cast<int>(zero)) : "eax", "edx"); }, nullptr, false);
    fault("INT_MIN / -1", [&] { asm volatile("cltd\n\tidivl %1" : : "a"(static_cast<int>(lowest)), "r"(static_cast<int>(minus_one)) : "edx"); }, nullptr, false);
    fault("ud2", [] { asm volatile("ud2"); }, nullptr, false);
    fault("int3", [] { asm volatile("int3"); }, nullptr, false);
    fault("hlt", [] { asm volatile("hlt"); }, nullptr, false);
    fault("int $3 as two bytes", [] { asm volatile(".byte 0xcd, 3"); }, nullptr, false);
    fault("int $0x20", [] { asm volatile("int $0x20"); }, nullptr, false);
    fault("an aligned move from an odd address", [] {
        alignas(16) char bytes[32] = {};
        asm volatile("movaps 1(%0), %%xmm0" : : "r"(bytes) : "xmm0");
    }, nullptr, false);
    fault("a floating point exception let through", [] {
        unsigned control = 0x1d80; // divide by zero not masked
        asm volatile("ldmxcsr %0\n\tpxor %%xmm1, %%xmm1\n\tmov $1, %%eax\n\tcvtsi2sd %%eax, %%xmm0\n\tdivsd %%xmm1, %%xmm0"
                     : : "m"(control) : "xmm0", "xmm1", "eax");
    }, nullptr, false);
}

GUEST_TEST("the trap flag steps once")
{
    fault("popf with TF", [] { asm volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\tnop\n\tnop" ::: "cc", "memory"); }, nullptr, false);
}

GUEST_TEST("a handler mends the page and the instruction goes on")
{
    static char* guarded = page(PROT_NONE);
    static volatile int times = 0;
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t* what, void*) {
        times = times + 1;
        if (what->si_addr < guarded || what->si_addr >= guarded + 8192 || times > 4)
            _exit(1);
        auto start = reinterpret_cast<unsigned long>(what->si_addr) & ~4095UL;
        mprotect(reinterpret_cast<void*>(start), 4096, PROT_READ | PROT_WRITE);
    };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
    strcpy(guarded + 4090, "across the edge");
    expect_eq(2, times);
    expect_eq("across the edge", std::string(guarded + 4090));
}

GUEST_TEST("a handler steps over the instruction")
{
    struct sigaction action{};
    action.sa_sigaction = [](int, siginfo_t*, void* context) { static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] += 2; };
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &action, nullptr);
    int steps = 0;
    for (int i = 0; i < 1000; ++i) {
        asm volatile("ud2");
        ++steps;
    }
    expect_eq(1000, steps);
}

GUEST_TEST("past the end of a mapped file: SIGBUS; in its last page: zeroes")
{
    guest::enter_scratch();
    guest::write_file("f", "0123456789");
    int fd = expect_ok(open("f", O_RDWR));
    char* file = static_cast<char*>(expect_mapped(mmap(nullptr, 12288, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)));
    expect_eq(0, file[10]);
    expect_eq(0, file[4095]);
    fault("read of the second page", [=] { (void)*static_cast<volatile char*>(file + 4096); }, file + 4096);
    fault("write to the third page", [=] { *static_cast<volatile char*>(file + 8200) = 1; }, file + 8200);
    expect_ok(ftruncate(fd, 8192));
    fault("the second page after growing", [=] { (void)*static_cast<volatile char*>(file + 4096); });
    expect_ok(ftruncate(fd, 0));
    fault("the first page after the file was emptied", [=] { (void)*static_cast<volatile char*>(file); }, file);
    char* own = static_cast<char*>(expect_mapped(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0)));
    fault("a private mapping of an empty file", [=] { *static_cast<volatile char*>(own) = 1; }, own);
}

GUEST_TEST("fault after fault, each caught")
{
    char* none = page(PROT_NONE);
    static volatile int count;
    count = 0;
    struct sigaction action{};
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
    for (volatile int i = 0; i < 2000; i = i + 1) {
        if (sigsetjmp(back, 1) == 0)
            *static_cast<volatile char*>(none + i) = 1;
        else
            count = count + (info.si_addr == none + i ? 1 : 0);
    }
    expect_eq(2000, count);
}
