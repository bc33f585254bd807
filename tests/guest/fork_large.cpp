// A process that has touched 4 GB forks; both sides write a little, and each sees its own.
#include "guest_test.h"

#include <string>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

GUEST_TEST("fork with 4 GB touched")
{
    constexpr size_t length = size_t{4} << 30;
    constexpr size_t step = 4096;
    struct sysinfo info{};
    expect_ok(sysinfo(&info));
    if (info.freeram * info.mem_unit < length + (size_t{1} << 30))
        guest::skip("less than 5 GB of memory are free");
    auto* memory = static_cast<unsigned char*>(expect_mapped(
        mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)));
    for (size_t at = 0; at < length; at += step)
        memory[at] = static_cast<unsigned char>(at >> 12);
    auto sample = [=](int add) {
        for (size_t at = 0; at < length; at += length / 257 / step * step)
            if (memory[at] != static_cast<unsigned char>((at >> 12) + static_cast<size_t>(add)))
                return false;
        return true;
    };
    pid_t child = guest::in_child([=] {
        if (!sample(0))
            return 1;
        for (size_t at = 0; at < length; at += length / 257 / step * step)
            memory[at] = static_cast<unsigned char>(memory[at] + 1);
        return sample(1) ? 0 : 2;
    });
    guest::note(guest::describe(guest::wait_for(child)));
    expect(sample(0), "the parent's memory is as it was");
}
