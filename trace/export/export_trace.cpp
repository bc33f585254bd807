// See export_trace.h.
#include "trace/export/export_trace.h"

#include <ctime>

namespace ringside::trace {

std::uint64_t started_ns(TraceFile& file)
{
    std::tm parts {};
    std::string start = file.meta("start");
    const char* end = strptime(start.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    return end ? static_cast<std::uint64_t>(timegm(&parts)) * 1'000'000'000 : 0;
}

std::optional<std::uint64_t> export_trace(const analysis::Input& input, ExportOptions options, const ExportSink& sink, const ExportProgress& progress)
{
    if (options.started_ns == 0)
        options.started_ns = started_ns(input.trace);
    if (options.format == ExportFormat::pcapng)
        return export_packets(input, options, sink, progress);
    if (options.format == ExportFormat::html)
        return export_report(input, options, sink);
    options.rows = input.rows;
    return export_events(input.trace, Filter(), options, sink, progress);
}

}
