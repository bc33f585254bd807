// When sites are patched, and when not any more.

#include "engine/platform/code_patcher.h"

#include "engine/platform/stub_process.h"

#include <algorithm>
#include <cstring>
#include <sys/syscall.h>

namespace ringside::platform {

namespace {

constexpr Prot code_prot = Prot::read | Prot::exec;
constexpr std::size_t max_patched_pages = 1024;   ///< host mappings: each splits one into three
constexpr std::size_t max_trampoline_pages = 128;
constexpr std::size_t max_counted_sites = 8192;
constexpr std::uint8_t max_undone = 3;            ///< of a page: code that is made and thrown away is not worth it
constexpr std::size_t slot_alignment = 16;
constexpr std::uint64_t reach = std::uint64_t {1} << 31;

/// Calls after which nothing goes on behind the site, or for which the kernel needs the whole frame.
bool worth_it(std::uint64_t number)
{
    switch (number) {
    case SYS_rt_sigreturn: case SYS_exit: case SYS_exit_group: case SYS_execve: case SYS_clone: case SYS_fork: case SYS_vfork: case SYS_clone3:
        return false;
    default:
        return true;
    }
}

std::span<const std::byte> as_bytes(std::span<const std::uint8_t> bytes)
{
    return std::as_bytes(bytes);
}

}

void CodePatcher::inherit(CodePatcher& parent)
{
    threshold_ = parent.threshold_;
    if (threshold_ == 0)
        return;
    parents_trampolines_ = parent.trampolines_;
    parents_trampolines_.insert(parent.parents_trampolines_.begin(), parent.parents_trampolines_.end());
    if (!parent.pages_.empty())
        parents_pages_ = std::make_shared<const Pages>(parent.pages_);
    else
        parents_pages_ = parent.parents_pages_;
    // One trap tells that a site is used here, too: an order costs a short-lived child more than it would get back.
    if (threshold_ > 2) {
        for (const auto& [site, count] : parent.traps_) {
            if (count >= threshold_)
                traps_[site] = static_cast<std::uint8_t>(threshold_ - 2);
        }
    }
}

void CodePatcher::clear()
{
    guest_ = nullptr;
    pages_.clear();
    trampolines_.clear();
    parents_pages_.reset();
    parents_trampolines_.clear();
    retired_.clear();
}

void CodePatcher::count_trap(const Registers& registers)
{
    std::uint64_t site = registers.rip - syscall_length;
    if (traps_.size() >= max_counted_sites)
        traps_.clear();
    std::uint8_t& count = traps_[site];
    if (count < threshold_ && ++count == threshold_ && worth_it(registers.rax))
        patch(site, registers);
}

void CodePatcher::patch(std::uint64_t site, const Registers& registers)
{
    std::uint64_t page = page_down(site);
    if (page_down(site + syscall_length - 1) != page)
        return;
    auto range = process_.mappings().find(page);
    auto undone = undone_.find(page);
    if (!range || range->prot != static_cast<int>(code_prot) || (undone != undone_.end() && undone->second >= max_undone))
        return;
    // The patched copy's bytes are the guest's but for the jumps: what the guest believes to be there decides.
    std::span<const std::byte> bytes = guest_->patchable_page(GuestAddr(page));
    if (bytes.size() != page_size || take_over(page, site, bytes))
        return;
    std::span code(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    auto plan = plan_patch(code, page, site, registers);
    auto known = pages_.find(page);
    if (!plan || (known == pages_.end() && pages_.size() >= max_patched_pages))
        return;
    if (known != pages_.end()) {
        // A jump to the same bytes was made for another site, or the site is there already.
        bool taken = std::any_of(known->second.starts.begin(), known->second.starts.end(),
            [&](std::uint64_t start) { return start < plan->start + jump_length && plan->start < start + jump_length; });
        if (taken)
            return;
    }
    auto trampoline = place_trampoline(*plan);
    auto jump = trampoline ? make_jump(plan->start, *trampoline) : std::nullopt;
    if (!jump)
        return;
    // A new page in place of the old one, never a change of bytes that may be being executed.
    std::array<std::byte, page_size> content;
    std::copy(bytes.begin(), bytes.end(), content.begin());
    PatchedPage patched {known != pages_.end() ? known->second.original : range->offset, nullptr, {}, {}};
    if (known != pages_.end()) {
        patched.starts = known->second.starts;
        patched.trampolines = known->second.trampolines;
        for (std::uint64_t start : patched.starts) {
            auto old = known->second.copy->bytes().subspan(start - page, jump_length);
            std::copy(old.begin(), old.end(), content.begin() + static_cast<std::ptrdiff_t>(start - page));
        }
    }
    std::memcpy(content.data() + (plan->start - page), jump->data(), jump->size());
    auto copy = guest_->make_code_page(content);
    if (!copy.ok())
        return;
    patched.copy = std::move(copy).value();
    patched.starts.push_back(plan->start);
    if (std::uint64_t at = page_down(*trampoline); std::find(patched.trampolines.begin(), patched.trampolines.end(), at) == patched.trampolines.end())
        patched.trampolines.push_back(at);
    if (known != pages_.end())
        retired_.push_back(std::move(known->second.copy));
    show(page, patched);
    pages_[page] = std::move(patched);
}

/// A page that the parent had patched, while it is the same here. True: the site needs no more.
bool CodePatcher::take_over(std::uint64_t page, std::uint64_t site, std::span<const std::byte> bytes)
{
    if (!parents_pages_ || pages_.contains(page))
        return false;
    auto it = parents_pages_->find(page);
    auto range = process_.mappings().find(page);
    if (it == parents_pages_->end() || !range || range->offset != it->second.original)
        return false;
    const PatchedPage& patched = it->second;
    // The parent may have written to what was its own: then the copy shows older bytes.
    std::array<std::byte, page_size> expected;
    std::copy(bytes.begin(), bytes.end(), expected.begin());
    for (std::uint64_t start : patched.starts)
        std::memcpy(expected.data() + (start - page), patched.copy->bytes().data() + (start - page), jump_length);
    if (!std::equal(expected.begin(), expected.end(), patched.copy->bytes().begin()))
        return false;
    for (std::uint64_t address : patched.trampolines) {
        auto trampolines = parents_trampolines_.find(address);
        if (auto own = trampolines_.find(address); own != trampolines_.end()) {
            if (trampolines == parents_trampolines_.end() || own->second != trampolines->second)
                return false;
            continue;
        }
        if (trampolines == parents_trampolines_.end() || process_.mappings().find(address) || !guest_->is_free(GuestAddr(address)))
            return false;
        map_trampolines(*trampolines->second);
        trampolines_[address] = trampolines->second;
    }
    show(page, patched);
    pages_[page] = patched;
    return std::any_of(patched.starts.begin(), patched.starts.end(), [&](std::uint64_t start) {
        const TrampolinePage::Slot* slot = nullptr;
        for (std::uint64_t address : patched.trampolines) {
            for (const auto& candidate : trampolines_.at(address)->slots) {
                if (candidate.plan.start == start)
                    slot = &candidate;
            }
        }
        return slot && slot->plan.site == site;
    });
}

void CodePatcher::show(std::uint64_t page, const PatchedPage& patched)
{
    process_.queue_map(page, page_size, code_prot, patched.copy->offset(), true);
}

void CodePatcher::map_trampolines(const TrampolinePage& page)
{
    process_.queue_map(page.address, page_size, code_prot, page.page->offset(), true);
}

// ---- trampolines

std::optional<std::uint64_t> CodePatcher::place_trampoline(const PatchPlan& plan)
{
    for (const auto& [address, page] : trampolines_) {
        for (const auto& slot : page->slots) {
            if (slot.plan.site == plan.site && slot.plan.start == plan.start && slot.plan.bytes == plan.bytes)
                return slot.start;
        }
    }
    constexpr std::size_t generous = 160;
    std::shared_ptr<TrampolinePage> page = room_near(plan.start, generous);
    if (!page)
        return {};
    std::uint64_t place = page->address + page->used;
    auto made = make_trampoline(plan, place, page->address);
    if (!made || made->code.size() > generous)
        return {};
    // Nobody leads there yet: it may be written under the threads that execute its neighbours.
    page->page->write(page->used, as_bytes(made->code));
    page->slots.push_back({place, plan, made->points, made->code.size()});
    page->used += (made->code.size() + slot_alignment - 1) / slot_alignment * slot_alignment;
    return place;
}

std::shared_ptr<CodePatcher::TrampolinePage> CodePatcher::room_near(std::uint64_t start, std::size_t size)
{
    for (const auto& [address, page] : trampolines_) {
        std::uint64_t away = address > start ? address - start : start - address;
        if (page->owner == this && page->used + size <= page_size && away < reach - 16 * page_size)
            return page;
    }
    return new_trampolines(start);
}

std::shared_ptr<CodePatcher::TrampolinePage> CodePatcher::new_trampolines(std::uint64_t near)
{
    if (trampolines_.size() >= max_trampoline_pages)
        return {};
    auto address = guest_->free_page_near(GuestAddr(near), [&](GuestAddr candidate) {
        // The parent's keep their place: they may be needed here, too.
        return !process_.mappings().find(candidate.value()) && !parents_trampolines_.contains(candidate.value());
    });
    if (!address)
        return {};
    std::array<std::byte, page_size> content;
    content.fill(std::byte {0xcc});
    std::uint64_t entry = stub::patched_call_entry;
    std::memcpy(content.data(), &entry, sizeof entry);
    auto memory = guest_->make_code_page(content);
    if (!memory.ok())
        return {};
    auto page = std::make_shared<TrampolinePage>(TrampolinePage {address->value(), std::move(memory).value(), slot_alignment, {}, this});
    map_trampolines(*page);
    trampolines_[address->value()] = page;
    return page;
}

const CodePatcher::TrampolinePage::Slot* CodePatcher::find_slot(std::uint64_t rip) const
{
    if (trampolines_.empty())
        return nullptr;
    auto page = trampolines_.find(page_down(rip));
    if (page == trampolines_.end())
        return nullptr;
    const auto& slots = page->second->slots;
    auto after = std::upper_bound(slots.begin(), slots.end(), rip, [](std::uint64_t at, const auto& slot) { return at < slot.start; });
    if (after == slots.begin() || rip - std::prev(after)->start >= std::prev(after)->size)
        return nullptr;
    return &*std::prev(after);
}

std::optional<std::uint64_t> CodePatcher::guest_address(std::uint64_t rip) const
{
    const TrampolinePage::Slot* slot = find_slot(rip);
    if (!slot)
        return {};
    std::uint64_t offset = rip - slot->start;
    auto after = std::upper_bound(slot->points.begin(), slot->points.end(), offset, [](std::uint64_t at, const auto& point) { return at < point.offset; });
    return std::prev(after)->guest;
}

void CodePatcher::leave_alone(std::uint64_t rip)
{
    const TrampolinePage::Slot* slot = find_slot(rip);
    if (!slot)
        return;
    std::uint64_t page = page_down(slot->plan.start);
    if (auto it = pages_.find(page); it != pages_.end())
        undo(it);
    undone_[page] = max_undone;
}

bool CodePatcher::in_the_way(std::uint64_t start, std::uint64_t length) const
{
    auto it = trampolines_.lower_bound(page_down(start));
    return it != trampolines_.end() && it->first < start + length;
}

void CodePatcher::close_trampolines(std::uint64_t start, std::uint64_t length)
{
    for (auto it = pages_.begin(); it != pages_.end();) {
        auto next = std::next(it);
        const auto& used = it->second.trampolines;
        if (std::any_of(used.begin(), used.end(), [&](std::uint64_t at) { return at + page_size > start && at < start + length; }))
            undo(it);
        it = next;
    }
}

void CodePatcher::drop_trampolines(std::uint64_t start, std::uint64_t length)
{
    auto it = trampolines_.lower_bound(page_down(start));
    while (it != trampolines_.end() && it->first < start + length) {
        process_.queue_unmap(it->first, page_size);
        retired_.push_back(it->second->page);
        it = trampolines_.erase(it);
    }
}

// ---- undoing

/// The host shows something else there, or will at once.
void CodePatcher::forget(Pages::iterator page)
{
    std::uint8_t& undone = undone_[page->first];
    undone = static_cast<std::uint8_t>(std::min<int>(undone + 1, max_undone));
    std::erase_if(traps_, [&](const auto& entry) { return page_down(entry.first) == page->first; });
    retired_.push_back(std::move(page->second.copy));
    pages_.erase(page);
}

void CodePatcher::undo(Pages::iterator page)
{
    process_.queue_map(page->first, page_size, code_prot, page->second.original, true);
    forget(page);
}

void CodePatcher::before_unmap(std::uint64_t start, std::uint64_t length)
{
    for (auto it = pages_.lower_bound(start); it != pages_.end() && it->first < start + length;)
        forget(it++);
}

void CodePatcher::before_protect(std::uint64_t start, std::uint64_t length, Prot prot)
{
    if (prot != code_prot)
        code_changed(start, length);
}

void CodePatcher::code_changed(std::uint64_t start, std::uint64_t length)
{
    for (auto it = pages_.lower_bound(page_down(start)); it != pages_.end() && it->first < start + length;)
        undo(it++);
}

}
