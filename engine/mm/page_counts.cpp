// Counting the holders of ranges of pages.

#include "engine/mm/page_counts.h"

#include <vector>

namespace ringside::mm {

void PageCounts::share(FileOffset at, std::uint64_t length)
{
    FileOffset end = at + length;
    others_.change(at, end, [](std::uint64_t, std::uint64_t, Others& others) { ++others.count; });
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    others_.for_each_gap(at, end, [&](std::uint64_t from, std::uint64_t to) { gaps.emplace_back(from, to); });
    for (auto [from, to] : gaps)
        others_.insert(from, to, {1});
    others_.join(at, end);
}

void PageCounts::forget_one(FileOffset at, FileOffset end)
{
    std::vector<std::pair<std::uint64_t, std::uint64_t>> single;
    others_.change(at, end, [&](std::uint64_t from, std::uint64_t to, Others& others) {
        if (--others.count == 0)
            single.emplace_back(from, to);
    });
    for (auto [from, to] : single)
        others_.erase(from, to);
    others_.join(at, end);
}

bool PageCounts::exclusive(FileOffset at, FileOffset end, FileOffset& until) const
{
    auto it = others_.at_or_after(at);
    if (it == others_.end() || it->first >= end) {
        until = end;
        return true;
    }
    if (it->first > at) {
        until = it->first;
        return true;
    }
    until = std::min(end, it->second.end);
    return false;
}

}
