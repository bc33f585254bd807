// See filter_run.h.
#include "trace/filter_run.h"

#include <algorithm>

namespace ringside::trace {

namespace {

constexpr std::size_t first_piece = 4'096;
constexpr std::size_t piece = 65'536;
constexpr std::size_t undecided_piece = 1'024; ///< looks at `cancel` so often where every row costs a look-up

/// The rows of `undecided` that match, asked for in runs of neighbours: one statement for each.
void decide(const Filter& filter, TraceFile& trace, std::span<const std::uint32_t> undecided, std::vector<std::uint32_t>& matching)
{
    while (!undecided.empty()) {
        std::size_t count = 1;
        while (count < undecided.size() && undecided[count] - undecided[count - 1] <= 8 && undecided[count] - undecided[0] < TraceFile::page_rows)
            ++count;
        auto wanted = undecided.first(count);
        for (const Event& event : trace.events(EventId{wanted.front()} + 1, wanted.back() - wanted.front() + 1))
            if (std::ranges::binary_search(wanted, static_cast<std::uint32_t>(event.id - 1)) && filter.matches(event, trace))
                matching.push_back(static_cast<std::uint32_t>(event.id - 1));
        undecided = undecided.subspan(count);
    }
}

}

bool run_filter(const Filter& filter, const HotColumns& columns, TraceFile& trace, std::size_t from, const std::atomic<bool>& cancel, const FilterFound& found)
{
    std::vector<std::uint32_t> sure, undecided, decided, rows;
    for (std::size_t begin = from; begin < columns.size();) {
        if (cancel.load(std::memory_order_relaxed))
            return false;
        std::size_t count = std::min(begin == from ? first_piece : piece, columns.size() - begin);
        sure.clear();
        undecided.clear();
        decided.clear();
        filter.select(columns, begin, count, trace, sure, undecided);
        for (std::size_t done = 0; done < undecided.size(); done += undecided_piece) {
            if (cancel.load(std::memory_order_relaxed))
                return false;
            decide(filter, trace, std::span(undecided).subspan(done, std::min(undecided_piece, undecided.size() - done)), decided);
        }
        rows.clear();
        std::ranges::merge(sure, decided, std::back_inserter(rows));
        begin += count;
        found(rows, begin);
    }
    return true;
}

std::vector<std::uint32_t> filter_rows(const Filter& filter, const HotColumns& columns, TraceFile& trace)
{
    std::vector<std::uint32_t> all;
    run_filter(filter, columns, trace, 0, std::atomic<bool>(false),
        [&](std::span<const std::uint32_t> rows, std::size_t) { all.insert(all.end(), rows.begin(), rows.end()); });
    return all;
}

}
