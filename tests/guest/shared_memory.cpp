// Mappings that are shared and mappings that are private, of files and of nothing, across fork. (man 2 mmap, fork)
#include "guest_test.h"

#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace {

char* map(size_t length, int flags, int fd = -1, off_t offset = 0)
{
    return static_cast<char*>(expect_mapped(mmap(nullptr, length, PROT_READ | PROT_WRITE, flags, fd, offset)));
}

} // namespace

GUEST_TEST("MAP_SHARED memory is one for parent and children, both ways, touched before and after")
{
    char* memory = map(1 << 20, MAP_SHARED | MAP_ANONYMOUS);
    memory[0] = 'p';
    pid_t child = guest::in_child([=] {
        bool seen = memory[0] == 'p';
        memory[1] = 'c';
        memory[700000] = 'd';
        guest::wait_for(guest::in_child([=] {
            memory[2] = 'g';
            return 0;
        }));
        return seen ? 0 : 1;
    });
    guest::note(guest::describe(guest::wait_for(child)));
    guest::note(std::string(memory, 3) + memory[700000]);
}

GUEST_TEST("private memory is copied on write, on either side")
{
    constexpr size_t length = 3 << 20;
    char* memory = map(length, MAP_PRIVATE | MAP_ANONYMOUS);
    memset(memory, 'o', length);
    guest::Gate written;
    guest::Gate looked;
    pid_t child = guest::in_child([&] {
        written.wait();
        bool old = memory[0] == 'o' && memory[length - 1] == 'o';
        memset(memory + 4096, 'c', length - 4096);
        looked.open();
        return old && memory[0] == 'o' ? 0 : 1;
    });
    memory[0] = 'P';
    memory[length - 1] = 'P';
    written.open();
    looked.wait();
    expect_eq('o', memory[4096]);
    expect_eq('P', memory[0]);
    expect_eq('P', memory[length - 1]);
    guest::note(guest::describe(guest::wait_for(child)));
}

GUEST_TEST("five generations write into one page, each sees its own")
{
    char* memory = map(4096, MAP_PRIVATE | MAP_ANONYMOUS);
    std::function<int(int)> next = [&](int depth) -> int {
        if (memory[0] != depth)
            return 1;
        if (depth == 5)
            return 0;
        memory[0] = static_cast<char>(depth + 1);
        int status = guest::wait_for(guest::in_child([&] { return next(depth + 1); }));
        return memory[0] == depth + 1 ? status : 2;
    };
    expect_eq(0, next(0));
}

GUEST_TEST("a shared mapping of a file and read and write see one another")
{
    guest::enter_scratch();
    guest::write_file("f", "0123456789");
    int fd = expect_ok(open("f", O_RDWR));
    char* file = map(4096, MAP_SHARED, fd);
    file[3] = 'X';
    expect_eq("012X456789", guest::read_file("f"));
    expect_eq(1, pwrite(fd, "Y", 1, 4));
    expect_eq('Y', file[4]);
    guest::wait_for(guest::in_child([=] {
        file[5] = 'Z';
        return 0;
    }));
    expect_eq("012XYZ6789", guest::read_file("f"));
    file[20] = 'q'; // past the end: not part of the file
    expect_eq(10, guest::read_file("f").size());
    expect_ok(munmap(file, 4096));
    close(fd);
    expect_eq("012XYZ6789", guest::read_file("f"));
}

GUEST_TEST("a private mapping of a file never changes it, and sees it until it writes")
{
    guest::enter_scratch();
    guest::write_file("f", std::string(8192, 'f'));
    int fd = expect_ok(open("f", O_RDWR));
    char* own = map(8192, MAP_PRIVATE, fd);
    own[0] = 'm';
    expect_eq('f', guest::read_file("f")[0]);
    expect_eq(1, pwrite(fd, "n", 1, 1));
    expect_eq('f', own[1]); // the page is ours since we wrote to it
    expect_eq(1, pwrite(fd, "n", 1, 4097));
    expect_eq('n', own[4097]);
    guest::wait_for(guest::in_child([=] {
        own[2] = 'c';
        return 0;
    }));
    expect_eq('f', own[2]);
}

GUEST_TEST("an offset, a file longer than the mapping, a mapping that outlives its descriptor and its name")
{
    guest::enter_scratch();
    std::string content(20000, 'a');
    content[8192] = 'B';
    guest::write_file("f", content);
    int fd = expect_ok(open("f", O_RDONLY));
    auto* file = static_cast<char*>(expect_mapped(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, fd, 8192)));
    close(fd);
    unlink("f");
    expect_eq('B', file[0]);
    expect_eq('a', file[1]);
}

GUEST_TEST("two mappings of one file at two places are one")
{
    guest::enter_scratch();
    guest::write_file("f", std::string(4096, '.'));
    int fd = expect_ok(open("f", O_RDWR));
    char* first = map(4096, MAP_SHARED, fd);
    char* second = map(4096, MAP_SHARED, expect_ok(open("f", O_RDWR)));
    expect(first != second, "two places");
    first[9] = '1';
    expect_eq('1', second[9]);
}

GUEST_TEST("memfd: grows, is shared, is sealed")
{
    int fd = expect_ok(memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    expect_ok(ftruncate(fd, 8192));
    char* memory = map(8192, MAP_SHARED, fd);
    guest::wait_for(guest::in_child([=] {
        strcpy(memory + 5000, "from the child");
        return 0;
    }));
    char buffer[32] = {};
    expect_eq(14, pread(fd, buffer, 14, 5000));
    guest::note(buffer);
    expect_errno(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    munmap(memory, 8192);
    expect_ok(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE));
    expect_errno(EPERM, write(fd, "x", 1));
    expect_errno(EPERM, ftruncate(fd, 1));
    expect_eq(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, fcntl(fd, F_GET_SEALS));
}

GUEST_TEST("data and stack of the program itself are copied at fork")
{
    static int initialised = 41;
    static int zeroed;
    int local = 1;
    guest::note(guest::fate_of([&] {
        ++initialised;
        ++zeroed;
        ++local;
        return initialised == 42 && zeroed == 1 && local == 2 ? 0 : 1;
    }));
    expect_eq(42, initialised + zeroed + local);
}
