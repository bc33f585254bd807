// The orders of one address space: what the kernel asks for becomes calls of the stub's order thread.

#include "engine/platform/stub_platform.h"

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
    make_room(start, length);
    process_.patcher().before_map(start.value(), length);
    process_.queue_map(start.value(), length, prot, file_offset, populate);
}

void StubAddressSpace::unmap(GuestAddr start, std::uint64_t length)
{
    if (!allowed(start, length))
        return;
    process_.patcher().before_unmap(start.value(), length);
    // Trampolines in the gaps stay: the guest has nothing there.
    process_.patcher().for_each_gap(start.value(), length, [&](std::uint64_t from, std::uint64_t part) { process_.queue_unmap(from, part); });
}

void StubAddressSpace::protect(GuestAddr start, std::uint64_t length, Prot prot)
{
    if (!allowed(start, length))
        return;
    process_.patcher().before_protect(start.value(), length, prot);
    process_.queue_protect(start.value(), length, prot);
}

Result<void> StubAddressSpace::flush()
{
    TRY(process_.orders().flush());
    process_.patcher().orders_done();
    return {};
}

void StubAddressSpace::inherit_patches(AddressSpace& parent)
{
    // Both were made by this platform.
    process_.patcher().inherit(static_cast<StubAddressSpace&>(parent).process_.patcher());
}

void StubAddressSpace::make_room(GuestAddr start, std::uint64_t length)
{
    CodePatcher& patcher = process_.patcher();
    if (!patcher.in_the_way(start.value(), length))
        return;
    patcher.close_trampolines(start.value(), length);
    if (flush().ok())
        platform_.look_at_all(process_);
    patcher.drop_trampolines(start.value(), length);
}

}
