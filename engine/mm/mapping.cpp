// mmap, munmap, mprotect, brk, msync on an address space. Errors and their order as in mm/mmap.c and mm/mprotect.c.

#include "engine/kernel/limits.h"
#include "engine/kernel/task.h"
#include "engine/mm/page_cache.h"
#include "engine/mm/space_state.h"

namespace ringside::mm {

namespace {

/// Larger private memory than this gets its pages on the first touch, piece by piece (a sanitizer's shadow, a reserved heap).
constexpr std::uint64_t eager_max = std::uint64_t {8} << 30;
constexpr int access_bits = PROT_READ | PROT_WRITE | PROT_EXEC;

/// Where a VMA begins for its lower neighbour: stacks keep a gap free (vm_start_gap).
std::uint64_t start_with_gap(std::uint64_t start, const Vma& vma)
{
    if (!vma.grows_down)
        return start;
    return start > stack_guard_gap ? start - stack_guard_gap : 0;
}

bool in_stub_region(std::uint64_t start, std::uint64_t end)
{
    return start < stub_region_end && end > stub_region_start;
}

}

bool AddressSpace::State::is_free(std::uint64_t start, std::uint64_t end) const
{
    if (in_stub_region(start, end))
        return false;
    auto next = vmas.at_or_after(start);
    return next == vmas.end() || start_with_gap(next->first, next->second.value) >= end;
}

Result<std::uint64_t> AddressSpace::State::find_low(std::uint64_t length, std::uint64_t hint) const
{
    constexpr std::uint64_t begin = 0x4000'0000, end = 0x8000'0000;
    if (length > end)
        return Errno(ENOMEM);
    std::uint64_t start = page_up(hint);
    if (hint && start >= guest_address_start && start <= end - length && is_free(start, start + length))
        return start;
    for (start = begin; start <= end - length;) {
        if (is_free(start, start + length))
            return start;
        auto next = vmas.at_or_after(start);
        start = std::max(start + page_size, next->second.end);
    }
    return Errno(ENOMEM);
}

Result<std::uint64_t> AddressSpace::State::find_free(std::uint64_t length, std::uint64_t hint) const
{
    if (length > guest_address_end)
        return Errno(ENOMEM);
    if (hint) {
        std::uint64_t start = page_down(hint) < guest_address_start ? guest_address_start : hint;
        if (start <= guest_address_end - length && (start = page_up(start)) <= guest_address_end - length && is_free(start, start + length))
            return start;
    }
    // The highest gap below the base that is large enough.
    std::uint64_t top = mmap_base;
    auto fits = [&](std::uint64_t low, std::uint64_t high) -> std::optional<std::uint64_t> {
        low = std::max(low, guest_address_start);
        if (high > stub_region_start && high <= stub_region_end)
            high = stub_region_start;
        if (low < stub_region_end && high > stub_region_end) {
            if (high - stub_region_end >= length)
                return high - length;
            high = stub_region_start;
        }
        if (high > low && high - low >= length)
            return high - length;
        return {};
    };
    for (auto it = vmas.at_or_after(top);;) {
        if (it != vmas.end())
            top = std::min(top, start_with_gap(it->first, it->second.value));
        std::uint64_t low = it == vmas.begin() ? 0 : std::prev(it)->second.end;
        if (low < top) {
            if (auto at = fits(low, top))
                return *at;
        }
        if (it == vmas.begin())
            break;
        --it;
    }
    // Nothing: from the base upwards, as arch_get_unmapped_area_topdown does in the end.
    std::uint64_t low = mmap_base;
    for (auto it = vmas.at_or_after(low);; ++it) {
        std::uint64_t high = it == vmas.end() ? guest_address_end : start_with_gap(it->first, it->second.value);
        if (high > low && high - low >= length)
            return low;
        if (it == vmas.end())
            return Errno(ENOMEM);
        low = it->second.end;
    }
}

Result<void> AddressSpace::State::check_fixed(std::uint64_t start, std::uint64_t length) const
{
    if (length > guest_address_end || start > guest_address_end - length)
        return Errno(ENOMEM);
    if (start & page_mask)
        return Errno(EINVAL);
    if (start < guest_address_start)
        return Errno(EPERM);
    if (in_stub_region(start, start + length))
        return Errno(ENOMEM);
    return {};
}

bool AddressSpace::State::covered(std::uint64_t start, std::uint64_t end) const
{
    bool whole = true;
    vmas.for_each_gap(start, end, [&](std::uint64_t, std::uint64_t) { whole = false; });
    return whole;
}

void AddressSpace::State::insert(std::uint64_t start, std::uint64_t end, Vma vma)
{
    host->make_room(GuestAddr(start), end - start);
    vmas.insert(start, end, std::move(vma));
    mapped_bytes += end - start;
}

void AddressSpace::State::write_back(std::uint64_t start, std::uint64_t end)
{
    vmas.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Vma& vma) {
        if (!vma.may_write_back())
            return;
        // Every page that the guest could write counts as written. An error has nobody to be told to, as with Linux's writeback.
        runs.for_each(a, b, [&](std::uint64_t c, std::uint64_t d, const Run&) {
            static_cast<void>(vma.mapping->object().write_back(vma.offset + (c - a), d - c).ok());
        });
    });
}

void AddressSpace::State::remove(kernel::Task* task, std::uint64_t start, std::uint64_t end)
{
    if (!vmas.overlaps(start, end))
        return;
    write_back(start, end);
    std::uint64_t bytes = 0;
    std::vector<Ref<Mapping>> mappings;
    vmas.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Vma& vma) {
        bytes += b - a;
        if (vma.mapping && (mappings.empty() || !(mappings.back() == vma.mapping)))
            mappings.push_back(vma.mapping);
    });
    vmas.erase(start, end);
    mapped_bytes -= bytes;
    if (runs.overlaps(start, end)) {
        host->unmap(GuestAddr(start), end - start);
        drop_runs(start, end);
    }
    for (auto& mapping : mappings)
        quarantine_mapping(std::move(mapping));
    if (task)
        record_gone(*task, start, end);
}

Result<void> AddressSpace::check_place(const MapRequest& request) const
{
    const State& s = *state_;
    if (request.length > guest_address_end)
        return Errno(ENOMEM);
    std::uint64_t start = request.address.value(), length = page_up(request.length);
    bool no_replace = (request.flags & MAP_FIXED_NOREPLACE) != 0;
    if ((request.flags & MAP_FIXED) || no_replace)
        TRY(s.check_fixed(start, length));
    if (no_replace && s.vmas.overlaps(start, start + length))
        return Errno(EEXIST);
    return {};
}

Result<GuestAddr> AddressSpace::map(kernel::Task& task, const MapRequest& request)
{
    State& s = *state_;
    if (request.length == 0)
        return Errno(EINVAL);
    if (request.length > guest_address_end)
        return Errno(ENOMEM);
    std::uint64_t length = page_up(request.length);
    if (request.object && request.offset + length - 1 < request.offset)
        return Errno(EOVERFLOW);
    if (s.vmas.size() > max_map_count)
        return Errno(ENOMEM);
    bool no_replace = (request.flags & MAP_FIXED_NOREPLACE) != 0;
    std::uint64_t start = request.address.value();
    if ((request.flags & MAP_FIXED) || no_replace)
        TRY(s.check_fixed(start, length));
    else
        start = TRY(request.flags & MAP_32BIT ? s.find_low(length, start) : s.find_free(length, start));
    if (no_replace && s.vmas.overlaps(start, start + length))
        return Errno(EEXIST);

    bool shared = (request.flags & MAP_TYPE) != MAP_PRIVATE;
    Vma vma;
    vma.prot = request.prot & access_bits;
    vma.max_prot = request.max_prot & access_bits;
    vma.shared = shared;
    vma.anonymous = !request.object;
    vma.grows_down = (request.flags & MAP_GROWSDOWN) != 0;
    vma.locked = (request.flags & MAP_LOCKED) != 0 || (s.lock_future & MCL_FUTURE);
    if (vma.grows_down && (request.object || shared))
        return Errno(EINVAL);
    if (request.object || shared) {
        Ref<Mappable> object = request.object;
        if (!object)
            object = make_ref<PageCache>(s.memory, nullptr, length);
        vma.mapping = make_ref<Mapping>(*this, object);
        vma.mapping->name = request.object ? request.name : "/dev/zero (deleted)";
        vma.mapping->device = request.device;
        vma.mapping->inode = request.inode;
        vma.mapping->trace_object = request.trace_object;
        vma.offset = request.object ? request.offset : 0;
    }
    s.remove(&task, start, start + length);
    s.insert(start, start + length, vma);
    if (!s.fill_new(task, start, start + length).ok()) {
        s.remove(nullptr, start, start + length);
        return Errno(ENOMEM);
    }
    s.record(task, start, start + length);
    if ((request.flags & MAP_POPULATE) || (vma.locked && vma.prot))
        s.populate(task, start, start + length, shared ? (vma.prot & PROT_WRITE) != 0 : false);
    return GuestAddr(start);
}

Result<void> AddressSpace::State::fill_new(kernel::Task& task, std::uint64_t start, std::uint64_t end)
{
    auto it = vmas.find(start);
    const Vma& vma = it->second.value;
    if (vma.prot == 0)
        return {};
    if (vma.is_private_anonymous()) {
        // Mapped at once, so that touching it never needs the kernel.
        if (end - start <= eager_max)
            return make_present(start, end, vma);
        return {};
    }
    if (!vma.anonymous)
        return {};
    Vma here = vma.advanced(start - it->first);
    for (std::uint64_t at = start; at < end;) {
        if (auto run = runs.find(at); run != runs.end()) {
            at = run->second.end;
            continue;
        }
        if (here.offset + (at - start) >= here.mapping->object().size())
            return {}; // grown by mremap: SIGBUS there, as in Linux
        auto piece = TRY(here.mapping->object().fetch(task, here.offset + (at - start), end - at, false));
        std::uint64_t until = std::min(end, at + piece.length);
        if (auto next = runs.at_or_after(at); next != runs.end())
            until = std::min(until, next->first);
        place(at, until, {piece.at, Run::Kind::direct}, here);
        at = until;
    }
    return {};
}

void AddressSpace::State::populate(kernel::Task& task, std::uint64_t start, std::uint64_t end, bool write)
{
    // Errors do not matter here (man 2 mmap: "the call does not fail if the mapping cannot be populated").
    for (std::uint64_t at = start; at < end;) {
        if (make_ready(task, at, write) != FaultResult::resolved)
            return;
        auto run = runs.find(at);
        at = run == runs.end() ? at + page_size : run->second.end;
    }
}

Result<void> AddressSpace::unmap(kernel::Task& task, GuestAddr start, std::uint64_t length)
{
    State& s = *state_;
    if ((start.value() & page_mask) || start.value() > guest_address_end || length > guest_address_end - start.value())
        return Errno(EINVAL);
    std::uint64_t end = start.value() + page_up(length);
    if (end == start.value())
        return Errno(EINVAL);
    auto first = s.vmas.find(start.value());
    // A hole inside of one makes two.
    if (first != s.vmas.end() && first->first < start.value() && end < first->second.end && s.vmas.size() >= max_map_count)
        return Errno(ENOMEM);
    s.remove(&task, start.value(), end);
    return {};
}

Result<void> AddressSpace::protect(kernel::Task& task, GuestAddr start_address, std::uint64_t length, int prot)
{
    State& s = *state_;
    std::uint64_t start = start_address.value();
    int grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
    prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
    if (grows == (PROT_GROWSDOWN | PROT_GROWSUP))
        return Errno(EINVAL);
    if (start & page_mask)
        return Errno(EINVAL);
    if (length == 0)
        return {};
    std::uint64_t end = start + page_up(length);
    if (page_up(length) == 0 || end <= start)
        return Errno(ENOMEM);
    constexpr int prot_sem = 0x8;
    if (prot & ~(access_bits | prot_sem))
        return Errno(EINVAL);
    auto first = s.vmas.at_or_after(start);
    if (first == s.vmas.end())
        return Errno(ENOMEM);
    if (grows == PROT_GROWSDOWN) {
        if (first->first >= end)
            return Errno(ENOMEM);
        start = first->first;
        if (!first->second.value.grows_down)
            return Errno(EINVAL);
    } else if (first->first > start) {
        return Errno(ENOMEM);
    } else if (grows == PROT_GROWSUP) {
        return Errno(EINVAL); // no VMA grows up on x86
    }
    prot &= access_bits;
    // VMA after VMA: what comes before an error stays changed.
    Result<void> result;
    std::uint64_t at = start;
    for (auto it = s.vmas.at_or_after(start); at < end; ++it) {
        if (it == s.vmas.end() || it->first > at) {
            result = Errno(ENOMEM);
            break;
        }
        if (prot & ~it->second.value.max_prot) {
            result = Errno(EACCES);
            break;
        }
        at = std::min(end, it->second.end);
    }
    if (at == start)
        return result;
    s.vmas.change(start, at, [&](std::uint64_t, std::uint64_t, Vma& vma) { vma.prot = prot; });
    s.vmas.join(start, at);
    s.protect_in_host(start, at);
    TRY(s.fill_all(task, start, at));
    s.record(task, start, at);
    return result;
}

Result<void> AddressSpace::State::fill_all(kernel::Task& task, std::uint64_t start, std::uint64_t end)
{
    std::vector<std::pair<std::uint64_t, std::uint64_t>> parts;
    vmas.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Vma&) { parts.emplace_back(a, b); });
    for (auto [a, b] : parts)
        TRY(fill_new(task, a, b));
    return {};
}

Result<GuestAddr> AddressSpace::brk(kernel::Task& task, GuestAddr end)
{
    State& s = *state_;
    Layout& l = s.layout;
    if (end < l.start_brk)
        return l.brk;
    std::uint64_t limit = task.limits().soft(RLIMIT_DATA);
    std::uint64_t data = l.end_data.value() - l.start_data.value();
    if (limit != kernel::Limits::infinity && (end.value() - l.start_brk.value()) + data > limit)
        return l.brk;
    if (end.value() > guest_address_end)
        return l.brk;
    std::uint64_t old_end = page_up(l.brk.value());
    std::uint64_t new_end = page_up(end.value());
    if (new_end < old_end)
        s.remove(&task, new_end, old_end);
    if (new_end > old_end) {
        // mm/mmap.c: a page and the next mapping's gap stay free.
        std::uint64_t space = task.limits().soft(RLIMIT_AS);
        if (!s.is_free(old_end, new_end + page_size) || s.vmas.size() > max_map_count
            || (space != kernel::Limits::infinity && s.mapped_bytes + (new_end - old_end) > space))
            return l.brk;
        Vma vma;
        vma.prot = PROT_READ | PROT_WRITE;
        vma.locked = (s.lock_future & MCL_FUTURE) != 0;
        s.insert(old_end, new_end, vma);
        if (!s.fill_new(task, old_end, new_end).ok()) {
            s.remove(nullptr, old_end, new_end);
            return l.brk;
        }
        s.record(task, old_end, new_end);
    }
    l.brk = end;
    return end;
}

Result<void> AddressSpace::sync(kernel::Task&, GuestAddr start_address, std::uint64_t length, int flags)
{
    State& s = *state_;
    std::uint64_t start = start_address.value();
    if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (start & page_mask) || ((flags & MS_ASYNC) && (flags & MS_SYNC)))
        return Errno(EINVAL);
    std::uint64_t end = start + page_up(length);
    if (end < start)
        return Errno(ENOMEM);
    if (start == end)
        return {}; // a length that rounds up past the last page counts as none
    bool busy = false;
    s.vmas.for_each(start, end, [&](std::uint64_t, std::uint64_t, const Vma& vma) { busy = busy || vma.locked; });
    if ((flags & MS_INVALIDATE) && busy)
        return Errno(EBUSY);
    if (flags & MS_SYNC)
        s.write_back(start, end);
    if (!s.covered(start, end))
        return Errno(ENOMEM);
    return {};
}

}
