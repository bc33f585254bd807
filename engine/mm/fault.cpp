// Page faults: growing stacks, pages of files, copies on write.

#include "engine/kernel/limits.h"
#include "engine/kernel/task.h"
#include "engine/mm/space_state.h"
#include "engine/record/task_recorder.h"

namespace ringside::mm {

namespace {

constexpr std::uint64_t fetch_piece = 64 << 10;
constexpr std::uint64_t fetch_ahead = 256 << 10;
/// Of private memory too large to be mapped at once.
constexpr std::uint64_t present_piece = 64 << 20;
constexpr std::uint64_t copy_piece = 16 << 10;
constexpr std::uint64_t copy_piece_max = 64 << 10;
constexpr std::uint64_t gap_filling_piece = 2 << 20;
constexpr std::uint64_t stack_step = 64 << 10;
/// The host allows 65,530 mappings. Behind this many the gaps between copies are filled.
constexpr std::size_t many_host_mappings = 48'000;

}

RangeMap<Vma>::iterator AddressSpace::State::vma_at(kernel::Task& task, std::uint64_t address)
{
    auto it = vmas.at_or_after(address);
    if (it == vmas.end() || it->first <= address)
        return it;
    if (!it->second.value.grows_down || !grow_stack(task, it, address))
        return vmas.end();
    return vmas.find(address);
}

bool AddressSpace::State::grow_stack(kernel::Task& task, RangeMap<Vma>::iterator stack, std::uint64_t address)
{
    if (address < guest_address_start)
        return false;
    std::uint64_t limit = task.limits().soft(RLIMIT_STACK);
    std::uint64_t low = 0;
    if (stack != vmas.begin()) {
        auto before = std::prev(stack);
        // expand_downwards: a gap to an accessible neighbour, unless that is a stack itself.
        bool gap = !before->second.value.grows_down && before->second.value.prot != 0;
        low = before->second.end + (gap ? stack_guard_gap : 0);
    }
    auto allowed = [&](std::uint64_t start) {
        std::uint64_t grown = stack->first - start;
        std::uint64_t space = task.limits().soft(RLIMIT_AS);
        return start >= low && start >= guest_address_start && stack->second.end - start <= limit
            && (space == kernel::Limits::infinity || mapped_bytes + grown <= space);
    };
    std::uint64_t start = page_down(address);
    if (!allowed(start))
        return false;
    if (std::uint64_t generous = address / stack_step * stack_step; allowed(generous))
        start = generous;
    Vma vma = stack->second.value;
    std::uint64_t old_start = stack->first;
    if (vma.mapping)
        return false;
    insert(start, old_start, vma);
    if (vma.prot != 0 && !make_present(start, old_start, vma).ok())
        return false;
    record(task, start, old_start);
    return true;
}

bool AddressSpace::State::run_ready(const Run& run, const Vma& vma, bool write) const
{
    return !write || run.kind == Run::Kind::own || (run.kind == Run::Kind::direct && vma.shared);
}

AddressSpace::FaultResult AddressSpace::State::make_ready(kernel::Task& task, std::uint64_t page, bool write)
{
    // Fetching may wait, and everything may be different afterwards: look again each time round.
    for (;;) {
        auto it = vmas.find(page);
        if (it == vmas.end())
            return FaultResult::sigsegv_maperr;
        Vma vma = it->second.value;
        std::uint64_t start = it->first, end = it->second.end;
        auto run = runs.find(page);
        FaultResult result;
        if (run == runs.end()) {
            if (vma.is_private_anonymous())
                result = make_present(std::max(start, page / present_piece * present_piece),
                             std::min(end, page / present_piece * present_piece + present_piece), vma).ok()
                    ? FaultResult::resolved
                    : FaultResult::out_of_memory;
            else
                result = fetch(task, page, vma, start, end);
        } else if (!run_ready(run->second.value, vma, write)) {
            result = break_copy(page, vma, start, end);
        } else {
            return FaultResult::resolved;
        }
        if (result != FaultResult::resolved)
            return result;
    }
}

AddressSpace::FaultResult AddressSpace::State::fetch(
    kernel::Task& task, std::uint64_t page, const Vma& vma, std::uint64_t vma_start, std::uint64_t vma_end)
{
    Ref<Mapping> mapping = vma.mapping;
    Mappable& object = mapping->object();
    std::uint64_t size = page_up(object.size());
    if (vma.offset + (page - vma_start) >= size)
        return FaultResult::sigbus_adrerr;
    // The piece of the file that holds the page (so that other processes see, and the trace stores, the same pieces), without
    // what is there already.
    std::uint64_t offset = vma.offset + (page - vma_start);
    std::uint64_t before = offset % fetch_piece;
    std::uint64_t from = page - std::min(before, page - vma_start);
    runs.for_each(from, page, [&](std::uint64_t, std::uint64_t b, const Run&) { from = b; });
    std::uint64_t to = page - before + (page == last_fetch_end ? fetch_ahead : fetch_piece);
    to = std::min({to, vma_end, vma_start + (size - vma.offset)});
    if (vma.anonymous) { // shared anonymous memory: all of it is there, and nobody needs to know which of it
        from = page;
        to = vma_end;
    }
    bool for_write = vma.shared && (vma.prot & PROT_WRITE);
    auto piece = object.fetch(task, vma.offset + (from - vma_start), to - from, for_write);
    if (piece.ok() && piece.value().length <= page - from) { // the rest was not cheap: exactly the page then
        from = page;
        piece = object.fetch(task, vma.offset + (page - vma_start), page_size, for_write);
    }
    if (!piece.ok())
        return piece.error() == ENOMEM || piece.error() == ENOSPC ? FaultResult::out_of_memory : FaultResult::sigbus_adrerr;
    // Where nobody records what becomes visible, all that follows and is in the cache comes with it: one order instead of many faults.
    if (!vma.anonymous && !task.recorder().enabled() && !object.may_change() && from + piece.value().length >= to) {
        std::uint64_t most = std::min(vma_end, vma_start + (size - vma.offset));
        if (auto more = object.fetch(task, vma.offset + (from - vma_start), most - from, for_write); more.ok() && more.value().length > to - from) {
            piece = more;
            to = most;
        }
    }
    to = std::min(to, from + piece.value().length);
    last_fetch_end = to;

    auto now = vmas.find(page);
    if (now == vmas.end() || now->second.value.mapping != mapping || now->second.value.offset - now->first != vma.offset - vma_start)
        return FaultResult::resolved; // changed while it waited: the caller looks again
    std::uint64_t first = std::max(from, now->first);
    std::uint64_t last = std::min(to, now->second.end);
    runs.for_each(first, page, [&](std::uint64_t, std::uint64_t b, const Run&) { first = b; });
    if (auto next = runs.at_or_after(page); next != runs.end())
        last = std::min(last, std::max(page, next->first));
    if (first < last)
        show(task, first, last, piece.value().at + (first - from), now->second.value, now->second.value.offset + (first - now->first));
    return FaultResult::resolved;
}

void AddressSpace::State::show(kernel::Task& task, std::uint64_t start, std::uint64_t end, FileOffset at, const Vma& vma, std::uint64_t object_offset)
{
    place(start, end, {at, Run::Kind::direct}, vma);
    if (vma.anonymous)
        return;
    // What the guest can see from now on is an input of its run.
    auto& recorder = task.recorder();
    std::array<std::uint64_t, 2> args {start, end - start};
    recorder.note_begin(task, trace::EventKind::page_in, 0, args);
    Mappable& object = vma.mapping->object();
    if (!vma.shared || object.share_identity == 0) {
        recorder.copied(task, trace::Direction::out, GuestAddr(start), memory.view(at, end - start));
    } else {
        // Those who map it shared see one memory: a part that was shown to one of them is known, and what they write is no input.
        std::uint64_t known = object_offset;
        auto unknown = [&](std::uint64_t until) {
            if (known < until)
                recorder.copied(task, trace::Direction::out, GuestAddr(start + (known - object_offset)), memory.view(at + (known - object_offset), until - known));
        };
        std::uint64_t object_end = object_offset + (end - start);
        object.shown.for_each(object_offset, object_end, [&](std::uint64_t a, std::uint64_t b, const Nothing&) {
            unknown(a);
            known = b;
        });
        unknown(object_end);
        object.shown.add(object_offset, object_end);
    }
    recorder.note_end(task, 0);
}

AddressSpace::FaultResult AddressSpace::State::break_copy(
    std::uint64_t page, const Vma& vma, std::uint64_t vma_start, std::uint64_t vma_end)
{
    auto it = runs.find(page);
    Run run = it->second.value;
    std::uint64_t run_start = std::max(it->first, vma_start);
    std::uint64_t run_end = std::min(it->second.end, vma_end);
    run = run.advanced(run_start - it->first);
    std::uint64_t copy_end = run_end;
    if (run.kind == Run::Kind::cow) {
        FileOffset page_at = run.at + (page - run_start);
        FileOffset until = 0;
        bool exclusive = counts->exclusive(page_at, run.at + (run_end - run_start), until);
        std::uint64_t until_address = run_start + (until - run.at);
        if (exclusive) {
            claim(run_start, page, until_address, run.at, vma);
            return FaultResult::resolved;
        }
        copy_end = until_address;
    }
    bool sequential = page == last_copy_end;
    std::uint64_t size = sequential ? std::min(copy_piece_max, last_copy_size * 2) : copy_piece;
    if (host->mapping_count() > many_host_mappings)
        size = gap_filling_piece;
    if (run.kind == Run::Kind::direct && vma.mapping->object().may_change())
        size = page_size;
    std::uint64_t from = std::max(run_start, sequential ? page : page / size * size);
    std::uint64_t to = std::min(copy_end, sequential ? page + size : page / size * size + size);
    last_copy_end = to;
    last_copy_size = size;
    while (from < to) {
        std::uint64_t until = to;
        auto slot = take_slot(from, until);
        if (!slot.ok())
            return FaultResult::out_of_memory;
        if (!memory.copy(slot.value(), run.at + (from - run_start), until - from).ok()) {
            memory.discard(slot.value(), until - from);
            slots.insert(from, until, {slot.value()});
            return FaultResult::out_of_memory;
        }
        // A small piece is written at once or soon: its host mappings come with the order, not by faults.
        place(from, until, {slot.value(), Run::Kind::own}, vma, until - from <= copy_piece_max);
        from = until;
    }
    return FaultResult::resolved;
}

void AddressSpace::State::claim(std::uint64_t run_start, std::uint64_t page, std::uint64_t end, FileOffset at, const Vma& vma)
{
    // As far back as nobody else holds it either.
    std::uint64_t start = page;
    FileOffset until = 0;
    if (run_start < page && counts->exclusive(at, at + (page - run_start), until) && until == at + (page - run_start))
        start = run_start;
    runs.change(start, end, [](std::uint64_t, std::uint64_t, Run& run) { run.kind = Run::Kind::own; });
    runs.join(start, end);
    host->protect(GuestAddr(start), end - start, host_prot(vma, {at, Run::Kind::own}));
}

AddressSpace::FaultResult AddressSpace::handle_fault(kernel::Task& task, GuestAddr address, bool write, bool exec, bool bus)
{
    State& s = *state_;
    if (address.value() >= guest_address_end)
        return FaultResult::sigsegv_maperr;
    auto it = s.vma_at(task, address.value());
    if (it == s.vmas.end() || it->first > address.value())
        return FaultResult::sigsegv_maperr;
    int prot = it->second.value.prot;
    bool allowed = write ? (prot & PROT_WRITE) != 0 : exec ? (prot & PROT_EXEC) != 0 : prot != 0;
    if (!allowed)
        return FaultResult::sigsegv_accerr;
    std::uint64_t page = page_down(address.value());
    if (s.memory.over_limit(bus))
        return FaultResult::out_of_memory;
    auto run = s.runs.find(page);
    if (run != s.runs.end() && s.run_ready(run->second.value, it->second.value, write)) {
        // Granted meanwhile, by another thread's fault. Said again to the host, in case it has lost the mapping.
        if (bus)
            return FaultResult::sigbus_adrerr;
        Run here = run->second.value.advanced(page - run->first);
        s.host->map(GuestAddr(page), page_size, State::host_prot(it->second.value, here), here.at);
        return FaultResult::resolved;
    }
    return s.make_ready(task, page, write);
}

}
