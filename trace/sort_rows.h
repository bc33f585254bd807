// Rows of a trace in the order of a column, on the hot columns: ten million in a part of a second. Runs in a worker thread.
#pragma once

#include "trace/hot_columns.h"

#include <atomic>
#include <cstdint>
#include <vector>

namespace ringside::trace {

enum class SortBy : std::uint8_t { id, process, call, path, result, duration, host_calls };

/// `rows` (row i is event i + 1, rising), or all where null, sorted; rows that are equal stay in the order of time. Results sort
/// as numbers, so that errors come before what succeeded; what has no path, result or duration comes last, whichever the
/// direction. Empty when `cancel` was set. Asks `trace` for names once each. Throws Error.
std::vector<std::uint32_t> sort_rows(SortBy by, bool descending, const HotColumns& columns, TraceFile& trace, const std::vector<std::uint32_t>* rows,
    const std::atomic<bool>& cancel);

}
