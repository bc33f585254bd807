// The orders of one address space: what the kernel asks for becomes calls of the stub's order thread.

#include "engine/platform/stub_platform.h"

#include <array>
#include <sys/mman.h>

namespace ringside::platform {

bool StubAddressSpace::allowed(GuestAddr start, std::uint64_t length)
{
    std::uint64_t from = start.value();
    bool sound = (from | length) % page_size == 0 && from <= guest_address_end && length <= guest_address_end - from
        && (from + length <= stub_region_start || from >= stub_region_end);
    // The kernel above refuses such ranges. One that comes through all the same must not reach a stub that goes on.
    if (!sound)
        process_.kill();
    return sound && length != 0;
}

void StubAddressSpace::map(GuestAddr start, std::uint64_t length, Prot prot, std::uint64_t file_offset, bool populate)
{
    if (!allowed(start, length))
        return;
    int flags = MAP_SHARED | MAP_FIXED | (populate ? MAP_POPULATE : 0);
    std::array<std::uint64_t, 6> args {start.value(), length, static_cast<std::uint64_t>(prot), static_cast<std::uint64_t>(flags), stub::memory_fd, file_offset};
    if (!process_.orders().extend_last(SYS_mmap, args, 5))
        process_.orders().push(SYS_mmap, args, stub::order_checked, start.value());
    process_.mappings().map(start.value(), length, static_cast<int>(prot), file_offset);
}

void StubAddressSpace::unmap(GuestAddr start, std::uint64_t length)
{
    if (!allowed(start, length))
        return;
    std::array<std::uint64_t, 6> args {start.value(), length};
    if (!process_.orders().extend_last(SYS_munmap, args, -1))
        process_.orders().push_checked(SYS_munmap, args);
    process_.mappings().unmap(start.value(), length);
}

void StubAddressSpace::protect(GuestAddr start, std::uint64_t length, Prot prot)
{
    if (!allowed(start, length))
        return;
    std::array<std::uint64_t, 6> args {start.value(), length, static_cast<std::uint64_t>(prot)};
    if (!process_.orders().extend_last(SYS_mprotect, args, -1))
        process_.orders().push_checked(SYS_mprotect, args);
    process_.mappings().protect(start.value(), length, static_cast<int>(prot));
}

}
