// Runs and slots: which bytes of the memory file stand where, and telling the host so.

#include "engine/mm/space_state.h"

#include <algorithm>
#include <cassert>

namespace ringside::mm {

namespace {

/// Windows are reserved by address, in chunks of this size, so that mappings that are neighbours in the guest are so in the file.
constexpr std::uint64_t window_chunk = std::uint64_t {256} << 20;
/// The largest single reservation.
constexpr std::uint64_t window_max = std::uint64_t {64} << 30;
constexpr std::uint64_t quarantine_max = std::uint64_t {32} << 20;

}

AddressSpace::State::~State()
{
    // The stub dies first: then nobody maps these pages, and they need no quarantine.
    host.reset();
    struct Part {
        FileOffset at, end;
        bool dirty;
    };
    std::vector<Part> parts;
    auto drop = [&](FileOffset from, std::uint64_t size) {
        counts->drop(from, size, [&](FileOffset at, std::uint64_t length) { parts.push_back({at, at + length, true}); });
    };
    for (const auto& [start, entry] : runs) {
        if (entry.value.counted())
            drop(entry.value.at, entry.end - start);
    }
    for (const Quarantined& range : quarantine_)
        drop(range.at, range.length);
    for (const auto& [start, entry] : slots)
        parts.push_back({entry.value.at, entry.value.at + (entry.end - start), slots_were_mapped});
    // Neighbours are given back by one call to the host: most windows are wholly ours.
    std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.at < b.at; });
    for (std::size_t i = 0; i < parts.size();) {
        FileOffset end = parts[i].at;
        FileOffset first_dirty = 0, last_dirty = 0;
        std::size_t next = i;
        for (; next < parts.size() && parts[next].at == end; ++next) {
            end = parts[next].end;
            if (!parts[next].dirty)
                continue;
            if (last_dirty == 0)
                first_dirty = parts[next].at;
            last_dirty = end;
        }
        if (last_dirty != 0)
            memory.discard(first_dirty, last_dirty - first_dirty);
        memory.release_clean(parts[i].at, end - parts[i].at);
        i = next;
    }
}

platform::Prot AddressSpace::State::host_prot(const Vma& vma, const Run& run)
{
    using platform::Prot;
    if ((vma.prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) == 0)
        return Prot::none;
    // On x86 whatever can be written or executed can be read. Said so explicitly: a host with protection keys would make pages that
    // are only executable unreadable, and we have no keys.
    Prot prot = Prot::read;
    if (vma.prot & PROT_EXEC)
        prot = prot | Prot::exec;
    if ((vma.prot & PROT_WRITE) && (run.kind == Run::Kind::own || (run.kind == Run::Kind::direct && vma.shared)))
        prot = prot | Prot::write;
    return prot;
}

Result<FileOffset> AddressSpace::State::take_slot(std::uint64_t start, std::uint64_t& end)
{
    auto it = slots.find(start);
    if (it == slots.end()) {
        std::uint64_t gap_end = end;
        if (auto next = slots.at_or_after(start); next != slots.end())
            gap_end = std::min(gap_end, next->first);
        std::uint64_t from = start / window_chunk * window_chunk;
        std::uint64_t to = (gap_end + window_chunk - 1) / window_chunk * window_chunk;
        if (to - from > window_max)
            to = from + window_max;
        auto reserved = memory.reserve(to - from);
        if (!reserved.ok()) { // offsets are scarce (a small address space for the file): only what is needed
            from = start;
            to = gap_end;
            reserved = memory.reserve(to - from);
        }
        FileOffset window = TRY(reserved);
        std::vector<std::pair<std::uint64_t, std::uint64_t>> taken, gaps;
        slots.for_each(from, to, [&](std::uint64_t a, std::uint64_t b, const Slot&) { taken.emplace_back(a, b); });
        slots.for_each_gap(from, to, [&](std::uint64_t a, std::uint64_t b) { gaps.emplace_back(a, b); });
        for (auto [a, b] : taken)
            memory.release_clean(window + (a - from), b - a);
        for (auto [a, b] : gaps)
            slots.insert(a, b, {window + (a - from)});
        it = slots.find(start);
    }
    FileOffset at = it->second.value.advanced(start - it->first).at;
    end = std::min(end, it->second.end);
    slots.erase(start, end);
    return at;
}

void AddressSpace::State::place(std::uint64_t start, std::uint64_t end, Run run, const Vma& vma, bool populate)
{
    drop_runs(start, end);
    runs.insert(start, end, run);
    host->map(GuestAddr(start), end - start, host_prot(vma, run), run.at, populate);
}

Result<void> AddressSpace::State::make_present(std::uint64_t start, std::uint64_t end, const Vma& vma)
{
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    runs.for_each_gap(start, end, [&](std::uint64_t a, std::uint64_t b) { gaps.emplace_back(a, b); });
    for (auto [from, to] : gaps) {
        while (from < to) {
            std::uint64_t until = to;
            FileOffset at = TRY(take_slot(from, until));
            place(from, until, {at, Run::Kind::own}, vma);
            from = until;
        }
    }
    return {};
}

void AddressSpace::State::drop_runs(std::uint64_t start, std::uint64_t end)
{
    struct Part {
        std::uint64_t start, end;
        Run run;
    };
    std::vector<Part> parts;
    runs.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Run& run) { parts.push_back({a, b, run}); });
    if (parts.empty())
        return;
    runs.erase(start, end);
    for (const Part& part : parts) {
        if (!part.run.counted())
            continue;
        FileOffset until = part.run.at;
        FileOffset file_end = part.run.at + (part.end - part.start);
        for (FileOffset at = part.run.at; at < file_end; at = until) {
            bool exclusive = counts->exclusive(at, file_end, until);
            std::uint64_t address = part.start + (at - part.run.at);
            // Only this address space has ever to fear its own stale mappings, so a page that stays with its address needs no quarantine.
            if (exclusive && !slots.overlaps(address, address + (until - at))) {
                memory.discard(at, until - at);
                slots_were_mapped = true;
                slots.insert(address, address + (until - at), {at});
            } else {
                quarantine_page(at, until - at);
            }
        }
    }
}

void AddressSpace::State::quarantine_page(FileOffset at, std::uint64_t length)
{
    quarantine_.push_back({at, length});
    quarantined_ += length;
    if (quarantined_ > quarantine_max || quarantine_.size() > 4096)
        empty_quarantine();
}

void AddressSpace::State::quarantine_mapping(Ref<Mapping> mapping)
{
    if (!old_mappings_.empty() && old_mappings_.back() == mapping)
        return;
    old_mappings_.push_back(std::move(mapping));
    if (old_mappings_.size() > 64)
        empty_quarantine();
}

void AddressSpace::State::empty_quarantine()
{
    if (quarantine_.empty() && old_mappings_.empty())
        return;
    // An error means that the stub is dead: it maps nothing then.
    static_cast<void>(host->flush().ok());
    auto ranges = std::move(quarantine_);
    quarantine_.clear();
    quarantined_ = 0;
    auto mappings = std::move(old_mappings_);
    old_mappings_.clear();
    for (const Quarantined& range : ranges)
        counts->drop(range.at, range.length, [&](FileOffset at, std::uint64_t length) { memory.release(at, length); });
}

void AddressSpace::State::protect_in_host(std::uint64_t start, std::uint64_t end)
{
    std::uint64_t from = 0, until = 0;
    platform::Prot prot {};
    auto send = [&] {
        if (from < until)
            host->protect(GuestAddr(from), until - from, prot);
    };
    vmas.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Vma& vma) {
        runs.for_each(a, b, [&](std::uint64_t c, std::uint64_t d, const Run& run) {
            platform::Prot wanted = host_prot(vma, run);
            if (c != until || wanted != prot) {
                send();
                from = c;
                prot = wanted;
            }
            until = d;
        });
    });
    send();
}

void AddressSpace::State::map_in_host(std::uint64_t start, std::uint64_t end, platform::AddressSpace& target)
{
    std::uint64_t from = 0, until = 0;
    FileOffset at = 0;
    platform::Prot prot {};
    auto send = [&] {
        if (from < until)
            target.map(GuestAddr(from), until - from, prot, at);
    };
    vmas.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Vma& vma) {
        runs.for_each(a, b, [&](std::uint64_t c, std::uint64_t d, const Run& run) {
            platform::Prot wanted = host_prot(vma, run);
            if (c != until || wanted != prot || run.at != at + (c - from)) {
                send();
                from = c;
                at = run.at;
                prot = wanted;
            }
            until = d;
        });
    });
    send();
}

}
