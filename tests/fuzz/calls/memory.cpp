// Steps on the memory map, in a window that holds nothing else.
#include "machine.h"

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace fuzz {
namespace {

long place(Call& c)
{
    if (c.random.one_in(16))
        return c.random.pick({window + 1, window + 100, -page, static_cast<long>(0x7ffffffff000), static_cast<long>(0x800000000000)});
    return window + c.random.below(window_pages) * page;
}
long extent(Call& c)
{
    return c.random.one_in(12) ? c.random.pick({0, -1, -page, 1, page - 1, page + 1}) : c.random.below(6) * page + (c.random.one_in(8) ? 100 : 0);
}
bool outside(long at) { return at < window || at >= window + window_pages * page; }

void mmap_(Call& c)
{
    long kind = c.random.pick({MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED, MAP_SHARED, MAP_SHARED_VALIDATE, 0});
    long flags = kind | (c.random.one_in(2) ? MAP_ANONYMOUS : 0) | (c.random.one_in(10) ? c.random.pick({MAP_POPULATE, MAP_NORESERVE, MAP_LOCKED, MAP_STACK}) : 0);
    long at = place(c);
    flags |= outside(at) || c.random.one_in(6) ? MAP_FIXED_NOREPLACE : MAP_FIXED;
    long protection = c.random.one_in(15) ? 0x100 : c.random.pick({0, 1, 3, 3, 3, 5, 7, 2});
    long offset = c.random.one_in(12) ? c.random.pick({1, -page, 100}) : c.random.below(4) * page;
    c.go("mmap", SYS_mmap, at, extent(c), protection, flags, c.fd(), offset);
}
void mmap_anywhere(Call& c)
{
    long bytes = c.random.pick({0, 1, page, 10 * page, -1, static_cast<long>(0x7fffffffffff)});
    long result = c.go_hidden("mmap", SYS_mmap, 0, bytes, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (result > 0)
        raw(SYS_munmap, result, bytes);
}
void munmap_(Call& c) { long at = place(c); if (!outside(at)) c.go("munmap", SYS_munmap, at, extent(c)); }
void mprotect_(Call& c)
{
    long at = place(c);
    if (!outside(at))
        c.go("mprotect", SYS_mprotect, at, extent(c), c.random.one_in(12) ? c.random.pick({8, 0x1000000, 0x2000000, -1}) : c.random.pick({0, 1, 3, 5, 3}));
}
void mremap_(Call& c)
{
    long at = place(c);
    long flags = c.random.pick({0, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, 8});
    long to = window + c.random.below(window_pages) * page + (c.random.one_in(15) ? 1 : 0);
    long old_size = c.random.one_in(8) ? extent(c) : c.random.below(4) * page;
    long new_size = c.random.one_in(8) ? extent(c) : (1 + c.random.below(4)) * page;
    if (!outside(at) && new_size < 64 * page)
        c.go("mremap", SYS_mremap, at, old_size, new_size, flags, to);
}
// What free memory the host has does not matter to these.
void madvise_(Call& c)
{
    long at = place(c);
    if (!outside(at))
        c.go("madvise", SYS_madvise, at, extent(c), c.random.one_in(10) ? c.random.pick({-1, 99, 5, 6, 7}) : c.random.pick({0, 1, 2, 3, 4, 4, 4, 9, 10, 11, 16, 17, 18, 19, 22, 23}));
}
void mincore_(Call& c)
{
    long at = place(c);
    long bytes = extent(c);
    long vector = c.out(64);
    long result = c.go("mincore", SYS_mincore, at, bytes, vector);
    if (result == 0 || result == -ENOMEM)
        c.scrub(vector, 0, 64);
}
void msync_(Call& c) { c.go("msync", SYS_msync, place(c), extent(c), c.random.one_in(8) ? c.odd_number() : c.random.below(8)); }
void mlock_(Call& c) { long at = place(c); if (!outside(at)) c.go("mlock", SYS_mlock, at, extent(c)); }
void munlock_(Call& c) { long at = place(c); if (!outside(at)) c.go("munlock", SYS_munlock, at, extent(c)); }
void mlock2_(Call& c) { long at = place(c); if (!outside(at)) c.go("mlock2", SYS_mlock2, at, extent(c), c.random.below(3)); }

void brk_relative(Call& c)
{
    static long base = raw(SYS_brk, 0);
    long by = c.random.below(64) * 1000;
    long result = raw(SYS_brk, base + by);
    c.go_hidden("brk", SYS_getpid);
    c.note(" asked %ld got %ld", by, result - base);
}

sigjmp_buf back;
void caught(int number, siginfo_t* info, void*)
{
    signal_came(number, info->si_code);
    siglongjmp(back, 1);
}
// A read or a write by the program itself: the value, or the signal and its code.
void touch_(Call& c)
{
    long at = window + c.random.below(window_pages) * page + c.random.below(page - 8);
    bool writes = c.random.one_in(2);
    struct sigaction action{};
    struct sigaction old[2];
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, &old[0]);
    sigaction(SIGBUS, &action, &old[1]);
    sigset_t both;
    sigset_t before;
    sigemptyset(&both);
    sigaddset(&both, SIGSEGV);
    sigaddset(&both, SIGBUS);
    sigprocmask(SIG_UNBLOCK, &both, &before);
    static volatile unsigned long value;
    value = 0;
    c.go(writes ? "touch_write" : "touch_read", SYS_lseek, -1, at, 0);
    if (sigsetjmp(back, 0) == 0) {
        if (writes)
            *reinterpret_cast<volatile long*>(at) = c.step();
        else
            value = *reinterpret_cast<volatile unsigned long*>(at);
    }
    c.note(" %lx", static_cast<unsigned long>(value));
    sigaction(SIGSEGV, &old[0], nullptr);
    sigaction(SIGBUS, &old[1], nullptr);
    sigprocmask(SIG_SETMASK, &before, nullptr);
}
void peek_(Call& c)
{
    long at = place(c);
    c.go("peek", SYS_pwrite64, probe_fd, at, c.random.one_in(3) ? 2 * page : 64, 0);
    static char data[2 * page];
    long n = raw(SYS_pread64, probe_fd, reinterpret_cast<long>(data), sizeof data, 0);
    c.note(" %08x", n > 0 ? hash(data, n) : 0);
}
void poke_(Call& c)
{
    c.go("poke", SYS_pread64, probe_fd, place(c), c.random.one_in(3) ? 2 * page : 64, 0);
}
void vm_(Call& c)
{
    iovec here{reinterpret_cast<void*>(c.out(200)), static_cast<size_t>(c.random.below(200))};
    iovec there{reinterpret_cast<void*>(place(c)), static_cast<size_t>(c.random.below(200))};
    bool writes = c.random.one_in(2);
    long a = c.in(here);
    long b = c.in(there);
    c.go(writes ? "process_vm_writev" : "process_vm_readv", writes ? SYS_process_vm_writev : SYS_process_vm_readv, hidden(raw(SYS_getpid)), a, c.random.below(2), b, c.random.below(2),
        c.random.one_in(10) ? 1 : 0);
}

const Entry steps[] = {{"memory", 14, mmap_}, {"memory", 1, mmap_anywhere}, {"memory", 4, munmap_}, {"memory", 6, mprotect_}, {"memory", 6, mremap_}, {"memory", 6, madvise_}, {"memory", 2, mincore_},
    {"memory", 3, msync_}, {"memory", 2, mlock_}, {"memory", 2, munlock_}, {"memory", 1, mlock2_}, {"memory", 1, brk_relative}, {"memory", 8, touch_}, {"memory", 4, peek_}, {"memory", 3, poke_}, {"memory", 2, vm_}};

}

std::span<const Entry> memory_steps() { return steps; }

}
