// The sealed page of open_how structures.

#include "engine/boundary/open_how.h"

#include "engine/boundary/linux_extra.h"

#include <fcntl.h>
#include <span>
#include <sys/mman.h>

namespace ringside::boundary {

namespace {

constexpr std::size_t how_page = 4096;

constexpr open_how make(std::uint64_t flags, bool cached, std::uint64_t mode = 0)
{
    open_how value {};
    value.flags = flags | O_CLOEXEC;
    value.mode = mode;
    value.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (cached ? RESOLVE_CACHED : 0u);
    return value;
}

constexpr std::uint64_t reading = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

constexpr std::array<open_how, static_cast<std::size_t>(OpenHow::count)> table = {
    make(O_PATH | O_NOFOLLOW, false),
    make(O_PATH | O_NOFOLLOW, true),
    make(O_RDONLY | O_DIRECTORY | O_NOFOLLOW, false),
    make(O_RDONLY | O_DIRECTORY | O_NOFOLLOW, true),
    make(O_RDONLY | reading, false),
    make(O_RDONLY | reading, true),
    make(O_WRONLY | reading, false),
    make(O_RDWR | reading, false),
    make(O_RDWR | O_CREAT | O_EXCL | reading, false, 0600),
};
static_assert(sizeof(table) <= how_page);

bool prepared = false; // set once, before any thread is made

}

Result<void> prepare_open_how()
{
    if (prepared)
        return {};
    host::Fd memory(static_cast<int>(TRY(host::call(SYS_memfd_create, "open-how", MFD_CLOEXEC | MFD_ALLOW_SEALING))));
    auto bytes = std::as_bytes(std::span(table));
    TRY(host::call(SYS_write, memory.get(), bytes.data(), bytes.size()));
    TRY(host::call(SYS_fcntl, memory.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL));
    TRY(host::call(SYS_mmap, open_how_address, how_page, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, memory.get(), 0));
    // Linux 6.10 can also seal the mapping; elsewhere the filter keeps munmap and mmap away from it.
    static_cast<void>(host::call(nr_mseal, open_how_address, how_page, 0).ok());
    prepared = true;
    return {};
}

const open_how* how(OpenHow kind)
{
    return reinterpret_cast<const open_how*>(open_how_address) + static_cast<std::size_t>(kind);
}

Result<host::Fd> open_host(int dirfd, const char* path, OpenHow kind)
{
    long fd = TRY(host::call(SYS_openat2, dirfd, path, how(kind), sizeof(open_how)));
    return host::Fd(static_cast<int>(fd));
}

}
