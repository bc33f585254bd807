// Every format of export, of a trace with its columns: the window and the command line both come here.
#pragma once

#include "trace/analysis/input.h"
#include "trace/export/export.h"

namespace ringside::trace {

/// Writes the input's rows. For html the rows are ignored: a report is of the whole run. Returns the number of lines (packets for
/// pcapng), nullopt where the sink failed or progress said stop. `options.first`, `last` and `rows` are set here.
std::optional<std::uint64_t> export_trace(const analysis::Input& input, ExportOptions options, const ExportSink& sink, const ExportProgress& progress = {});

/// The sockets' bytes as packets that Wireshark reads, with headers made up from what the calls named. See pcapng.cpp.
std::optional<std::uint64_t> export_packets(const analysis::Input& input, const ExportOptions& options, const ExportSink& sink, const ExportProgress& progress);
/// One HTML page that needs nothing else.
std::optional<std::uint64_t> export_report(const analysis::Input& input, const ExportOptions& options, const ExportSink& sink);

/// meta's "start" ("2026-11-23T17:59:00Z") as nanoseconds since 1970; 0 where it is none.
std::uint64_t started_ns(TraceFile& file);

}
