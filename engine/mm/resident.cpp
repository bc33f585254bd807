// What of an address space the guest may have written: for a recording's snapshots.

#include "engine/mm/space_state.h"

#include <algorithm>
#include <sys/mman.h>
#include <unistd.h>

namespace ringside::mm {

namespace {

constexpr std::uint64_t piece = 64 << 10;

/// Hands over the parts of [at, at + length) of the memory file that hold pages, in pieces.
template<typename F>
void for_each_present(const MemoryFile& memory, FileOffset at, std::uint64_t length, F&& f)
{
    FileOffset end = at + length;
    for (FileOffset position = at; position < end;) {
        auto data = host::call(SYS_lseek, memory.descriptor(), position, SEEK_DATA);
        if (!data.ok()) // ENXIO: nothing more
            return;
        auto start = std::max<FileOffset>(static_cast<FileOffset>(data.value()), position);
        if (start >= end)
            return;
        auto hole = host::call(SYS_lseek, memory.descriptor(), start, SEEK_HOLE);
        FileOffset stop = hole.ok() ? std::min<FileOffset>(static_cast<FileOffset>(hole.value()), end) : end;
        for (FileOffset p = start; p < stop; p += piece)
            f(p, std::min(piece, stop - p));
        position = stop;
    }
}

}

void AddressSpace::for_each_private(bool inherited, const std::function<std::uint64_t(std::uint64_t start, std::uint64_t end)>& from,
    const std::function<void(GuestAddr, std::span<const std::byte>)>& function) const
{
    const State& s = *state_;
    s.vmas.for_each(0, guest_address_end, [&](std::uint64_t start, std::uint64_t end, const Vma& vma) {
        if (vma.shared || vma.special)
            return;
        s.runs.for_each(std::min(from(start, end), end), end, [&](std::uint64_t a, std::uint64_t b, const Run& run) {
            if (run.kind != Run::Kind::own && !(inherited && run.kind == Run::Kind::cow))
                return;
            for_each_present(s.memory, run.at, b - a, [&](FileOffset at, std::uint64_t length) {
                function(GuestAddr(a + (at - run.at)), s.memory.view(at, length));
            });
        });
    });
}

bool AddressSpace::shares(const Mappable& object) const
{
    for (const auto& [start, entry] : state_->vmas) {
        const Vma& vma = entry.value;
        if (vma.shared && vma.mapping && &vma.mapping->object() == &object)
            return true;
    }
    return false;
}

bool AddressSpace::shares_with_children() const
{
    for (const auto& [start, entry] : state_->vmas) {
        const Vma& vma = entry.value;
        if (vma.shared && !vma.special && !vma.no_fork && (vma.max_prot & PROT_WRITE))
            return true;
    }
    return false;
}

void AddressSpace::for_each_written(const std::function<void(GuestAddr, std::span<const std::byte>)>& function) const
{
    const State& s = *state_;
    s.vmas.for_each(0, guest_address_end, [&](std::uint64_t start, std::uint64_t end, const Vma& vma) {
        s.runs.for_each(start, end, [&](std::uint64_t a, std::uint64_t b, const Run& run) {
            // Pages of a file that this space only reads are not its own.
            if (run.kind == Run::Kind::direct && !(vma.shared && (vma.prot & PROT_WRITE)))
                return;
            for_each_present(s.memory, run.at, b - a, [&](FileOffset at, std::uint64_t length) {
                function(GuestAddr(a + (at - run.at)), s.memory.view(at, length));
            });
        });
    });
}

}
