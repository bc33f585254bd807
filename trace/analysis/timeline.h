// The timeline from the hot columns: how busy each moment was, and what each thread did. The cost is by pixels, not by events:
// times are sorted, so what a pixel holds is found by binary search.
#pragma once

#include "trace/analysis/input.h"

#include <cstdint>
#include <vector>

namespace ringside::trace::analysis {

struct TimeRange {
    std::uint64_t begin = 0, end = 0; ///< ns, half open
    std::uint64_t length() const { return end > begin ? end - begin : 0; }
    bool contains(std::uint64_t ts) const { return ts >= begin && ts < end; }
    bool operator==(const TimeRange&) const = default;
};

/// What the timeline needs beside the columns: rows by thread, and problems. Grows with the trace.
class TimelineIndex {
public:
    struct Lane {
        ThreadId thread = 0;
        std::vector<std::uint32_t> rows; ///< its calls, rising
    };

    /// Takes the rows that are new.
    void update(const HotColumns& columns);

    const std::vector<Lane>& lanes() const { return lanes_; } ///< in order of their first call
    const std::vector<std::uint32_t>& problems() const { return problems_; }

private:
    std::vector<Lane> lanes_;
    std::unordered_map<ThreadId, std::size_t> lane_of_;
    std::vector<std::uint32_t> problems_;
    std::size_t taken_ = 0;
};

/// Events and problems in each of `pixels` equal parts of the range.
struct Density {
    std::vector<std::uint32_t> events, problems;
    std::uint32_t most = 0; ///< events in the fullest part
};
Density density(const HotColumns& columns, const TimelineIndex& index, TimeRange range, int pixels);

/// One bar of a lane: a call, or several that are too narrow to be told apart.
struct Bar {
    std::uint64_t begin = 0, end = 0; ///< ns
    std::uint32_t row = 0;            ///< the first
    std::uint32_t count = 1;
    bool waited = false;
    bool problem = false;
};
/// At most one bar for each `narrow` pixels, and those that are wider.
std::vector<Bar> bars(const HotColumns& columns, const TimelineIndex::Lane& lane, TimeRange range, int pixels, int narrow = 3);

/// From the beginning of the first to the end of the last event.
TimeRange whole_range(const HotColumns& columns);

}
