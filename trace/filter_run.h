// A filter over a whole trace: on the hot columns first, row by row only where they can't decide. Runs in a worker thread.
#pragma once

#include "trace/filter/filter.h"
#include "trace/hot_columns.h"
#include "trace/trace_file.h"

#include <atomic>
#include <functional>
#include <span>
#include <vector>

namespace ringside::trace {

/// Gets the rows that match (row i is event i + 1) in rising order, piece by piece, and how many rows are done. The first piece
/// comes after a few thousand rows, so that first matches are seen at once.
using FilterFound = std::function<void(std::span<const std::uint32_t> rows, std::size_t done)>;

/// Runs from row `from` to the columns' end. False: `cancel` was set. `trace` is asked for what the columns don't hold; give a
/// worker thread one of its own. Throws Error.
bool run_filter(const Filter& filter, const HotColumns& columns, TraceFile& trace, std::size_t from, const std::atomic<bool>& cancel, const FilterFound& found);

/// The same at once: all rows that match.
std::vector<std::uint32_t> filter_rows(const Filter& filter, const HotColumns& columns, TraceFile& trace);

}
