// Kernel access to guest memory: copy-in, copy-out, and what asks where something is.

#include "engine/kernel/task.h"
#include "engine/mm/space_state.h"

namespace ringside::mm {

template<typename F>
Result<void> AddressSpace::State::walk(kernel::Task& task, std::uint64_t start, std::uint64_t length, bool write, bool force, F move)
{
    if (start > guest_address_end || length > guest_address_end - start)
        return Errno(EFAULT);
    std::uint64_t done = 0;
    while (done < length) {
        std::uint64_t address = start + done;
        auto vma = vma_at(task, address);
        if (vma == vmas.end() || vma->first > address)
            return Errno(EFAULT);
        const Vma& area = vma->second.value;
        bool allowed = write ? (area.prot & PROT_WRITE) != 0 : area.prot != 0;
        if (!allowed && (!force || (write && area.shared)))
            return Errno(EFAULT);
        auto run = runs.find(address);
        if (run == runs.end() || !run_ready(run->second.value, area, write)) {
            FaultResult result = make_ready(task, page_down(address), write);
            if (result == FaultResult::out_of_memory)
                return Errno(ENOMEM);
            if (result != FaultResult::resolved)
                return Errno(EFAULT);
            continue; // it may have waited: look again
        }
        std::uint64_t part = std::min({length - done, run->second.end - address, vma->second.end - address});
        TRY(move(run->second.value.at + (address - run->first), part, done));
        done += part;
    }
    return {};
}

Result<void> AddressSpace::copy_in(kernel::Task& task, GuestAddr from, std::span<std::byte> to)
{
    return state_->walk(task, from.value(), to.size(), false, false, [&](FileOffset at, std::uint64_t length, std::uint64_t done) {
        return state_->memory.read(at, to.subspan(done, length));
    });
}

Result<void> AddressSpace::copy_out(kernel::Task& task, GuestAddr to, std::span<const std::byte> from, std::uint64_t* written)
{
    return state_->walk(task, to.value(), from.size(), true, false, [&](FileOffset at, std::uint64_t length, std::uint64_t done) {
        auto result = state_->memory.write(at, from.subspan(done, length));
        if (result.ok() && written)
            *written = done + length;
        return result;
    });
}

Result<void> AddressSpace::compare_exchange(kernel::Task& task, GuestAddr word, std::uint32_t& expected, std::uint32_t desired)
{
    return state_->walk(task, word.value(), sizeof expected, true, false,
        [&](FileOffset at, std::uint64_t, std::uint64_t) { return state_->memory.compare_exchange(at, expected, desired); });
}

Result<std::uint64_t> AddressSpace::peek(kernel::Task& task, GuestAddr from, std::span<std::byte> to, bool force)
{
    std::uint64_t moved = 0;
    auto result = state_->walk(task, from.value(), to.size(), false, force, [&](FileOffset at, std::uint64_t length, std::uint64_t done) {
        moved = done + length;
        return state_->memory.read(at, to.subspan(done, length));
    });
    if (!result.ok() && moved == 0)
        return result.error();
    return moved;
}

Result<std::uint64_t> AddressSpace::poke(kernel::Task& task, GuestAddr to, std::span<const std::byte> from, bool force)
{
    std::uint64_t moved = 0;
    auto result = state_->walk(task, to.value(), from.size(), true, force, [&](FileOffset at, std::uint64_t length, std::uint64_t done) {
        moved = done + length;
        state_->host->code_changes(to + done, length);
        return state_->memory.write(at, from.subspan(done, length));
    });
    if (!result.ok() && moved == 0)
        return result.error();
    return moved;
}

std::uint64_t AddressSpace::accessible(kernel::Task& task, GuestAddr start, std::uint64_t length, bool write)
{
    State& s = *state_;
    if (start.value() > guest_address_end)
        return 0;
    length = std::min(length, guest_address_end - start.value());
    std::uint64_t done = 0;
    while (done < length) {
        std::uint64_t address = start.value() + done;
        auto vma = s.vma_at(task, address);
        if (vma == s.vmas.end() || vma->first > address)
            break;
        const Vma& area = vma->second.value;
        if (write ? (area.prot & PROT_WRITE) == 0 : area.prot == 0)
            break;
        std::uint64_t end = vma->second.end;
        if (area.mapping) {
            std::uint64_t size = page_up(area.mapping->object().size());
            std::uint64_t reach = size > area.offset ? size - area.offset : 0;
            end = std::min(end, vma->first + reach);
            if (end <= address)
                break;
        }
        done = std::min(length, end - start.value());
        if (end < vma->second.end)
            break;
    }
    return done;
}

Result<AddressSpace::FutexKey> AddressSpace::futex_key(kernel::Task&, GuestAddr address, bool is_private)
{
    State& s = *state_;
    if (address.value() >= guest_address_end)
        return Errno(EFAULT);
    if (is_private)
        return FutexKey {s.id, address.value()};
    auto vma = s.vmas.find(address.value());
    if (vma == s.vmas.end() || vma->second.value.prot == 0)
        return Errno(EFAULT);
    const Vma& area = vma->second.value;
    if (!area.shared)
        return FutexKey {s.id, address.value()};
    // Objects have addresses that no identity of an address space equals: those are odd.
    return FutexKey {reinterpret_cast<std::uintptr_t>(&area.mapping->object()), area.offset + (address.value() - vma->first)};
}

}
