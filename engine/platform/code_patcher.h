// The patched sites of one stub: hot `syscall` instructions that are reached by a jump to a trampoline instead, without a signal.
//
// A patch is a matter of the host's mappings alone. The page that holds it is a private copy, mapped over the guest's page by an order;
// the memory management above goes on believing in the original, so the page cache, copy-in and /proc never see it, and whatever it orders
// for the page (another mapping, none, another protection) takes the patch away first.
#pragma once

#include "engine/platform/platform.h"
#include "engine/platform/trampoline.h"

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace ringside::platform {

class StubProcess;

class CodePatcher {
public:
    /// `threshold`: the trap at a site at which it is patched; 0: never.
    CodePatcher(StubProcess& process, unsigned threshold) : process_(process), threshold_(threshold) { }
    void set_guest_code(GuestCode* code) { guest_ = code; }
    /// A child's: what is hot in the parent will be so here.
    void inherit(CodePatcher& parent);

    /// A `syscall` instruction trapped, with these registers.
    void note_trap(const Registers& registers)
    {
        if (threshold_ != 0 && guest_)
            count_trap(registers);
    }

    // Orders of the memory management, about to be given.
    void before_map(std::uint64_t start, std::uint64_t length) { before_unmap(start, length); }
    void before_unmap(std::uint64_t start, std::uint64_t length);
    void before_protect(std::uint64_t start, std::uint64_t length, Prot prot);
    /// The guest's bytes in [start, +length) change under a patch.
    void code_changed(std::uint64_t start, std::uint64_t length);

    /// Whether trampolines stand in [start, +length).
    bool in_the_way(std::uint64_t start, std::uint64_t length) const;
    /// Calls f(start, length) for the parts of a range where there are none.
    template<typename F>
    void for_each_gap(std::uint64_t start, std::uint64_t length, F f) const
    {
        std::uint64_t end = start + length;
        for (auto it = trampolines_.lower_bound(start); it != trampolines_.end() && it->first < end; ++it) {
            if (start < it->first)
                f(start, it->first - start);
            start = it->first + page_size;
        }
        if (start < end)
            f(start, end - start);
    }
    /// From now on no site leads there. Threads may still be in them: to be followed by a flush, and by looking for them.
    void close_trampolines(std::uint64_t start, std::uint64_t length);
    /// Nobody is in them: they go.
    void drop_trampolines(std::uint64_t start, std::uint64_t length);

    /// Where a thread at `rip` in a trampoline would be without patches. Nothing: it is not in a trampoline.
    std::optional<std::uint64_t> guest_address(std::uint64_t rip) const;
    /// A guest that steps through its code must not see the jumps: the page of the site whose trampoline `rip` is in is left alone for good.
    void leave_alone(std::uint64_t rip);

    /// The stub is dead: it maps nothing.
    void clear();
    /// Every order so far is carried out.
    void orders_done() { retired_.clear(); }
    std::size_t patched_pages() const { return pages_.size(); }

private:
    struct TrampolinePage {
        std::uint64_t address;
        std::shared_ptr<CodePage> page;
        std::size_t used;
        struct Slot {
            std::uint64_t start;
            PatchPlan plan;
            std::vector<Trampoline::Point> points;
            std::size_t size;
        };
        std::vector<Slot> slots; ///< ascending
        const CodePatcher* owner; ///< who may add to it
    };
    struct PatchedPage {
        std::uint64_t original;               ///< offset in the memory file of what the guest sees
        std::shared_ptr<CodePage> copy;
        std::vector<std::uint64_t> starts;    ///< of the jumps
        std::vector<std::uint64_t> trampolines; ///< addresses of the pages that they lead to
    };
    using Pages = std::map<std::uint64_t, PatchedPage>;
    using TrampolinePages = std::map<std::uint64_t, std::shared_ptr<TrampolinePage>>;

    void count_trap(const Registers& registers);
    void patch(std::uint64_t site, const Registers& registers);
    bool take_over(std::uint64_t page, std::uint64_t site, std::span<const std::byte> bytes);
    const TrampolinePage::Slot* find_slot(std::uint64_t rip) const;
    /// A trampoline for the plan, an old one where it was made before.
    std::optional<std::uint64_t> place_trampoline(const PatchPlan& plan);
    std::shared_ptr<TrampolinePage> room_near(std::uint64_t start, std::size_t size);
    std::shared_ptr<TrampolinePage> new_trampolines(std::uint64_t near);
    void show(std::uint64_t page, const PatchedPage& patched);
    void map_trampolines(const TrampolinePage& page);
    void undo(Pages::iterator page);
    void forget(Pages::iterator page);

    StubProcess& process_;
    unsigned threshold_;
    GuestCode* guest_ = nullptr;
    std::unordered_map<std::uint64_t, std::uint8_t> traps_;  ///< by site
    std::unordered_map<std::uint64_t, std::uint8_t> undone_; ///< by page: how often its patches went away
    Pages pages_;
    TrampolinePages trampolines_;
    std::shared_ptr<const Pages> parents_pages_;             ///< not taken over yet
    TrampolinePages parents_trampolines_;
    std::vector<std::shared_ptr<CodePage>> retired_;         ///< the host may still show them
};

}
