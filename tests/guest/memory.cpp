// mmap, munmap, mprotect, mremap, madvise, mincore: what they do and what they refuse. (man 2 mmap, mremap)
#include "guest_test.h"

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

constexpr size_t page = 4096;
sigjmp_buf back;

char* map(size_t length, int protection = PROT_READ | PROT_WRITE, int flags = MAP_PRIVATE | MAP_ANONYMOUS, void* where = nullptr)
{
    return static_cast<char*>(expect_mapped(mmap(where, length, protection, flags, -1, 0)));
}

// "rw", "r-", "--": what the program may do there, found by trying.
std::string rights(char* at)
{
    struct sigaction action{};
    action.sa_handler = [](int) { siglongjmp(back, 1); };
    sigaction(SIGSEGV, &action, nullptr);
    std::string text = "--";
    if (sigsetjmp(back, 1) == 0) {
        (void)*static_cast<volatile char*>(at);
        text[0] = 'r';
    }
    if (text[0] == 'r' && sigsetjmp(back, 1) == 0) {
        *static_cast<volatile char*>(at) = *static_cast<volatile char*>(at);
        text[1] = 'w';
    }
    return text;
}

long failed(void* result)
{
    return result == MAP_FAILED ? -1 : 0;
}

} // namespace

GUEST_TEST("anonymous memory is zero, page by page")
{
    char* memory = map(64 * page);
    for (size_t i = 0; i < 64 * page; i += 512)
        expect_eq(0, memory[i]);
    memset(memory, 1, 64 * page);
    expect_ok(munmap(memory, 64 * page));
    expect_eq("--", rights(memory));
}

GUEST_TEST("mmap's refusals")
{
    guest::enter_scratch();
    int fd = expect_ok(open("f", O_RDONLY | O_CREAT, 0644));
    int write_only = expect_ok(open("f", O_WRONLY));
    int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    expect_errno(EINVAL, failed(mmap(nullptr, 0, PROT_READ, anonymous, -1, 0)));
    expect_errno(EINVAL, failed(mmap(nullptr, page, PROT_READ, MAP_ANONYMOUS, -1, 0)));
    expect_errno(EINVAL, failed(mmap(nullptr, page, PROT_READ, MAP_PRIVATE, fd, 100)));
    expect_errno(EBADF, failed(mmap(nullptr, page, PROT_READ, MAP_PRIVATE, -1, 0)));
    expect_errno(EACCES, failed(mmap(nullptr, page, PROT_READ, MAP_PRIVATE, write_only, 0)));
    expect_errno(EACCES, failed(mmap(nullptr, page, PROT_WRITE, MAP_SHARED, fd, 0)));
    expect_mapped(mmap(nullptr, page, PROT_WRITE, MAP_PRIVATE, fd, 0));
    expect_errno(ENOMEM, failed(mmap(nullptr, size_t{1} << 48, PROT_READ, anonymous, -1, 0)));
    expect_errno(EINVAL, failed(mmap(reinterpret_cast<void*>(0x10001), page, PROT_READ, anonymous | MAP_FIXED, -1, 0)));
    expect_errno(ENODEV, failed(mmap(nullptr, page, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0)));
    expect_errno(EBADF, failed(mmap(nullptr, page, PROT_READ, MAP_PRIVATE, open("f", O_PATH), 0)));
    auto [reader, writer] = guest::make_pipe();
    expect_errno(ENODEV, failed(mmap(nullptr, page, PROT_READ, MAP_PRIVATE, reader, 0)));
    expect_errno(EOVERFLOW, failed(mmap(nullptr, 2 * page, PROT_READ, MAP_PRIVATE, fd, -static_cast<off_t>(page))));
}

GUEST_TEST("MAP_FIXED replaces, MAP_FIXED_NOREPLACE refuses, a hint is taken when it is free")
{
    char* memory = map(4 * page);
    memory[page] = 'x';
    char* inside = map(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, memory + page);
    expect(inside == memory + page, "exactly there");
    expect_eq(0, memory[page]);
    expect_errno(EEXIST, failed(mmap(memory, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
    munmap(memory, 4 * page);
    expect(map(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, memory + 2 * page) == memory + 2 * page, "the hint");
    expect(map(2 * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, memory + page) != memory + page, "not over another");
}

GUEST_TEST("a hole in the middle leaves both sides as they were")
{
    char* memory = map(5 * page);
    memory[0] = 'a';
    memory[4 * page] = 'e';
    expect_ok(munmap(memory + 2 * page, page));
    expect_eq('a', memory[0]);
    expect_eq('e', memory[4 * page]);
    expect_eq("--", rights(memory + 2 * page));
    expect_eq("rw", rights(memory + page));
    expect_ok(munmap(memory, 5 * page));
    expect_ok(munmap(memory, 5 * page));
    expect_errno(EINVAL, munmap(memory + 1, page));
    expect_errno(EINVAL, munmap(memory, 0));
}

GUEST_TEST("mprotect: parts, errors, and what stays")
{
    char* memory = map(4 * page);
    memset(memory, 7, 4 * page);
    expect_ok(mprotect(memory + page, 2 * page, PROT_READ));
    guest::note(rights(memory) + " " + rights(memory + page) + " " + rights(memory + 2 * page) + " " + rights(memory + 3 * page));
    expect_ok(mprotect(memory + page, page, PROT_NONE));
    guest::note(rights(memory) + " " + rights(memory + page) + " " + rights(memory + 2 * page) + " " + rights(memory + 3 * page));
    expect_ok(mprotect(memory, 4 * page, PROT_READ | PROT_WRITE));
    expect_eq(7, memory[page]);
    munmap(memory + 2 * page, page);
    expect_errno(ENOMEM, mprotect(memory, 4 * page, PROT_READ));
    guest::note(rights(memory) + " " + rights(memory + 3 * page));
    expect_errno(EINVAL, mprotect(memory + 1, page, PROT_READ));
    expect_errno(EINVAL, mprotect(memory, page, 0x100));
    expect_ok(mprotect(memory, 0, PROT_READ));
    guest::enter_scratch();
    guest::write_file("f", "content");
    int fd = expect_ok(open("f", O_RDONLY));
    void* file = expect_mapped(mmap(nullptr, page, PROT_READ, MAP_SHARED, fd, 0));
    expect_errno(EACCES, mprotect(file, page, PROT_READ | PROT_WRITE));
}

GUEST_TEST("mremap grows in place, moves, shrinks, and keeps the content")
{
    char* memory = map(8 * page);
    munmap(memory + 4 * page, 4 * page);
    memset(memory, 3, 4 * page);
    char* grown = static_cast<char*>(mremap(memory, 4 * page, 6 * page, 0));
    expect(grown == memory, "room behind: in place");
    expect_eq(3, grown[4 * page - 1]);
    expect_eq(0, grown[4 * page]);
    char* wall = map(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, memory + 6 * page);
    expect_errno(ENOMEM, failed(mremap(memory, 6 * page, 7 * page, 0)));
    char* moved = static_cast<char*>(expect_mapped(mremap(memory, 6 * page, 9 * page, MREMAP_MAYMOVE)));
    expect(moved != memory, "elsewhere");
    expect_eq(3, moved[0]);
    expect_eq("--", rights(memory));
    expect(mremap(moved, 9 * page, 2 * page, 0) == moved, "shrinking stays");
    expect_eq("--", rights(moved + 2 * page));
    char* fixed = static_cast<char*>(mremap(moved, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, wall));
    expect(fixed == wall, "where it was told");
    expect_eq(3, wall[page]);
}

GUEST_TEST("mremap's refusals; DONTUNMAP")
{
    char* memory = map(4 * page);
    expect_errno(EINVAL, failed(mremap(memory + 1, page, page, 0)));
    expect_errno(EINVAL, failed(mremap(memory, page, 0, 0)));
    expect_errno(EINVAL, failed(mremap(memory, page, page, 0x80)));
    expect_errno(EINVAL, failed(mremap(memory, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, memory + page)));
    expect_errno(EINVAL, failed(mremap(memory, page, page, MREMAP_FIXED, memory)));
    munmap(memory + page, page);
    expect_errno(EFAULT, failed(mremap(memory + page, page, 2 * page, MREMAP_MAYMOVE)));
    expect_errno(EFAULT, failed(mremap(memory, 3 * page, 5 * page, MREMAP_MAYMOVE)));
    memory[0] = 'm';
    char* other = static_cast<char*>(expect_mapped(mremap(memory, page, page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP)));
    expect_eq('m', other[0]);
    expect_eq(0, memory[0]);
}

GUEST_TEST("madvise: DONTNEED gives zeroes or the file again; errors")
{
    char* memory = map(2 * page);
    memset(memory, 5, 2 * page);
    expect_ok(madvise(memory, page, MADV_DONTNEED));
    expect_eq(0, memory[0]);
    expect_eq(5, memory[page]);
    guest::enter_scratch();
    guest::write_file("f", "from the file");
    char* file = static_cast<char*>(expect_mapped(mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE, expect_ok(open("f", O_RDONLY)), 0)));
    file[0] = 'X';
    expect_ok(madvise(file, page, MADV_DONTNEED));
    expect_eq('f', file[0]);
    expect_errno(EINVAL, madvise(memory + 1, page, MADV_DONTNEED));
    expect_errno(EINVAL, madvise(memory, page, 9999));
    munmap(memory, page);
    expect_errno(ENOMEM, madvise(memory, 2 * page, MADV_NORMAL));
    for (int advice : {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED})
        expect_ok(madvise(memory + page, page, advice));
    char* shared = map(page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
    shared[0] = 's';
    expect_ok(madvise(shared, page, MADV_DONTNEED));
    expect_eq('s', shared[0]);
}

GUEST_TEST("MADV_DONTFORK and MADV_WIPEONFORK")
{
    char* memory = map(3 * page);
    memset(memory, 6, 3 * page);
    expect_ok(madvise(memory, page, MADV_DONTFORK));
    expect_ok(madvise(memory + page, page, MADV_WIPEONFORK));
    guest::note(guest::fate_of([=] { return rights(memory) == "--" && memory[page] == 0 && memory[2 * page] == 6 ? 0 : 1; }));
    expect_eq(6, memory[page]);
}

GUEST_TEST("mincore, msync and mlock: errors")
{
    char* memory = map(2 * page);
    memory[0] = 1;
    unsigned char present[2] = {};
    expect_ok(mincore(memory, page, present));
    expect_eq(1, present[0] & 1);
    expect_errno(EINVAL, mincore(memory + 1, page, present));
    expect_errno(EFAULT, mincore(memory, page, reinterpret_cast<unsigned char*>(8)));
    expect_ok(msync(memory, page, MS_SYNC));
    expect_errno(EINVAL, msync(memory, page, MS_SYNC | MS_ASYNC));
    expect_errno(EINVAL, msync(memory + 1, page, MS_SYNC));
    expect_ok(mlock(memory, page));
    expect_ok(munlock(memory, page));
    munmap(memory + page, page);
    expect_errno(ENOMEM, mincore(memory + page, page, present));
    expect_errno(ENOMEM, msync(memory, 2 * page, MS_SYNC));
    expect_errno(ENOMEM, mlock(memory, 2 * page));
}

GUEST_TEST("RLIMIT_AS and RLIMIT_DATA end in ENOMEM")
{
    guest::note(guest::fate_of([] {
        rlimit limit{256UL << 20, 256UL << 20};
        setrlimit(RLIMIT_AS, &limit);
        void* small = mmap(nullptr, 16UL << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        void* big = mmap(nullptr, 512UL << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return small != MAP_FAILED && big == MAP_FAILED && errno == ENOMEM ? 0 : 1;
    }));
}

GUEST_TEST("MAP_GROWSDOWN grows, and stops above its neighbour")
{
    char* space = map(512 * page, PROT_NONE);
    munmap(space, 512 * page);
    char* low = map(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, space + 400 * page);
    low[0] = 1;
    low[-1] = 2;
    expect_eq(2, low[-1]);
    guest::note(rights(low - 10 * static_cast<long>(page)));
}

GUEST_TEST("many small mappings with holes, then all gone")
{
    char* memory = map(2000 * page);
    for (size_t i = 0; i < 2000; i += 2)
        expect_ok(mprotect(memory + i * page, page, PROT_READ));
    expect_eq("r-", rights(memory + 1000 * page));
    expect_eq("rw", rights(memory + 1001 * page));
    expect_ok(mprotect(memory, 2000 * page, PROT_READ | PROT_WRITE));
    memset(memory, 1, 2000 * page);
    expect_ok(munmap(memory, 2000 * page));
}
