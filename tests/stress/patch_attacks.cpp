// What a hostile program does once it has seen that a hot `syscall` of its own is reached by a jump: it goes after the trampoline, the code behind it and
// the page that tells who a thread is. It may kill itself by that, nothing else: each attack runs in a child, and the calls of the parent stay right.
//
// usage: patch-attacks [patched]   with "patched" it is an error if no jump is found. Exits with 0 and one line when all was as it must be.

#include <array>
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

extern "C" const unsigned char hot_call[];
extern "C" long hot_getppid();
asm(".text\n.globl hot_getppid, hot_call\n"
    "hot_getppid:\n"
    "hot_call: mov $110, %eax\n syscall\n ret\n");

constexpr std::uint64_t page = 4096;
int failures = 0;

void must(bool holds, const char* what)
{
    if (holds)
        return;
    std::printf("wrong: %s\n", what);
    ++failures;
}

bool calls_are_right()
{
    long parent = syscall(SYS_getppid);
    for (int i = 0; i < 100; ++i) {
        if (hot_getppid() != parent)
            return false;
    }
    return true;
}

/// Where the jump leads; 0: there is none. The guest's own load is what may show it.
std::uint64_t trampoline()
{
    const volatile unsigned char* code = hot_call;
    if (code[0] != 0xe9)
        return 0;
    std::uint32_t by = 0;
    for (unsigned i = 0; i < 4; ++i)
        by |= static_cast<std::uint32_t>(code[1 + i]) << (8 * i);
    return reinterpret_cast<std::uint64_t>(hot_call) + 5 + static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int32_t>(by)));
}

/// In a child, which may die of it or stop for a while. True: it ended by itself with 0.
bool attack(const std::function<void()>& act)
{
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        ualarm(200'000, 0); // an attack may wait for what never comes
        act();
        _exit(0);
    }
    int status = -1;
    while (waitpid(child, &status, 0) == -1 && errno == EINTR) { }
    return status == 0;
}

/// With a value in every register that may mean something to who is not expected there.
void jump_to(std::uint64_t address, std::uint64_t value)
{
    asm volatile("mov %1, %%rax; mov %1, %%rbx; mov %1, %%rdx; mov %1, %%rsi; mov %1, %%rdi; mov %1, %%r8; mov %1, %%r9; mov %1, %%r10\n"
                 "mov %1, %%r12; mov %1, %%r13; mov %1, %%r14; mov %1, %%r15\n"
                 "call *%0\n"
                 : : "r"(address), "c"(value)
                 : "rax", "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

std::uint64_t gs_base()
{
    std::uint64_t base;
    asm volatile("rdgsbase %0" : "=r"(base));
    return base;
}

void set_gs_base(std::uint64_t base)
{
    asm volatile("wrgsbase %0" : : "r"(base) : "memory");
}

void the_kernel_denies_it(std::uint64_t place)
{
    auto* at = reinterpret_cast<void*>(place & ~(page - 1));
    int ends[2];
    must(pipe(ends) == 0, "a pipe");
    must(write(ends[1], at, 16) == -1 && errno == EFAULT, "a trampoline can be read by write(2)");
    must(write(ends[1], "0123456789abcdef", 16) == 16 && read(ends[0], at, 16) == -1 && errno == EFAULT, "a trampoline can be written by read(2)");
    must(mprotect(at, page, PROT_READ | PROT_WRITE | PROT_EXEC) == -1 && errno == ENOMEM, "mprotect knows of it");
    must(mremap(at, page, page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT, "mremap knows of it");
    must(madvise(at, page, MADV_DONTNEED) == -1 && errno == ENOMEM, "madvise knows of it");
    must(munmap(at, page) == 0, "munmap of what is not there");
    must(calls_are_right(), "calls after munmap of the trampoline");
    close(ends[0]);
    close(ends[1]);
    std::FILE* maps = std::fopen("/proc/self/maps", "r");
    std::array<char, 512> line;
    while (maps && std::fgets(line.data(), line.size(), maps)) {
        std::uint64_t start = 0, end = 0;
        must(std::sscanf(line.data(), "%lx-%lx", &start, &end) == 2 && (place < start || place >= end), "/proc/self/maps shows it");
    }
    if (maps)
        std::fclose(maps);
}

void it_cannot_be_written(std::uint64_t place)
{
    must(!attack([place] { *reinterpret_cast<volatile unsigned char*>(place) = 0xcc; }), "a trampoline was written to");
    must(!attack([] { *const_cast<volatile unsigned char*>(hot_call) = 0xcc; }), "text was written to");
    must(calls_are_right(), "calls after writes");
}

void something_else_in_its_place(std::uint64_t place)
{
    auto* at = reinterpret_cast<unsigned char*>(place & ~(page - 1));
    for (int round = 0; round < 4; ++round) {
        must(mmap(at, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at, "mapped over it");
        for (unsigned i = 0; i < page; ++i)
            must(at[i] == 0, "its bytes are left");
        std::memset(at, 0xf4, page);
        must(calls_are_right(), "calls with something in its place");
        must(munmap(at, page) == 0, "unmapped");
        must(calls_are_right(), "calls when that is gone");
    }
}

/// Code that runs from a file which somebody writes to: the next call is the new one.
void a_file_changes_under_it()
{
    std::array<char, 32> name {"/tmp/patch-attacks-XXXXXX"};
    int file = mkstemp(name.data());
    const std::array<unsigned char, 8> bytes {0xb8, SYS_getppid, 0, 0, 0, 0x0f, 0x05, 0xc3};
    must(pwrite(file, bytes.data(), bytes.size(), 100) == 8 && ftruncate(file, page) == 0, "a file");
    for (int flags : {MAP_SHARED, MAP_PRIVATE}) {
        auto* code = static_cast<unsigned char*>(mmap(nullptr, page, PROT_READ | PROT_EXEC, flags, file, 0));
        auto call = reinterpret_cast<long (*)()>(code + 100);
        for (unsigned char number : {SYS_getppid, SYS_getpid, SYS_getppid}) {
            must(pwrite(file, &number, 1, 101) == 1, "written to");
            for (int i = 0; i < 50; ++i)
                must(call() == (number == SYS_getpid ? getpid() : getppid()), "old code goes on");
        }
        must(munmap(code, page) == 0, "unmapped");
    }
    close(file);
    unlink(name.data());
}

/// Every byte of the trampolines' page, then of the stub's part that they lead to.
void jumps_everywhere(std::uint64_t place)
{
    std::uint64_t base = place & ~(page - 1);
    constexpr std::array<std::uint64_t, 3> values {0, 0x1'0000, ~std::uint64_t {0}};
    for (std::uint64_t at = place; at < place + 80; ++at)
        attack([at, &values] { jump_to(at, values[at % values.size()]); });
    std::uint64_t entry = 0;
    std::memcpy(&entry, reinterpret_cast<void*>(base), sizeof entry);
    for (std::uint64_t at = entry - 0x40; at < entry + 0x120; at += 3)
        attack([at, &values] { jump_to(at, at % 2 ? gs_base() : values[at % values.size()]); });
    must(calls_are_right(), "calls after jumps");
}

/// The page that a thread's %gs leads to, written to by another thread as fast as it can, while calls go on.
void scribbles()
{
    for (unsigned word = 0; word < 40; ++word) {
        attack([word] {
            std::uint64_t mine = gs_base();
            if (mine == 0)
                return;
            std::thread([mine, word] {
                auto* context = reinterpret_cast<volatile std::uint64_t*>(mine);
                for (std::uint64_t i = 0; i < 200'000; ++i)
                    context[word % 26] = i % 3 == 0 ? i : i % 3 == 1 ? mine + (i & 0xffff) : 1;
                _exit(1);
            }).detach();
            for (;;)
                hot_getppid();
        });
    }
    must(calls_are_right(), "calls after scribbling");
}

/// %gs and %fs of another thread: its context, though not this thread's.
void borrowed_identity()
{
    for (int round = 0; round < 8; ++round) {
        attack([round] {
            static std::atomic<std::uint64_t> other_gs = 0, other_fs = 0;
            std::thread([] {
                std::uint64_t fs;
                asm volatile("rdfsbase %0" : "=r"(fs));
                other_fs = fs;
                other_gs = gs_base();
                for (;;)
                    hot_getppid();
            }).detach();
            while (other_fs == 0 || other_gs == 0)
                hot_getppid();
            for (int i = 0; i < 2000; ++i) {
                std::uint64_t fs, gs = gs_base();
                asm volatile("rdfsbase %0" : "=r"(fs));
                set_gs_base(other_gs);
                if (round % 2)
                    asm volatile("wrfsbase %0; call hot_getppid; wrfsbase %1" : : "r"(other_fs.load()), "r"(fs) : "rax", "rcx", "r11", "memory");
                else
                    hot_getppid();
                set_gs_base(gs);
            }
        });
    }
    must(calls_are_right(), "calls after a borrowed %gs");
}

}

int main(int count, char** arguments)
{
    bool wanted = count > 1 && std::strcmp(arguments[1], "patched") == 0;
    must(calls_are_right(), "calls");
    for (int i = 0; i < 200 && trampoline() == 0; ++i)
        usleep(1000);
    std::uint64_t place = trampoline();
    if (place == 0) {
        std::printf("no site is patched\n");
        return wanted;
    }
    // Those that come last take trampolines away for good.
    the_kernel_denies_it(place);
    it_cannot_be_written(place);
    a_file_changes_under_it();
    jumps_everywhere(place);
    scribbles();
    borrowed_identity();
    something_else_in_its_place(place);
    std::printf("%d wrong\n", failures);
    return failures != 0;
}
