// See timeline.h.
#include "trace/analysis/timeline.h"

#include "trace/syscall_table.h"

#include <algorithm>

namespace ringside::trace::analysis {

namespace {

/// The first of `rows` that begins at `ts` or later.
auto first_at(const HotColumns& columns, const std::vector<std::uint32_t>& rows, std::uint64_t ts)
{
    return std::ranges::lower_bound(rows, ts, {}, [&](std::uint32_t row) { return columns.ts[row]; });
}

std::uint64_t edge(TimeRange range, int pixel, int pixels)
{
    return range.begin + static_cast<std::uint64_t>(static_cast<double>(range.length()) * pixel / pixels);
}

}

void TimelineIndex::update(const HotColumns& columns)
{
    for (; taken_ < columns.size(); ++taken_) {
        if (columns.is_problem(taken_))
            problems_.push_back(static_cast<std::uint32_t>(taken_));
        if (!columns.is_call(taken_))
            continue;
        auto [at, is_new] = lane_of_.try_emplace(columns.thread[taken_], lanes_.size());
        if (is_new)
            lanes_.push_back({columns.thread[taken_], {}});
        lanes_[at->second].rows.push_back(static_cast<std::uint32_t>(taken_));
    }
}

Density density(const HotColumns& columns, const TimelineIndex& index, TimeRange range, int pixels)
{
    Density result;
    auto count = static_cast<std::size_t>(std::max(pixels, 0));
    result.events.resize(count);
    result.problems.resize(count);
    if (columns.size() == 0 || range.length() == 0)
        return result;
    auto at = std::ranges::lower_bound(columns.ts, range.begin);
    auto problem = first_at(columns, index.problems(), range.begin);
    for (int pixel = 0; pixel < pixels; ++pixel) {
        std::uint64_t end = edge(range, pixel + 1, pixels);
        auto next = std::lower_bound(at, columns.ts.end(), end);
        auto next_problem = std::lower_bound(problem, index.problems().end(), end, [&](std::uint32_t row, std::uint64_t ts) { return columns.ts[row] < ts; });
        auto p = static_cast<std::size_t>(pixel);
        result.events[p] = static_cast<std::uint32_t>(next - at);
        result.problems[p] = static_cast<std::uint32_t>(next_problem - problem);
        result.most = std::max(result.most, result.events[p]);
        at = next;
        problem = next_problem;
    }
    return result;
}

std::vector<Bar> bars(const HotColumns& columns, const TimelineIndex::Lane& lane, TimeRange range, int pixels, int narrow)
{
    std::vector<Bar> result;
    if (pixels <= 0 || range.length() == 0)
        return result;
    std::uint64_t least = std::max<std::uint64_t>(1, range.length() * static_cast<std::uint64_t>(narrow) / static_cast<std::uint64_t>(pixels));
    auto waits = [&](std::uint32_t row) { // what ends a thread does not wait
        int nr = columns.nr[row];
        return columns.blocked(row) && nr != call_nr("exit_group") && nr != call_nr("exit") && nr != call_nr("rt_sigreturn");
    };
    auto end_of = [&](std::uint32_t row) {
        std::uint64_t dur = columns.dur[row];
        return !columns.has_ret(row) && waits(row) ? UINT64_MAX : columns.ts[row] + dur; // waits still, or for ever
    };
    auto at = first_at(columns, lane.rows, range.begin);
    if (at != lane.rows.begin() && end_of(*std::prev(at)) > range.begin)
        --at;
    while (at != lane.rows.end() && columns.ts[*at] < range.end) {
        std::uint32_t row = *at;
        Bar bar {columns.ts[row], end_of(row), row, 1, waits(row), columns.is_problem(row)};
        auto next = std::next(at);
        if (bar.end == UINT64_MAX)
            bar.end = next == lane.rows.end() ? columns.ts.back() : columns.ts[*next];
        if (bar.end - bar.begin < least) {
            // All that begin within the same few pixels are one bar, unless a wide one is among them at its end.
            std::uint64_t limit = std::max(bar.begin, range.begin) + least;
            next = std::lower_bound(next, lane.rows.end(), limit, [&](std::uint32_t other, std::uint64_t ts) { return columns.ts[other] < ts; });
            if (auto last = std::prev(next); last != at && end_of(*last) - columns.ts[*last] >= least)
                next = last;
            bar.count = static_cast<std::uint32_t>(next - at);
            bar.end = std::max(bar.end, std::min(limit, end_of(*std::prev(next))));
        }
        result.push_back(bar);
        at = next;
    }
    return result;
}

TimeRange whole_range(const HotColumns& columns)
{
    if (columns.size() == 0)
        return {};
    std::uint64_t end = columns.ts.back();
    for (std::size_t row = columns.size(); row-- > 0 && columns.size() - row < 1000;)
        if (columns.dur[row] != UINT32_MAX)
            end = std::max(end, columns.ts[row] + columns.dur[row]);
    return {0, end + 1};
}

}
