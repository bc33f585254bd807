// Which code may be patched, and where code of the platform's own can stand.

#include "engine/mm/guest_code.h"

#include "engine/mm/space_state.h"

namespace ringside::mm {

namespace {

class FilePage final : public platform::CodePage {
public:
    FilePage(MemoryFile& file, FileOffset at) : file_(file), at_(at) { }
    ~FilePage() override { file_.release(at_, page_size); }
    std::uint64_t offset() const override { return at_; }
    std::span<const std::byte> bytes() const override { return file_.view(at_, page_size); }
    // Its bytes are there: it was filled when it was made.
    void write(std::size_t at, std::span<const std::byte> content) override { static_cast<void>(file_.write(at_ + at, content).ok()); }

private:
    MemoryFile& file_;
    FileOffset at_;
};

constexpr std::uint64_t reach = (std::uint64_t {1} << 31) - (std::uint64_t {1} << 20);
/// How far from the guest's mappings: what grows and what is mapped next to them comes there first.
constexpr std::uint64_t aside = std::uint64_t {64} << 20;
constexpr std::uint64_t tries = 128;

}

std::span<const std::byte> CodeOfSpace::patchable_page(GuestAddr address)
{
    std::uint64_t page = address.value();
    auto vma = space_.vmas.find(page);
    if (vma == space_.vmas.end())
        return {};
    const Vma& area = vma->second.value;
    constexpr int access = PROT_READ | PROT_WRITE | PROT_EXEC;
    if (area.shared || area.special || (area.prot & access) != (PROT_READ | PROT_EXEC))
        return {};
    auto run = space_.runs.find(page);
    if (run == space_.runs.end() || (run->second.value.kind == Run::Kind::direct && area.mapping->object().may_change()))
        return {};
    return space_.memory.view(run->second.value.at + (page - run->first), page_size);
}

Result<std::shared_ptr<platform::CodePage>> CodeOfSpace::make_code_page(std::span<const std::byte> content)
{
    FileOffset at = TRY(space_.memory.reserve(page_size));
    auto page = std::make_shared<FilePage>(space_.memory, at);
    TRY(space_.memory.write(at, content.first(page_size)));
    return std::shared_ptr<platform::CodePage>(std::move(page));
}

bool CodeOfSpace::is_free(GuestAddr page)
{
    return page.value() >= guest_address_start && page.value() <= guest_address_end - page_size && space_.is_free(page.value(), page.value() + page_size);
}

std::optional<GuestAddr> CodeOfSpace::free_page_near(GuestAddr near, const std::function<bool(GuestAddr)>& fits)
{
    auto upwards = [&](std::uint64_t from) -> std::optional<GuestAddr> {
        for (std::uint64_t i = 0; i < tries; ++i) {
            GuestAddr page(from + i * page_size);
            std::uint64_t away = page.value() > near.value() ? page.value() - near.value() : near.value() - page.value();
            if (away < reach && is_free(page) && fits(page))
                return page;
        }
        return {};
    };
    // Above the base of mmap nothing is ever put by itself while there is room below.
    if (auto page = upwards(space_.mmap_base + (aside >> 4)))
        return page;
    // Else beside what is mapped around it: above it near the stack, where mappings grow downwards, below it for programs.
    auto here = space_.vmas.find(near.value());
    auto above = [&]() -> std::optional<GuestAddr> {
        for (auto it = here; it != space_.vmas.end(); ++it) {
            auto next = std::next(it);
            std::uint64_t gap = (next == space_.vmas.end() ? guest_address_end : next->first) - it->second.end;
            if (gap < 2 * page_size)
                continue;
            if (auto page = upwards(it->second.end + page_down(std::min(gap / 2, aside))))
                return page;
            if (it->second.end - near.value() > reach)
                break;
        }
        return {};
    };
    auto below = [&]() -> std::optional<GuestAddr> {
        for (auto it = here; it != space_.vmas.end(); --it) {
            std::uint64_t low = it == space_.vmas.begin() ? guest_address_start : std::prev(it)->second.end;
            std::uint64_t gap = it->first - low;
            if (gap >= 2 * page_size) {
                if (auto page = upwards(it->first - std::max(page_down(std::min(gap / 2, aside)), page_size)))
                    return page;
            }
            if (it == space_.vmas.begin() || near.value() - it->first > reach)
                break;
        }
        return {};
    };
    constexpr std::uint64_t upper_part = 0x7e00'0000'0000;
    if (near.value() >= upper_part) {
        auto page = above();
        return page ? page : below();
    }
    auto page = below();
    return page ? page : above();
}

}
