// Writes events as text: strace's format, JSON Lines, CSV. `show` and `export` of the command line and the window use these.
#pragma once

#include "trace/decode/decoder.h"
#include "trace/filter/filter.h"

#include <cstdint>
#include <functional>
#include <string_view>

namespace ringside::trace {

enum class ExportFormat : std::uint8_t { strace, jsonl, csv, perfetto, pcapng, html };

/// "strace", "jsonl", "csv", "perfetto", "pcapng", "html".
std::optional<ExportFormat> export_format(std::string_view name);

struct ExportOptions {
    ExportFormat format = ExportFormat::strace;
    DecodeOptions decode;
    bool pids = true;             ///< strace: "PID  " before each line, as `strace -f -o`
    bool timestamps = false;      ///< strace: -ttt
    std::uint64_t started_ns = 0; ///< the recording's start since 1970, for -ttt and the fields "time"
    bool whole_lines = false;     ///< strace: one line for each event that was asked for, also where it waited; no line is left out
    const std::vector<std::uint32_t>* rows = nullptr; ///< these alone (row i is event i + 1, rising), whatever the filter says
    EventId first = 1;
    EventId last = 0; ///< 0: to the end
};

/// Takes a piece of output, false: it cannot be written (the export ends).
using ExportSink = std::function<bool(std::string_view)>;
/// Called now and then with the last event seen; false: stop.
using ExportProgress = std::function<bool(EventId)>;

/// Writes every matching event, one line each. Returns how many lines were written, or nullopt when the sink failed or
/// progress said stop. Memory stays bounded.
std::optional<std::uint64_t> export_events(EventSource& source, const Filter& filter, const ExportOptions& options,
                                           const ExportSink& sink, const ExportProgress& progress = {});

}
