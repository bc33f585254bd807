// madvise, mlock and mincore on an address space. Errors as in mm/madvise.c, mm/mlock.c, mm/mincore.c.

#include "engine/kernel/task.h"
#include "engine/mm/space_state.h"

namespace ringside::mm {

namespace {

constexpr int dontneed_locked = 24; // MADV_DONTNEED_LOCKED, Linux 5.18

bool known(int advice)
{
    switch (advice) {
    case MADV_NORMAL: case MADV_RANDOM: case MADV_SEQUENTIAL: case MADV_WILLNEED: case MADV_DONTNEED: case MADV_FREE: case MADV_REMOVE:
    case MADV_DONTFORK: case MADV_DOFORK: case MADV_MERGEABLE: case MADV_UNMERGEABLE: case MADV_HUGEPAGE: case MADV_NOHUGEPAGE:
    case MADV_DONTDUMP: case MADV_DODUMP: case MADV_WIPEONFORK: case MADV_KEEPONFORK: case MADV_COLD: case MADV_PAGEOUT:
    case MADV_POPULATE_READ: case MADV_POPULATE_WRITE: case dontneed_locked:
        return true;
    default:
        return false;
    }
}

/// The pages of a private range read as they did when it was new.
Result<void> start_anew(AddressSpace::State& s, kernel::Task& task, std::uint64_t start, std::uint64_t end, const Vma& vma)
{
    if (vma.shared || !s.runs.overlaps(start, end))
        return {}; // the pages of a shared object stay: seen again they hold the same
    if (!vma.is_private_anonymous()) {
        s.host->unmap(GuestAddr(start), end - start);
        s.drop_runs(start, end);
        return {};
    }
    bool own = s.runs.size() > 0;
    s.runs.for_each(start, end, [&](std::uint64_t, std::uint64_t, const Run& run) { own = own && run.kind == Run::Kind::own; });
    if (own) { // emptied where they are: no order for the host
        s.runs.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Run& run) { s.memory.discard(run.at, b - a); });
        return {};
    }
    s.host->unmap(GuestAddr(start), end - start);
    s.drop_runs(start, end);
    return s.fill_new(task, start, end);
}

Result<void> advise_part(AddressSpace::State& s, kernel::Task& task, std::uint64_t start, std::uint64_t end, int advice)
{
    Vma vma = s.vmas.find(start)->second.value;
    auto change = [&](auto set) {
        s.vmas.change(start, end, [&](std::uint64_t, std::uint64_t, Vma& v) { set(v); });
        s.vmas.join(start, end);
    };
    switch (advice) {
    case MADV_DONTNEED:
        if (vma.locked)
            return Errno(EINVAL);
        [[fallthrough]];
    case dontneed_locked:
        return start_anew(s, task, start, end, vma);
    case MADV_FREE:
        if (!vma.is_private_anonymous())
            return Errno(EINVAL);
        return start_anew(s, task, start, end, vma);
    case MADV_REMOVE: {
        if (vma.locked || !vma.mapping)
            return Errno(EINVAL);
        if (!vma.shared || !(vma.prot & PROT_WRITE))
            return Errno(EACCES);
        std::uint64_t offset = vma.offset + (start - s.vmas.find(start)->first);
        return vma.mapping->object().remove(task, offset, end - start);
    }
    case MADV_DONTFORK:
    case MADV_DOFORK:
        if (advice == MADV_DOFORK && vma.special)
            return Errno(EINVAL);
        change([&](Vma& v) { v.no_fork = advice == MADV_DONTFORK; });
        return {};
    case MADV_WIPEONFORK:
        if (vma.mapping || vma.shared)
            return Errno(EINVAL);
        change([](Vma& v) { v.wipe_on_fork = true; });
        return {};
    case MADV_KEEPONFORK:
        change([](Vma& v) { v.wipe_on_fork = false; });
        return {};
    case MADV_COLD:
    case MADV_PAGEOUT:
        if (vma.locked)
            return Errno(EINVAL);
        return {};
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE: {
        bool write = advice == MADV_POPULATE_WRITE;
        if (write ? !(vma.prot & PROT_WRITE) : vma.prot == 0)
            return Errno(EINVAL);
        for (std::uint64_t at = start; at < end; at += page_size) {
            auto result = s.make_ready(task, at, write);
            if (result == AddressSpace::FaultResult::out_of_memory)
                return Errno(ENOMEM);
            if (result != AddressSpace::FaultResult::resolved)
                return Errno(EFAULT);
        }
        return {};
    }
    default:
        return {}; // a hint that changes nothing that a program can see
    }
}

/// Calls f(start, end) for each VMA's part. ENOMEM at the end where there were holes, as madvise_walk_vmas.
template<typename F>
Result<void> each_part(AddressSpace::State& s, std::uint64_t start, std::uint64_t end, F f)
{
    bool hole = false;
    std::uint64_t at = start;
    while (at < end) {
        auto it = s.vmas.at_or_after(at);
        if (it == s.vmas.end() || it->first >= end) {
            hole = true;
            break;
        }
        hole = hole || it->first > at;
        std::uint64_t from = std::max(at, it->first), to = std::min(end, it->second.end);
        TRY(f(from, to));
        at = to;
    }
    if (hole)
        return Errno(ENOMEM);
    return {};
}

}

Result<void> AddressSpace::advise(kernel::Task& task, GuestAddr start_address, std::uint64_t length, int advice)
{
    State& s = *state_;
    std::uint64_t start = start_address.value();
    if (!known(advice) || (start & page_mask))
        return Errno(EINVAL);
    std::uint64_t rounded = page_up(length);
    if (length && !rounded)
        return Errno(EINVAL);
    std::uint64_t end = start + rounded;
    if (end < start)
        return Errno(EINVAL);
    if (end == start)
        return {};
    return each_part(s, start, end, [&](std::uint64_t from, std::uint64_t to) { return advise_part(s, task, from, to, advice); });
}

Result<void> AddressSpace::lock(kernel::Task& task, GuestAddr start_address, std::uint64_t length, bool locked, bool on_fault)
{
    State& s = *state_;
    std::uint64_t start = page_down(start_address.value());
    std::uint64_t end = start + page_up(length + (start_address.value() & page_mask));
    if (end < start)
        return Errno(EINVAL);
    if (end == start)
        return {};
    auto first = s.vmas.find(start);
    if (first == s.vmas.end())
        return Errno(ENOMEM);
    // apply_vma_lock_flags stops at the first hole.
    std::uint64_t at = start;
    for (auto it = first; it != s.vmas.end() && it->first <= at && at < end; ++it)
        at = std::min(end, it->second.end);
    s.vmas.change(start, at, [&](std::uint64_t, std::uint64_t, Vma& vma) { vma.locked = locked; });
    s.vmas.join(start, at);
    if (at < end)
        return Errno(ENOMEM);
    if (locked && !on_fault) {
        for (std::uint64_t page = start; page < end;) {
            auto vma = s.vmas.find(page);
            if (vma == s.vmas.end())
                break;
            bool write = !vma->second.value.shared && (vma->second.value.prot & PROT_WRITE) && vma->second.value.mapping;
            // __mm_populate: what cannot be had is ENOMEM (__mlock_posix_error_return).
            if (vma->second.value.prot == 0 || s.make_ready(task, page, write) != FaultResult::resolved)
                return Errno(ENOMEM);
            page += page_size;
        }
    }
    return {};
}

Result<void> AddressSpace::lock_all(kernel::Task&, int flags)
{
    State& s = *state_;
    s.lock_future = flags & MCL_FUTURE;
    if (flags & MCL_FUTURE && !(flags & MCL_CURRENT))
        return {};
    s.vmas.change(0, guest_address_end, [&](std::uint64_t, std::uint64_t, Vma& vma) { vma.locked = (flags & MCL_CURRENT) != 0; });
    s.vmas.join(0, guest_address_end);
    return {};
}

Result<std::vector<std::uint8_t>> AddressSpace::in_core(GuestAddr start, std::uint64_t length) const
{
    const State& s = *state_;
    std::uint64_t end = start.value() + length;
    if (!s.covered(start.value(), end))
        return Errno(ENOMEM);
    std::vector<std::uint8_t> pages(length / page_size, 0);
    s.runs.for_each(start.value(), end, [&](std::uint64_t a, std::uint64_t b, const Run&) {
        for (std::uint64_t at = a; at < b; at += page_size)
            pages[(at - start.value()) / page_size] = 1;
    });
    return pages;
}

void AddressSpace::unmap_pages(const Mappable& object, std::uint64_t offset, std::uint64_t length, bool even_copies)
{
    State& s = *state_;
    std::uint64_t object_end = offset + length < offset ? ~std::uint64_t {0} : offset + length;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gone;
    s.vmas.for_each(0, guest_address_end, [&](std::uint64_t a, std::uint64_t b, const Vma& vma) {
        if (!vma.mapping || &vma.mapping->object() != &object)
            return;
        std::uint64_t from = std::max(offset, vma.offset), to = std::min(object_end, vma.offset + (b - a));
        if (from >= to)
            return;
        s.runs.for_each(a + (from - vma.offset), a + (to - vma.offset), [&](std::uint64_t c, std::uint64_t d, const Run& run) {
            if (even_copies || run.kind == Run::Kind::direct)
                gone.emplace_back(c, d);
        });
    });
    for (auto [a, b] : gone) {
        s.host->unmap(GuestAddr(a), b - a);
        s.drop_runs(a, b);
    }
    // An error means that the stub is dead: it shows nothing then.
    static_cast<void>(s.host->flush().ok());
    s.empty_quarantine();
}

}
