// How many address spaces of a fork family hold a page of the memory file. Only pages that more than one holds are written down, so
// fork costs a range, not its pages.
#pragma once

#include "engine/base/ref.h"
#include "engine/mm/memory_file.h"
#include "engine/mm/range_map.h"

namespace ringside::mm {

class PageCounts : public RefCounted {
public:
    /// One more holder of each page of the range.
    void share(FileOffset at, std::uint64_t length);
    /// One holder less. Calls last(at, length) for the parts that nobody holds any more.
    template<typename F>
    void drop(FileOffset at, std::uint64_t length, F last)
    {
        std::uint64_t end = at + length;
        // Pages that stand in no range were held once: by the caller.
        others_.for_each_gap(at, end, [&](std::uint64_t from, std::uint64_t to) { last(from, to - from); });
        forget_one(at, end);
    }
    /// Whether the page has one holder, and where that (or the contrary) ends: a border in (at, end].
    bool exclusive(FileOffset at, FileOffset end, FileOffset& until) const;
    std::size_t ranges() const { return others_.size(); }

private:
    struct Others {
        std::uint32_t count; ///< holders but one
        Others advanced(std::uint64_t) const { return *this; }
        bool continued_by(std::uint64_t, const Others& next) const { return next.count == count; }
    };
    void forget_one(FileOffset at, FileOffset end);
    RangeMap<Others> others_;
};

}
