// mremap: growing, shrinking and moving. Errors and their order as in mm/mremap.c.

#include "engine/kernel/limits.h"
#include "engine/kernel/task.h"
#include "engine/mm/space_state.h"

namespace ringside::mm {

namespace {

struct Remap {
    std::uint64_t old;
    std::uint64_t old_length;
    std::uint64_t new_length;
    int flags;
    std::uint64_t target;
};

/// vma_to_resize: whether the VMA at the old place may become as large.
Result<void> check_resize(AddressSpace::State& s, kernel::Task& task, const Remap& r)
{
    auto it = s.vmas.find(r.old);
    if (it == s.vmas.end())
        return Errno(EFAULT);
    const Vma& vma = it->second.value;
    if (r.old_length == 0 && !vma.shared)
        return Errno(EINVAL);
    if ((r.flags & MREMAP_DONTUNMAP) && vma.special)
        return Errno(EINVAL);
    if (r.old_length > it->second.end - r.old)
        return Errno(EFAULT);
    if (r.new_length == r.old_length)
        return {};
    if (vma.mapping && vma.offset + (r.old - it->first) + r.new_length < vma.offset)
        return Errno(EINVAL);
    if (vma.special)
        return Errno(EFAULT);
    std::uint64_t more = r.new_length - std::min(r.new_length, r.old_length);
    std::uint64_t lock_limit = task.limits().soft(RLIMIT_MEMLOCK);
    if (vma.locked && lock_limit != kernel::Limits::infinity && s.self->locked_bytes() + more > lock_limit)
        return Errno(EAGAIN);
    std::uint64_t space = task.limits().soft(RLIMIT_AS);
    if (space != kernel::Limits::infinity && s.mapped_bytes + more > space)
        return Errno(ENOMEM);
    return {};
}

/// move_vma: the VMA's part and its pages stand at `to` afterwards. old_length 0: a second mapping of a shared object.
Result<GuestAddr> move_to(AddressSpace::State& s, kernel::Task& task, const Remap& r, std::uint64_t to)
{
    if (s.vmas.size() + 3 > max_map_count)
        return Errno(ENOMEM);
    auto it = s.vmas.find(r.old);
    Vma vma = it->second.value.advanced(r.old - it->first);
    struct Part {
        std::uint64_t start, end;
        Run run;
    };
    std::vector<Part> parts;
    std::uint64_t moved_end = r.old + std::min(r.old_length, r.new_length);
    s.runs.for_each(r.old, moved_end, [&](std::uint64_t a, std::uint64_t b, const Run& run) { parts.push_back({a, b, run}); });
    // The pages go with their counts: forgotten here, not dropped.
    s.runs.erase(r.old, moved_end);
    if (!parts.empty())
        s.host->unmap(GuestAddr(r.old), moved_end - r.old);
    s.insert(to, to + r.new_length, vma);
    for (const Part& part : parts)
        s.runs.insert(to + (part.start - r.old), to + (part.end - r.old), part.run);
    s.map_in_host(to, to + r.new_length, *s.host);
    if (r.old_length && !(r.flags & MREMAP_DONTUNMAP))
        s.remove(&task, r.old, r.old + r.old_length);
    else if (r.flags & MREMAP_DONTUNMAP)
        static_cast<void>(s.fill_new(task, r.old, r.old + r.old_length).ok());
    static_cast<void>(s.fill_new(task, to, to + r.new_length).ok());
    s.record(task, to, to + r.new_length);
    return GuestAddr(to);
}

Result<GuestAddr> remap_to(AddressSpace::State& s, kernel::Task& task, Remap r)
{
    if (r.target & page_mask)
        return Errno(EINVAL);
    if (r.new_length > guest_address_end || r.target > guest_address_end - r.new_length)
        return Errno(EINVAL);
    if (r.old + r.old_length > r.target && r.target + r.new_length > r.old)
        return Errno(EINVAL);
    if (s.vmas.size() + 2 >= max_map_count - 3)
        return Errno(ENOMEM);
    if (r.flags & MREMAP_FIXED) {
        TRY(s.check_fixed(r.target, r.new_length));
        s.remove(&task, r.target, r.target + r.new_length);
    }
    if (r.old_length > r.new_length) {
        s.remove(&task, r.old + r.new_length, r.old + r.old_length);
        r.old_length = r.new_length;
    }
    TRY(check_resize(s, task, r));
    std::uint64_t space = task.limits().soft(RLIMIT_AS);
    if ((r.flags & MREMAP_DONTUNMAP) && space != kernel::Limits::infinity && s.mapped_bytes + r.old_length > space)
        return Errno(ENOMEM);
    std::uint64_t to = r.flags & MREMAP_FIXED ? r.target : TRY(s.find_free(r.new_length, r.target));
    return move_to(s, task, r, to);
}

}

Result<GuestAddr> AddressSpace::remap(
    kernel::Task& task, GuestAddr old, std::uint64_t old_length, std::uint64_t new_length, int flags, GuestAddr target)
{
    State& s = *state_;
    if (flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
        return Errno(EINVAL);
    if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
        return Errno(EINVAL);
    if ((flags & MREMAP_DONTUNMAP) && (!(flags & MREMAP_MAYMOVE) || old_length != new_length))
        return Errno(EINVAL);
    if (old.value() & page_mask)
        return Errno(EINVAL);
    Remap r {old.value(), page_up(old_length), page_up(new_length), flags, target.value()};
    if (r.new_length == 0)
        return Errno(EINVAL);
    auto it = s.vmas.find(r.old);
    if (it == s.vmas.end())
        return Errno(EFAULT);
    if (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
        return remap_to(s, task, r);
    if (r.old_length >= r.new_length) {
        if (r.old_length > guest_address_end - r.old)
            return Errno(EINVAL);
        s.remove(&task, r.old + r.new_length, r.old + r.old_length);
        return old;
    }
    TRY(check_resize(s, task, r));
    if (r.old_length == it->second.end - r.old) {
        std::uint64_t end = r.old + r.old_length, new_end = r.old + r.new_length;
        if (r.new_length <= guest_address_end && new_end <= guest_address_end && s.is_free(end, new_end)) {
            Vma more = it->second.value.advanced(end - it->first);
            s.insert(end, new_end, more);
            TRY(s.fill_new(task, end, new_end));
            s.record(task, end, new_end);
            return old;
        }
    }
    if (!(flags & MREMAP_MAYMOVE))
        return Errno(ENOMEM);
    std::uint64_t to = TRY(s.find_free(r.new_length, 0));
    return move_to(s, task, r, to);
}

Result<void> AddressSpace::remap_shared(kernel::Task& task, GuestAddr start_address, std::uint64_t length, std::uint64_t offset)
{
    State& s = *state_;
    std::uint64_t start = start_address.value(), end = start + length;
    auto first = s.vmas.find(start);
    if (first == s.vmas.end() || !first->second.value.shared || !s.covered(start, end))
        return Errno(EINVAL);
    Vma vma = first->second.value;
    bool same = true;
    s.vmas.for_each(start, end, [&](std::uint64_t, std::uint64_t, const Vma& other) {
        same = same && other.mapping && other.mapping->object_ref() == vma.mapping->object_ref() && other.prot == vma.prot && other.shared;
    });
    if (!same || offset + length < offset)
        return Errno(EINVAL);
    vma.offset = offset;
    s.remove(&task, start, end);
    s.insert(start, end, vma);
    static_cast<void>(s.fill_new(task, start, end).ok());
    s.record(task, start, end);
    s.populate(task, start, end, (vma.prot & PROT_WRITE) != 0);
    return {};
}

}
