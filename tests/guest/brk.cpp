// The program break: growing, shrinking, its limits. (man 2 brk)
#include "guest_test.h"

#include <cstring>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

unsigned long raw_brk(unsigned long to)
{
    return static_cast<unsigned long>(syscall(SYS_brk, to));
}

} // namespace

GUEST_TEST("growing gives zeroed memory, shrinking and growing again zeroes it anew")
{
    unsigned long start = raw_brk(0);
    expect_eq(start + 100000, raw_brk(start + 100000));
    auto* memory = reinterpret_cast<char*>(start);
    for (int i = 0; i < 100000; ++i)
        expect(memory[i] == 0, "zero");
    memset(memory, 1, 100000);
    unsigned long base = ((start + 4095) & ~4095UL) + 4096;
    expect_eq(base, raw_brk(base));
    expect_eq(base + 8192, raw_brk(base + 8192));
    expect_eq(0, *reinterpret_cast<char*>(base + 10));
    expect_eq(1, *reinterpret_cast<char*>(base - 1));
    expect_eq(start, raw_brk(start));
}

GUEST_TEST("what cannot be had leaves the break where it was")
{
    unsigned long start = raw_brk(0);
    expect_eq(start, raw_brk(4096));
    expect_eq(start, raw_brk(~0UL));
    expect_eq(start, raw_brk(start + (1UL << 47)));
    rlimit limit{1 << 20, RLIM_INFINITY};
    expect_ok(setrlimit(RLIMIT_DATA, &limit));
    expect_eq(start, raw_brk(start + (64UL << 20)));
}

GUEST_TEST("a mapping in the way stops it")
{
    unsigned long start = raw_brk(0);
    unsigned long base = (start + 4095) & ~4095UL;
    void* wall = mmap(reinterpret_cast<void*>(base + 8 * 4096), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    expect_mapped(wall);
    expect_eq(start, raw_brk(base + 16 * 4096));
    expect_eq(base + 4096, raw_brk(base + 4096));
}

GUEST_TEST("a child has a copy of the heap and a break of its own")
{
    unsigned long start = raw_brk(0);
    raw_brk(start + 4096);
    *reinterpret_cast<char*>(start + 100) = 'p';
    guest::note(guest::fate_of([=] {
        bool same = raw_brk(0) == start + 4096 && *reinterpret_cast<char*>(start + 100) == 'p';
        raw_brk(start + (1 << 20));
        *reinterpret_cast<char*>(start + 100) = 'c';
        return same ? 0 : 1;
    }));
    expect_eq(start + 4096, raw_brk(0));
    expect_eq('p', *reinterpret_cast<char*>(start + 100));
}
