// The views as text for a terminal. Nothing in a trace is trusted: control characters are shown as escapes.
#pragma once

#include "trace/analysis/host.h"
#include "trace/analysis/statistics.h"
#include "trace/analysis/summary.h"
#include "trace/analysis/timeline.h"

#include <string>

namespace ringside::trace::analysis {

std::string text_of(const Summary& summary);
std::string text_of(const Statistics& statistics);
std::string text_of(const std::vector<FileUse>& files, const Processes& processes);
std::string text_of(const std::vector<Connection>& connections, const Processes& processes);
std::string text_of(const HostLedger& ledger);
/// The tree of processes; `statistics` has their counts.
std::string tree_text(const Processes& processes, const Statistics& statistics);
/// A line a thread, `width` characters of time: · idle, ▏▎…█ busy by number of calls, ░ waiting, ✕ a problem.
std::string timeline_text(const HotColumns& columns, const Processes& processes, int width);

/// "1.9 µs", "412 µs", "3.2 ms", "12.04 s".
std::string duration_text(std::uint64_t ns);
/// "212 bytes", "8.4 KiB".
std::string size_text(std::uint64_t bytes);
/// Printable: control characters become \xNN.
std::string printable(std::string_view text);
/// "read, written, created"
std::string uses_text(const FileUse& file);

}
