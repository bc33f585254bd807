// One inode's pages. The content lies in windows of the memory file, each for a stretch of the object; a growing file gets further
// ones, twice as large each time.

#include "engine/mm/page_cache.h"

#include "engine/base/guest_addr.h"
#include "engine/kernel/share_group.h"
#include "engine/kernel/task.h"
#include "engine/mm/address_space.h"
#include "engine/mm/range_map.h"

#include <cassert>

namespace ringside::mm {

namespace {

constexpr std::uint64_t smallest_window = 64 << 10;
constexpr std::uint64_t largest_window = std::uint64_t {1} << 40;
constexpr std::uint64_t read_piece = 64 << 10;
constexpr std::uint64_t read_max = 1 << 20;

struct Window {
    FileOffset at;
    Window advanced(std::uint64_t delta) const { return {at + delta}; }
    bool continued_by(std::uint64_t length, const Window& next) const { return at + length == next.at; }
};

}

Result<void> Mappable::write_back(std::uint64_t, std::uint64_t)
{
    return {};
}

Result<void> Mappable::remove(kernel::Task&, std::uint64_t, std::uint64_t)
{
    return Errno(EOPNOTSUPP);
}

struct PageCache::State {
    MemoryFile& memory;
    PageSource* source;
    std::uint64_t size;
    RangeMap<Window> windows;
    /// Pages that hold something. Without a source the others are zeros, with one they are not yet read.
    RangeSet present;
    std::map<AddressSpace*, unsigned> spaces;
    bool loading = false;
    kernel::WaitQueue loaded;
    std::uint64_t generation = 0; ///< changes when pages are thrown away

    State(MemoryFile& m, PageSource* s, std::uint64_t n) : memory(m), source(s), size(n) { }
    ~State()
    {
        for (const auto& [start, entry] : windows)
            memory.release(entry.value.at, entry.end - start);
    }
    Result<Piece> window_at(std::uint64_t offset, std::uint64_t wanted);
    Result<void> load(kernel::Task& task, std::uint64_t offset, std::uint64_t wanted);
    Result<std::uint64_t> read_from_source(kernel::Task& task, std::uint64_t offset, std::uint64_t length);
    void drop(std::uint64_t from, std::uint64_t to);
    void take_back(const Mappable& self, std::uint64_t from, std::uint64_t length, bool even_copies);
};

/// Consecutive bytes of the file for a page, reserving them when there are none yet.
Result<Mappable::Piece> PageCache::State::window_at(std::uint64_t offset, std::uint64_t wanted)
{
    auto it = windows.find(offset);
    if (it == windows.end()) {
        // From the end of the last window on; sparse files may leave stretches out.
        auto next = windows.at_or_after(offset);
        std::uint64_t held = windows.empty() ? 0 : std::prev(windows.end())->second.end - windows.begin()->first;
        std::uint64_t start = offset / smallest_window * smallest_window;
        if (next != windows.begin())
            start = std::max(start, std::prev(next)->second.end);
        std::uint64_t end = start + std::max(smallest_window, std::min(held, largest_window));
        // What the file has already is reserved in one go, so that its mappings are consecutive.
        if (page_up(size) > end)
            end = std::min(page_up(size), start + largest_window);
        if (next != windows.end())
            end = std::min(end, next->first);
        FileOffset at = TRY(memory.reserve(end - start));
        it = windows.insert(start, end, {at});
    }
    return Piece {it->second.value.at + (offset - it->first), std::min(wanted, it->second.end - offset)};
}

void PageCache::State::drop(std::uint64_t from, std::uint64_t to)
{
    present.for_each(from, to, [&](std::uint64_t a, std::uint64_t b, const Nothing&) {
        windows.for_each(a, b, [&](std::uint64_t c, std::uint64_t d, const Window& window) { memory.discard(window.at, d - c); });
    });
    present.erase(from, to);
    ++generation;
}

void PageCache::State::take_back(const Mappable& self, std::uint64_t from, std::uint64_t length, bool even_copies)
{
    // A space may leave the list while it forgets old mappings.
    std::vector<AddressSpace*> list;
    for (auto& [space, count] : spaces)
        list.push_back(space);
    for (AddressSpace* space : list) {
        if (spaces.contains(space))
            space->unmap_pages(self, from, length, even_copies);
    }
}

Result<std::uint64_t> PageCache::State::read_from_source(kernel::Task& task, std::uint64_t offset, std::uint64_t length)
{
    int descriptor = TRY(source->descriptor(task));
    std::uint64_t done = 0;
    std::uint64_t before = generation;
    while (done < length) {
        Piece piece = TRY(window_at(offset + done, length - done));
        auto read = memory.read_host(piece.at, piece.length, descriptor, offset + done, source->in_memory());
        if (!read.ok() && (read.error() == EAGAIN || read.error() == EOPNOTSUPP)) {
            // The disk is needed: a helper thread waits for it.
            auto slow = kernel::offload(task, [&memory = memory, piece, descriptor, at = offset + done]() -> Result<long> {
                return static_cast<long>(TRY(memory.read_host(piece.at, piece.length, descriptor, at, true)));
            });
            if (!slow.ok())
                return slow.error();
            read = static_cast<std::uint64_t>(slow.value());
        }
        if (!read.ok() && read.error() == EINTR)
            continue;
        std::uint64_t got = TRY(read);
        if (got == 0 || generation != before)
            break;
        done += got;
    }
    return done;
}

Result<void> PageCache::State::load(kernel::Task& task, std::uint64_t offset, std::uint64_t wanted)
{
    while (loading) // one reader at a time: a late one must not overwrite what was written since
        TRY(loaded.wait(task, {}, kernel::Interruptible::no));
    if (present.covers(offset, offset + page_size) || offset >= page_up(size))
        return {};
    std::uint64_t from = offset / read_piece * read_piece;
    present.for_each(from, offset, [&](std::uint64_t, std::uint64_t b, const Nothing&) { from = b; });
    std::uint64_t to = (std::max(offset + std::min(wanted, read_max), from + read_piece) + read_piece - 1) / read_piece * read_piece;
    to = std::min(to, page_up(size));
    if (auto next = present.at_or_after(offset); next != present.end())
        to = std::min(to, next->first);
    loading = true;
    std::uint64_t before = generation;
    // Not past our size: what stands behind it in the last page reads as zero.
    auto got = read_from_source(task, from, std::min(to, size) - from);
    loading = false;
    loaded.wake_all();
    std::uint64_t whole = TRY(got);
    if (before != generation)
        return {}; // truncated or thrown away meanwhile: the caller looks again
    if (whole == 0)
        to = offset + page_size; // the host's file has become shorter: zeros up to our size
    else if (from + whole < size)
        to = std::min(to, std::max(page_up(from + whole), offset + page_size));
    // A read may bring bytes that lie behind our size by now.
    present.add(from, to);
    return {};
}

PageCache::PageCache(MemoryFile& memory, PageSource* source, std::uint64_t size)
    : state_(std::make_unique<State>(memory, source, size))
{
}

PageCache::~PageCache() = default;

std::uint64_t PageCache::size() const
{
    return state_->size;
}

bool PageCache::is_mapped()
{
    state_->take_back(*this, ~page_mask, 0, false); // nothing lies there: mappings that are gone already are forgotten
    return !state_->spaces.empty();
}

bool PageCache::may_change() const
{
    if (!state_->source)
        return !finished_;
    return state_->source->writable_descriptor() >= 0;
}

void PageCache::mapped(AddressSpace& space)
{
    ++state_->spaces[&space];
}

void PageCache::unmapped(AddressSpace& space)
{
    auto it = state_->spaces.find(&space);
    if (it != state_->spaces.end() && --it->second == 0)
        state_->spaces.erase(it);
}

Result<Mappable::Piece> PageCache::fetch(kernel::Task& task, std::uint64_t offset, std::uint64_t wanted, bool)
{
    State& s = *state_;
    assert(offset % page_size == 0);
    for (;;) {
        if (offset >= page_up(s.size))
            return Errno(ENXIO);
        if (!s.source) {
            Piece piece = TRY(s.window_at(offset, std::min(page_up(wanted), page_up(s.size) - offset)));
            // Whoever maps it may write to it at any time.
            s.present.add(offset, offset + piece.length);
            return piece;
        }
        auto it = s.present.find(offset);
        if (it != s.present.end()) {
            std::uint64_t length = std::min({page_up(wanted), it->second.end - offset, page_up(s.size) - offset});
            return s.window_at(offset, length);
        }
        TRY(s.load(task, offset, wanted));
    }
}

Result<std::span<const std::byte>> PageCache::read(kernel::Task& task, std::uint64_t offset, std::uint64_t wanted)
{
    State& s = *state_;
    if (offset >= s.size || wanted == 0)
        return std::span<const std::byte>();
    std::uint64_t page = page_down(offset);
    std::uint64_t inside = offset - page;
    wanted = std::min(wanted, s.size - offset);
    if (!s.source && s.present.find(page) == s.present.end()) {
        // A hole: no page is made for it.
        static constexpr std::array<std::byte, 16 * page_size> zeros {};
        if (auto next = s.present.at_or_after(offset); next != s.present.end())
            wanted = std::min(wanted, next->first - offset);
        return std::span<const std::byte>(zeros).first(std::min<std::uint64_t>(wanted, zeros.size()));
    }
    Piece piece = TRY(fetch(task, page, std::min(inside + wanted, read_max), false));
    if (offset >= s.size)
        return std::span<const std::byte>();
    std::uint64_t length = std::min({wanted, piece.length - inside, s.size - offset});
    return s.memory.view(piece.at + inside, length);
}

Result<void> PageCache::write(kernel::Task& task, std::uint64_t offset, std::span<const std::byte> bytes)
{
    State& s = *state_;
    if (bytes.empty())
        return {};
    if (offset + bytes.size() < offset)
        return Errno(EFBIG);
    kernel::join_sharers(task, *this);
    shown.erase(page_down(offset), page_up(offset + bytes.size()));
    std::uint64_t done = 0;
    while (done < bytes.size()) {
        std::uint64_t at = offset + done;
        std::uint64_t page = page_down(at);
        std::uint64_t inside = at - page;
        std::uint64_t length = std::min<std::uint64_t>(bytes.size() - done, read_max - inside);
        bool whole_pages = inside == 0 && length >= page_size;
        if (whole_pages)
            length = page_down(length);
        else
            length = std::min(length, page_size - inside);
        // A page that is written in part keeps the rest of what the source has.
        if (s.source && page < page_up(s.size) && (!whole_pages || s.loading))
            TRY(fetch(task, page, page_size, true));
        Piece piece = TRY(s.window_at(page, page_up(inside + length)));
        length = std::min(length, piece.length - inside);
        if (!s.memory.write(piece.at + inside, bytes.subspan(done, length)).ok())
            return Errno(ENOSPC);
        s.present.add(page, page_up(at + length));
        done += length;
        s.size = std::max(s.size, at + length);
    }
    // Mapped pages are seen anew, so that what the guest sees is recorded again.
    if (!s.spaces.empty())
        s.take_back(*this, page_down(offset), page_up(offset + bytes.size()) - page_down(offset), false);
    return {};
}

Result<void> PageCache::resize(kernel::Task& task, std::uint64_t size)
{
    State& s = *state_;
    shown.erase(page_down(std::min(size, s.size)), ~page_mask);
    if (size < s.size) {
        std::uint64_t end = page_up(size);
        if (size & page_mask) {
            if (s.source)
                TRY(fetch(task, page_down(size), page_size, true));
            if (auto window = s.windows.find(size); window != s.windows.end() && s.present.find(size) != s.present.end()) {
                static constexpr std::array<std::byte, page_size> zeros {};
                FileOffset at = window->second.value.at + (size - window->first);
                if (!s.memory.write(at, std::span(zeros).first(end - size)).ok())
                    return Errno(ENOSPC);
            }
        }
        std::uint64_t old_end = page_up(s.size);
        s.size = size;
        s.take_back(*this, end, old_end - end, true);
        s.drop(end, old_end);
    } else if (size > s.size) {
        // What lies between was never in the source: zeros.
        std::uint64_t old_end = page_up(s.size);
        if (s.source && (s.size & page_mask))
            TRY(fetch(task, page_down(s.size), page_size, true));
        s.size = size;
        if (s.source)
            s.present.add(old_end, page_up(size));
    }
    return {};
}

Result<void> PageCache::punch(kernel::Task& task, std::uint64_t offset, std::uint64_t length)
{
    State& s = *state_;
    std::uint64_t end = offset + length < offset ? s.size : std::min(offset + length, page_up(s.size));
    if (offset >= end)
        return {};
    static constexpr std::array<std::byte, page_size> zeros {};
    // Partial pages at both ends are cleared, whole ones given back (man 2 fallocate).
    std::uint64_t size = s.size;
    std::uint64_t first = std::min(end, page_up(offset)), last = std::max(first, page_down(end));
    if (offset < first && offset < size)
        TRY(write(task, offset, std::span(zeros).first(std::min(first, size) - offset)));
    if (last < end && last < size)
        TRY(write(task, last, std::span(zeros).first(std::min(end, size) - last)));
    if (first < last) {
        shown.erase(first, last);
        s.take_back(*this, first, last - first, false);
        s.drop(first, last);
        if (s.source)
            s.present.add(first, last);
    }
    return {};
}

void PageCache::invalidate()
{
    State& s = *state_;
    if (!s.source || s.present.empty())
        return;
    shown.clear();
    s.take_back(*this, 0, page_up(s.size), false);
    s.drop(0, ~page_mask);
}

std::uint64_t PageCache::resident() const
{
    return state_->present.total();
}

Result<std::uint64_t> PageCache::next_data(std::uint64_t offset, bool data) const
{
    const State& s = *state_;
    if (offset >= s.size)
        return Errno(ENXIO);
    if (s.source)
        return data ? offset : s.size; // as a file system that knows no holes (man 2 lseek)
    auto it = s.present.at_or_after(offset);
    if (data) {
        if (it == s.present.end() || it->first >= s.size)
            return Errno(ENXIO);
        return std::max(offset, it->first);
    }
    if (it == s.present.end() || it->first > offset)
        return offset;
    return std::min(it->second.end, s.size);
}

Result<void> PageCache::write_back(std::uint64_t offset, std::uint64_t length)
{
    State& s = *state_;
    int descriptor = s.source ? s.source->writable_descriptor() : -1;
    if (descriptor < 0 || offset >= s.size)
        return {};
    std::uint64_t end = std::min(offset + length, s.size);
    Result<void> result;
    s.present.for_each(offset, end, [&](std::uint64_t a, std::uint64_t b, const Nothing&) {
        s.windows.for_each(a, b, [&](std::uint64_t c, std::uint64_t d, const Window& window) {
            for (std::uint64_t at = c; at < d;) {
                auto wrote = s.memory.write_host(window.at + (at - c), d - at, descriptor, at);
                if (!wrote.ok() && wrote.error() == EINTR)
                    continue;
                if (!wrote.ok() || wrote.value() == 0) {
                    result = wrote.ok() ? Errno(EIO) : wrote.error();
                    return;
                }
                at += wrote.value();
            }
        });
    });
    return result;
}

Result<void> PageCache::remove(kernel::Task& task, std::uint64_t offset, std::uint64_t length)
{
    if (state_->source)
        return Errno(EOPNOTSUPP);
    return punch(task, offset, length);
}

}
