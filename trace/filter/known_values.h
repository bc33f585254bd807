// What a person can ask a filter for in this very trace: the names, paths, calls and errors that occur in it.
#pragma once

#include "trace/filter/filter.h"
#include "trace/hot_columns.h"
#include "trace/trace_file.h"

#include <atomic>

namespace ringside::trace {

/// Fields pid, comm, process, path, syscall and errno, what occurs most first; of paths the 5,000 most frequent. One pass over the
/// columns and a look-up for each name. Throws Error.
KnownValues known_values(TraceFile& trace, const HotColumns& columns, const std::atomic<bool>& cancel);

}
