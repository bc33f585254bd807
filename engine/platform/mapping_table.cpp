// Which mappings the host holds for a stub.

#include "engine/platform/mapping_table.h"

#include <iterator>

namespace ringside::platform {

void MappingTable::split(std::uint64_t at)
{
    auto next = ranges_.upper_bound(at);
    if (next == ranges_.begin())
        return;
    auto& [start, range] = *std::prev(next);
    if (start == at || range.end <= at)
        return;
    Range tail {range.end, range.offset + (at - start), range.prot};
    range.end = at;
    ranges_.emplace_hint(next, at, tail);
}

void MappingTable::join(Ranges::iterator it)
{
    auto next = std::next(it);
    if (next == ranges_.end() || it->second.end != next->first || it->second.prot != next->second.prot
        || it->second.offset + (it->second.end - it->first) != next->second.offset)
        return;
    it->second.end = next->second.end;
    ranges_.erase(next);
}

void MappingTable::unmap(std::uint64_t start, std::uint64_t length)
{
    split(start);
    split(start + length);
    ranges_.erase(ranges_.lower_bound(start), ranges_.lower_bound(start + length));
}

void MappingTable::map(std::uint64_t start, std::uint64_t length, int prot, std::uint64_t offset)
{
    unmap(start, length);
    auto it = ranges_.emplace(start, Range {start + length, offset, prot}).first;
    join(it);
    if (it != ranges_.begin())
        join(std::prev(it));
}

std::optional<MappingTable::Range> MappingTable::find(std::uint64_t at) const
{
    auto next = ranges_.upper_bound(at);
    if (next == ranges_.begin())
        return {};
    const auto& [start, range] = *std::prev(next);
    if (range.end <= at)
        return {};
    return Range {range.end, range.offset + (at - start), range.prot};
}

void MappingTable::protect(std::uint64_t start, std::uint64_t length, int prot)
{
    split(start);
    split(start + length);
    auto it = ranges_.lower_bound(start);
    auto first = it;
    for (; it != ranges_.end() && it->first < start + length; ++it)
        it->second.prot = prot;
    // Joining may remove the one behind, never the one in hand.
    if (first != ranges_.begin())
        first = std::prev(first);
    while (first != ranges_.end() && first->first < start + length) {
        std::size_t before = ranges_.size();
        join(first);
        if (ranges_.size() == before)
            ++first;
    }
}

}
