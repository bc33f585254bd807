// The inside of an address space. Its functions are spread over the files of this folder: pages.cpp (runs, slots, the host's side),
// mapping.cpp (mmap, munmap, mprotect), remap.cpp, advise.cpp, fault.cpp, copy.cpp, fork.cpp.
//
// Invariants: every run lies in a VMA and is mapped in the host, with the protection that host_prot says; a private anonymous VMA
// with any access has runs everywhere but where pages are made on the first touch; slots may lie anywhere.
#pragma once

#include "engine/mm/address_space.h"
#include "engine/mm/page_counts.h"
#include "engine/mm/vma.h"

#include <vector>

namespace ringside::mm {

constexpr std::uint64_t stack_guard_gap = 256 * page_size; ///< mm/mmap.c, stack_guard_gap
constexpr std::size_t max_map_count = 65530;               ///< vm.max_map_count

struct AddressSpace::State {
    platform::Platform& platform;
    MemoryFile& memory;
    std::uint64_t seed;
    std::unique_ptr<platform::GuestCode> code; ///< what `host` asks
    std::unique_ptr<platform::AddressSpace> host;
    Ref<PageCounts> counts;
    AddressSpace* self = nullptr;
    RangeMap<Vma> vmas;
    RangeMap<Run> runs;
    RangeMap<Slot> slots;
    Layout layout;
    std::uint64_t mmap_base = 0;
    std::uint64_t id = 0;
    int lock_future = 0; ///< mlockall's MCL_FUTURE
    std::uint64_t mapped_bytes = 0;
    bool slots_were_mapped = false; ///< a thread with a stale mapping may have written to a slot after its page was discarded

    State(platform::Platform& p, MemoryFile& m, std::uint64_t s) : platform(p), memory(m), seed(s) { }
    ~State();

    // pages.cpp
    static platform::Prot host_prot(const Vma& vma, const Run& run);
    /// The offsets kept for a prefix of [start, end), which is cut to `end` on return. Reserves a window where none are.
    Result<FileOffset> take_slot(std::uint64_t start, std::uint64_t& end);
    /// Puts runs where there were none (or drops what was there), and maps them in the host.
    void place(std::uint64_t start, std::uint64_t end, Run run, const Vma& vma, bool populate = false);
    /// Zero pages for the gaps of a private anonymous range.
    Result<void> make_present(std::uint64_t start, std::uint64_t end, const Vma& vma);
    /// Forgets the runs of a range; the host is told by the caller. Pages that are nobody's any more become slots or wait in quarantine.
    void drop_runs(std::uint64_t start, std::uint64_t end);
    /// Makes the host's protection that of the VMAs again, in as few orders as can be.
    void protect_in_host(std::uint64_t start, std::uint64_t end);
    /// fork: what was written in place is copied on write from now on.
    void freeze(std::uint64_t start, std::uint64_t end);
    void map_in_host(std::uint64_t start, std::uint64_t end, platform::AddressSpace& target);
    void quarantine_page(FileOffset at, std::uint64_t length);
    void quarantine_mapping(Ref<Mapping> mapping);
    /// Gives free what the host has surely forgotten.
    void empty_quarantine();

    // mapping.cpp
    bool is_free(std::uint64_t start, std::uint64_t end) const;
    /// MAP_32BIT: from 1 GiB upwards, below 2 GiB (arch_get_unmapped_area).
    Result<std::uint64_t> find_low(std::uint64_t length, std::uint64_t hint) const;
    Result<std::uint64_t> find_free(std::uint64_t length, std::uint64_t hint) const;
    Result<void> check_fixed(std::uint64_t start, std::uint64_t length) const;
    void insert(std::uint64_t start, std::uint64_t end, Vma vma);
    void remove(kernel::Task* task, std::uint64_t start, std::uint64_t end);
    /// Pages that need no content: private memory, shared anonymous memory. Others come with the first touch.
    Result<void> fill_new(kernel::Task& task, std::uint64_t start, std::uint64_t end);
    /// fill_new for every VMA in the range.
    Result<void> fill_all(kernel::Task& task, std::uint64_t start, std::uint64_t end);
    void populate(kernel::Task& task, std::uint64_t start, std::uint64_t end, bool write);
    void write_back(std::uint64_t start, std::uint64_t end);
    bool covered(std::uint64_t start, std::uint64_t end) const;
    void record(kernel::Task& task, std::uint64_t start, std::uint64_t end) const;
    void record_gone(kernel::Task& task, std::uint64_t start, std::uint64_t end) const;
    bool recorded(kernel::Task& task) const;

    // fault.cpp
    /// The VMA at `address`, a stack grown down to it if need be. end(): nothing there.
    RangeMap<Vma>::iterator vma_at(kernel::Task& task, std::uint64_t address);
    bool grow_stack(kernel::Task& task, RangeMap<Vma>::iterator stack, std::uint64_t address);
    /// Makes the page present, and writable if `write` (protection was checked). May wait, so iterators are stale afterwards.
    FaultResult make_ready(kernel::Task& task, std::uint64_t page, bool write);
    FaultResult fetch(kernel::Task& task, std::uint64_t page, const Vma& vma, std::uint64_t vma_start, std::uint64_t vma_end);
    /// Maps the object's bytes, and records them: they are an input of the guest.
    void show(kernel::Task& task, std::uint64_t start, std::uint64_t end, FileOffset at, const Vma& vma, std::uint64_t object_offset);
    FaultResult break_copy(std::uint64_t page, const Vma& vma, std::uint64_t vma_start, std::uint64_t vma_end);
    /// Makes [start, end) of a run our own again, since the relatives have gone.
    void claim(std::uint64_t run_start, std::uint64_t page, std::uint64_t end, FileOffset at, const Vma& vma);
    bool run_ready(const Run& run, const Vma& vma, bool write) const;

    // copy.cpp
    /// Calls move(file offset, length, done) for each consecutive part that is ready. `force`: FOLL_FORCE.
    template<typename F>
    Result<void> walk(kernel::Task& task, std::uint64_t start, std::uint64_t length, bool write, bool force, F move);

private:
    struct Quarantined {
        FileOffset at;
        std::uint64_t length;
    };
    std::vector<Quarantined> quarantine_; ///< held until the host has surely unmapped them
    std::uint64_t quarantined_ = 0;
    std::vector<Ref<Mapping>> old_mappings_; ///< objects whose pages the host may still show

public:
    std::uint64_t last_copy_end = 0; ///< where the last copied piece ended: sequential writes get larger ones
    std::uint64_t last_copy_size = 0;
    std::uint64_t last_fetch_end = 0;
};

}
