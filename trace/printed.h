// What the program printed: the bytes that went to the terminal or pipe that it was started with.
#pragma once

#include "trace/hot_columns.h"
#include "trace/trace_file.h"

#include <atomic>
#include <string>

namespace ringside::trace {

/// The bytes of write and writev to what descriptors 1 and 2 of the first process referred to at its start, in order, at most
/// `limit`. What a call wrote beyond what was kept of it (data_cap) is missing. Asks for the data of those calls alone. Throws Error.
std::string printed_output(TraceFile& trace, const HotColumns& columns, std::size_t limit, const std::atomic<bool>& cancel);

/// What descriptor 2 of the first process referred to at its start, where that is not what 1 did; else 0.
ObjectId error_output(TraceFile& trace);

/// What a write or writev that succeeded wrote, as far as it was kept.
std::string written_bytes(TraceFile& trace, const Event& event);

}
