// Hot system calls in all the surroundings that a program can give them. A sandbox may reach them by other ways than the instruction:
// no register, signal, single step, byte of code or mapping may tell.

#include "guest_test.h"

#include <algorithm>
#include <array>
#include <asm/prctl.h>
#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>
#include <vector>

using namespace guest;

namespace {

constexpr int hot = 40; ///< calls after which any site is

extern "C" const char hot_site[], hot_site_behind[], hot_function_end[];
extern "C" long hot_getppid();

// mov $nr, %eax; syscall: the shape of most calls.
asm(".text\n"
    ".globl hot_getppid, hot_site, hot_site_behind, hot_function_end\n"
    "hot_getppid:\n"
    "  .cfi_startproc\n"
    "hot_site: mov $110, %eax\n"
    "  syscall\n"
    "hot_site_behind: ret\n"
    "  .cfi_endproc\n"
    "hot_function_end:\n");

void heat()
{
    for (int i = 0; i < hot; ++i)
        hot_getppid();
}

bool in_program(std::uint64_t ip)
{
    extern const char start asm("__executable_start"), end asm("etext");
    return ip >= reinterpret_cast<std::uint64_t>(&start) && ip < reinterpret_cast<std::uint64_t>(&end);
}

}

GUEST_TEST("every register is as the instruction leaves it")
{
    for (int i = 0; i < hot; ++i) {
        std::uint64_t rcx, r11, behind, flags, kept, sum;
        std::array<std::uint64_t, 2> vector {0x1111'2222'3333'4444, 0x5555'6666'7777'8888}, vector_after;
        asm volatile("movdqu %[in], %%xmm7\n"
                     "mov $11, %%rbx; mov $12, %%rdx; mov $13, %%rsi; mov $14, %%rdi; mov $15, %%r8; mov $16, %%r9; mov $17, %%r10\n"
                     "mov $18, %%r12; mov $19, %%r13; mov $20, %%r14; mov $21, %%r15\n"
                     "std; stc\n"
                     "mov $110, %%eax; syscall\n"
                     "1: pushfq; pop %[flags]\n"
                     "cld\n"
                     "mov %%rcx, %[rcx]; mov %%r11, %[r11]\n"
                     "lea 1b(%%rip), %%rcx; mov %%rcx, %[behind]\n"
                     "lea (%%rbx,%%rdx), %%rax; add %%rsi, %%rax; add %%rdi, %%rax; add %%r8, %%rax; add %%r9, %%rax; add %%r10, %%rax\n"
                     "add %%r12, %%rax; add %%r13, %%rax; add %%r14, %%rax; add %%r15, %%rax; mov %%rax, %[sum]\n"
                     "movdqu %%xmm7, %[out]\n"
                     : [rcx] "=m"(rcx), [r11] "=m"(r11), [behind] "=m"(behind), [flags] "=m"(flags), [out] "=m"(vector_after), [sum] "=m"(sum)
                     : [in] "m"(vector)
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm7", "memory", "cc");
        kept = 11 + 12 + 13 + 14 + 15 + 16 + 17 + 18 + 19 + 20 + 21;
        expect_eq(kept, sum);
        expect(rcx == behind, "rcx is the next instruction");
        expect(r11 == flags, "r11 holds the flags");
        expect((flags & 0x401) == 0x401, "direction and carry are kept");
        expect(vector == vector_after, "vector registers are kept");
    }
}

GUEST_TEST("no byte of the stack is used: it may be nowhere")
{
    for (int i = 0; i < hot; ++i) {
        long result;
        asm volatile("mov %%rsp, %%r12; xor %%esp, %%esp; mov $110, %%eax; syscall; mov %%r12, %%rsp" : "=a"(result) : : "rcx", "r11", "r12", "memory");
        expect_eq(static_cast<long>(getppid()), result);
        asm volatile("mov %%rsp, %%r12; lea 3(%%rsp), %%rsp; mov $110, %%eax; syscall; mov %%r12, %%rsp" : "=a"(result) : : "rcx", "r11", "r12", "memory");
        expect_eq(static_cast<long>(getppid()), result);
    }
}

GUEST_TEST("the kernel shows the program's own code")
{
    constexpr std::array<unsigned char, 8> code {0xb8, 110, 0, 0, 0, 0x0f, 0x05, 0xc3};
    heat();
    std::array<unsigned char, 8> seen {};
    int ends[2];
    expect_eq(0, pipe(ends));
    seen = {};
    expect_eq(8L, write(ends[1], hot_site, 8));
    expect_eq(8L, read(ends[0], seen.data(), 8));
    expect(seen == code, "through write");
    int program = open("/proc/self/exe", O_RDONLY);
    auto* mapped = static_cast<const unsigned char*>(mmap(nullptr, 1 << 16, PROT_READ, MAP_PRIVATE, program, 0));
    bool found = false;
    for (int i = 0; i < (1 << 16) - 8; ++i)
        found = found || std::memcmp(mapped + i, code.data(), code.size()) == 0;
    expect(found, "in the file");
}

GUEST_TEST("code that is written, run, changed and run again")
{
    auto* code = static_cast<unsigned char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    auto put = [&](int nr) {
        const std::array<unsigned char, 8> bytes {0xb8, static_cast<unsigned char>(nr), 0, 0, 0, 0x0f, 0x05, 0xc3};
        std::memcpy(code + 64, bytes.data(), bytes.size());
    };
    auto call = [&] { return reinterpret_cast<long (*)()>(code + 64)(); };
    for (int round = 0; round < 6; ++round) {
        expect_eq(0, mprotect(code, 8192, PROT_READ | PROT_WRITE));
        put(round % 2 ? SYS_getpid : SYS_getppid);
        expect_eq(0, mprotect(code, 8192, PROT_READ | PROT_EXEC));
        for (int i = 0; i < hot; ++i)
            expect_eq(static_cast<long>(round % 2 ? getpid() : getppid()), call());
    }
    // Writable while it runs.
    expect_eq(0, mprotect(code, 8192, PROT_READ | PROT_WRITE | PROT_EXEC));
    for (int i = 0; i < hot; ++i) {
        put(i % 2 ? SYS_getpid : SYS_getppid);
        expect_eq(static_cast<long>(i % 2 ? getpid() : getppid()), call());
    }
    // Another mapping in the same place, and the old one moved away.
    put(SYS_getpid);
    expect_eq(0, mprotect(code, 8192, PROT_READ | PROT_EXEC));
    for (int i = 0; i < hot; ++i)
        call();
    auto* elsewhere = static_cast<unsigned char*>(mremap(code, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, code + (1 << 24)));
    expect(elsewhere == code + (1 << 24), "moved");
    for (int i = 0; i < hot; ++i)
        expect_eq(static_cast<long>(getpid()), reinterpret_cast<long (*)()>(elsewhere + 64)());
    expect(mmap(code, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == code, "mapped again");
    for (int i = 0; i < 8192; ++i)
        expect_eq(0, static_cast<int>(code[i]));
    expect_eq(0, munmap(elsewhere, 8192));
}

GUEST_TEST("pages of code dropped and come again")
{
    auto page = reinterpret_cast<std::uintptr_t>(hot_site) & ~std::uintptr_t {4095};
    for (int i = 0; i < 5; ++i) {
        heat();
        expect_eq(0, madvise(reinterpret_cast<void*>(page), 4096, MADV_DONTNEED));
        expect_eq(static_cast<long>(getppid()), hot_getppid());
    }
}

GUEST_TEST("mappings everywhere around the program")
{
    heat();
    auto* low = reinterpret_cast<unsigned char*>(0x10'0000);
    for (int round = 0; round < 3; ++round) {
        expect(mmap(low, 0x20'0000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == low, "mapped below");
        for (int at = 0; at < 0x20'0000; at += 64)
            expect_eq(0, static_cast<int>(low[at]));
        std::memset(low, 0xcc, 0x20'0000);
        heat();
        expect_eq(static_cast<long>(getppid()), hot_getppid());
        expect_eq(0, munmap(low, 0x20'0000));
        heat();
    }
    expect(mmap(low, 0x20'0000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == low, "reserved below");
    heat();
}

namespace {
volatile bool strange = false;
std::atomic<int> signals_seen = 0;
sigjmp_buf back;

void look(int, siginfo_t*, void* context)
{
    auto* machine = &static_cast<ucontext_t*>(context)->uc_mcontext;
    if (!in_program(static_cast<std::uint64_t>(machine->gregs[REG_RIP])))
        strange = true;
    ++signals_seen;
}

void arm(void (*handler)(int, siginfo_t*, void*), int flags)
{
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    sigaction(SIGALRM, &action, nullptr);
    itimerval often {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &often, nullptr);
}

void disarm()
{
    itimerval never {};
    setitimer(ITIMER_REAL, &never, nullptr);
}
}

GUEST_TEST("signals find the program in its own code, on its own stack or another")
{
    static std::array<unsigned char, 1 << 16> room;
    stack_t stack {.ss_sp = room.data(), .ss_flags = 0, .ss_size = room.size()};
    sigaltstack(&stack, nullptr);
    for (int flags : {SA_RESTART, SA_ONSTACK}) {
        signals_seen = 0;
        arm(look, flags);
        long parent = getppid();
        for (long i = 0; signals_seen < 50 && i < 4'000'000; ++i)
            expect_eq(parent, hot_getppid());
        disarm();
        expect(signals_seen >= 50, "they came");
        expect(!strange, "at addresses of the program");
    }
}

GUEST_TEST("jumps out of handlers")
{
    volatile int jumps = 0;
    if (sigsetjmp(back, 1) == 0)
        arm([](int, siginfo_t*, void*) { siglongjmp(back, 1); }, 0);
    else
        jumps = jumps + 1;
    long parent = getppid();
    while (jumps < 30)
        expect_eq(parent, hot_getppid());
    disarm();
}

namespace {
std::array<std::uint64_t, 16> steps;
volatile unsigned step_count = 0;
void step(int, siginfo_t*, void* context)
{
    auto ip = static_cast<std::uint64_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
    if (step_count < steps.size())
        steps[step_count] = ip;
    step_count = step_count + 1;
}
}

GUEST_TEST("single steps")
{
    heat();
    struct sigaction action {};
    action.sa_sigaction = step;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &action, nullptr);
    asm volatile("pushfq; orq $0x100, (%%rsp); popfq; call hot_getppid; pushfq; andq $~0x100, (%%rsp); popfq" : : : "rax", "rcx", "r11", "memory", "cc");
    expect(step_count >= 3 && step_count < 12, "one for each instruction");
    expect(steps[0] == reinterpret_cast<std::uint64_t>(hot_site), "at the first");
    expect(steps[1] == reinterpret_cast<std::uint64_t>(hot_site) + 5, "at the call");
    for (unsigned i = 0; i < step_count; ++i)
        expect(in_program(steps[i]), "in the program");
    heat();
}

GUEST_TEST("%gs is the program's to use")
{
    static std::array<std::uint64_t, 2> first {0x1234, 1}, second {0x5678, 2};
    heat();
    for (auto* area : {&first, &second}) {
        expect_eq(0L, syscall(SYS_arch_prctl, ARCH_SET_GS, area));
        for (int i = 0; i < hot; ++i) {
            std::uint64_t value;
            hot_getppid();
            asm volatile("mov %%gs:0, %0" : "=r"(value));
            expect_eq((*area)[0], value);
        }
        std::uint64_t base = 0;
        expect_eq(0L, syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
        expect(base == reinterpret_cast<std::uint64_t>(area), "read back");
    }
    expect_eq(0L, syscall(SYS_arch_prctl, ARCH_SET_GS, 0));
    heat();
    std::uint64_t base = 1;
    expect_eq(0L, syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
    expect_eq(std::uint64_t {0}, base);
}

namespace {
extern "C" char lock_is_free;
char lock_is_free = 0;
extern "C" long hot_read(int fd, void* to, std::size_t length);
// As read(2) of a C library looks: a comparison, a branch, and a number of 0.
asm(".text\n"
    ".globl hot_read\n"
    ".skip 128, 0x90\n"
    "hot_read:\n"
    "  cmpb $0, lock_is_free(%rip)\n"
    "  jne 1f\n"
    "  xor %eax, %eax\n"
    "  syscall\n"
    "  ret\n"
    "1: mov $-1, %rax\n"
    "  ret\n");
}

GUEST_TEST("a call whose number is made by xor, behind a branch")
{
    auto [reader, writer] = make_pipe();
    for (int i = 0; i < hot; ++i) {
        char byte = 0;
        expect_eq(1L, write(writer, "abc" + i % 3, 1));
        expect_eq(1L, hot_read(reader, &byte, 1));
        expect_eq(static_cast<int>("abc"[i % 3]), static_cast<int>(byte));
        lock_is_free = 1;
        expect_eq(-1L, hot_read(reader, &byte, 1));
        lock_is_free = 0;
    }
}

GUEST_TEST("children and threads from hot calls")
{
    for (int i = 0; i < 12; ++i) {
        pid_t child = static_cast<pid_t>(syscall(SYS_fork));
        if (child == 0) {
            heat();
            _exit(hot_getppid() == getppid() ? 7 : 8);
        }
        int status = 0;
        waitpid(child, &status, 0);
        expect_eq(std::string("exited 7"), describe(status));
    }
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            long tid = syscall(SYS_gettid);
            bool same = true;
            for (int n = 0; n < 500; ++n)
                same = same && syscall(SYS_gettid) == tid && hot_getppid() == getppid();
            right += same;
        });
    }
    for (auto& thread : threads)
        thread.join();
    expect_eq(8, right.load());
}

namespace {
extern "C" const char hot_load[];
extern "C" long hot_getppid_of(const long* where);
// What the trampoline holds may fault: the load goes there with the call behind it.
asm(".text\n"
    ".globl hot_getppid_of, hot_load\n"
    ".skip 128, 0x90\n"
    "hot_getppid_of:\n"
    "hot_load: mov 0x1000(%rdi), %rax\n"
    "  syscall\n"
    "  ret\n");

void tell_place(int, siginfo_t* info, void* context)
{
    auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    bool here = registers[REG_RIP] == reinterpret_cast<greg_t>(hot_load);
    bool there = reinterpret_cast<std::uint64_t>(info->si_addr) == 0x1008;
    note(here && there ? "at the load, of that address" : "elsewhere");
    registers[REG_RIP] += 9; // behind the call
    registers[REG_RAX] = -5;
}
}

GUEST_TEST("a fault before a hot call is where the program has it")
{
    struct sigaction action {};
    action.sa_sigaction = tell_place;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
    std::array<long, 513> number;
    number.fill(SYS_getppid);
    for (int i = 0; i < hot; ++i)
        expect_eq(static_cast<long>(getppid()), hot_getppid_of(number.data()));
    expect_eq(-5L, hot_getppid_of(reinterpret_cast<const long*>(8)));
    expect_eq(static_cast<long>(getppid()), hot_getppid_of(number.data()));
}

namespace {
[[gnu::target("fsgsbase")]] std::uint64_t read_gs_base()
{
    return __builtin_ia32_rdgsbase64();
}

[[gnu::target("fsgsbase")]] void write_gs_base(std::uint64_t base)
{
    __builtin_ia32_wrgsbase64(base);
}
}

GUEST_TEST("%gs set by the instruction itself")
{
    constexpr unsigned long fsgsbase = 2; // HWCAP2_FSGSBASE
    if ((getauxval(AT_HWCAP2) & fsgsbase) == 0)
        skip("the processor has no WRGSBASE");
    static std::array<std::uint64_t, 2> area {0x1234, 1};
    heat();
    std::uint64_t before = read_gs_base();
    for (std::uint64_t base : {reinterpret_cast<std::uint64_t>(area.data()), std::uint64_t {0}, std::uint64_t {1}, std::uint64_t {0x7fff'ffff'f000},
             ~std::uint64_t {0xfff}, before}) {
        write_gs_base(base);
        for (int i = 0; i < hot; ++i)
            expect(hot_getppid() == static_cast<long>(getppid()), "calls are right");
        if (base != before && base != 0) // of an unused %gs the instruction may tell anything
            expect(read_gs_base() == base, "it is kept");
    }
    // From one call to the next, and in a signal.
    arm(look, SA_RESTART);
    signals_seen = 0;
    for (long i = 0; signals_seen < 20 && i < 2'000'000; ++i) {
        write_gs_base(i % 2 ? reinterpret_cast<std::uint64_t>(area.data()) : before);
        expect(hot_getppid() == static_cast<long>(syscall(SYS_getppid)), "calls are right");
    }
    disarm();
    write_gs_base(before);
    expect(!strange, "signals at addresses of the program");
}

GUEST_TEST("threads in code that becomes hot under them")
{
    constexpr int count = 6, rounds = 40;
    std::atomic<bool> right = true;
    for (int round = 0; round < rounds; ++round) {
        // Code that nobody ran before, so its first calls are made by all of them at once.
        auto* code = static_cast<unsigned char*>(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        const std::array<unsigned char, 8> bytes {0xb8, SYS_gettid, 0, 0, 0, 0x0f, 0x05, 0xc3};
        std::memcpy(code + 60, bytes.data(), bytes.size());
        mprotect(code, 4096, PROT_READ | PROT_EXEC);
        std::atomic<int> there = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < count; ++i) {
            threads.emplace_back([&] {
                long self = syscall(SYS_gettid);
                for (++there; there < count;)
                    sched_yield();
                for (int n = 0; n < hot; ++n)
                    right = right && reinterpret_cast<long (*)()>(code + 60)() == self;
            });
        }
        for (auto& thread : threads)
            thread.join();
        munmap(code, 4096);
    }
    expect(right, "every call is right");
}

GUEST_TEST("a file whose code runs keeps its bytes")
{
    constexpr std::array<unsigned char, 8> bytes {0xb8, SYS_getppid, 0, 0, 0, 0x0f, 0x05, 0xc3};
    std::array<char, 32> name {"/tmp/patched-code-XXXXXX"};
    int file = mkstemp(name.data());
    std::vector<unsigned char> whole(8192, 0x90);
    std::memcpy(&whole[100], bytes.data(), bytes.size());
    expect_eq(8192L, write(file, whole.data(), whole.size()));
    for (int flags : {MAP_SHARED, MAP_PRIVATE}) {
        auto* code = static_cast<unsigned char*>(mmap(nullptr, 8192, PROT_READ | PROT_EXEC, flags, file, 0));
        for (int i = 0; i < hot; ++i)
            expect_eq(static_cast<long>(getppid()), reinterpret_cast<long (*)()>(code + 100)());
        expect_eq(0, msync(code, 8192, MS_SYNC));
        std::vector<unsigned char> seen(8192);
        expect_eq(8192L, pread(file, seen.data(), seen.size(), 0));
        expect(seen == whole, "by read");
        auto* other = static_cast<unsigned char*>(mmap(nullptr, 8192, PROT_READ, MAP_SHARED, file, 0));
        expect(std::memcmp(other, whole.data(), whole.size()) == 0, "in another mapping");
        expect_eq(0, munmap(other, 8192));
        expect_eq(0, mprotect(code, 8192, PROT_READ));
        expect(std::memcmp(code, whole.data(), whole.size()) == 0, "where it ran");
        expect_eq(0, munmap(code, 8192));
    }
    unlink(name.data());
}

namespace {
struct Frames {
    int seen = 0;
    bool all_ours = true;
};
volatile int deepest = 0;
volatile bool frame_elsewhere = false;

void walk_stack(int, siginfo_t*, void*)
{
    Frames frames;
    _Unwind_Backtrace([](_Unwind_Context* context, void* data) {
        auto& found = *static_cast<Frames*>(data);
        ++found.seen;
        found.all_ours = found.all_ours && (in_program(_Unwind_GetIP(context)) || _Unwind_GetIP(context) == 0);
        return _URC_NO_REASON;
    }, &frames);
    deepest = std::max(int {deepest}, frames.seen);
    if (!frames.all_ours)
        frame_elsewhere = true;
    ++signals_seen;
}
}

GUEST_TEST("the stack can be walked from a signal in a hot call")
{
    signals_seen = 0;
    arm(walk_stack, SA_RESTART);
    long parent = getppid();
    for (long i = 0; signals_seen < 50 && i < 4'000'000; ++i)
        expect_eq(parent, hot_getppid());
    disarm();
    expect(!frame_elsewhere, "every frame is in the program");
    // The handler, the kernel's frame, the call, and the functions around it.
    expect(deepest >= 5, "all of it is found");
}
