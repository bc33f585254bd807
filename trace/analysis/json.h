// The views as JSON, for `--json`. Texts that are no UTF-8 are mended, so that every JSON reader takes them.
#pragma once

#include "trace/analysis/host.h"
#include "trace/analysis/statistics.h"
#include "trace/analysis/summary.h"
#include "trace/analysis/timeline.h"

#include <nlohmann/json.hpp>

namespace ringside::trace::analysis {

nlohmann::json json_of(const Summary& summary);
nlohmann::json json_of(const Statistics& statistics);
nlohmann::json json_of(const std::vector<FileUse>& files);
nlohmann::json json_of(const std::vector<Connection>& connections);
nlohmann::json json_of(const HostLedger& ledger);
nlohmann::json tree_json(const Processes& processes, const Statistics& statistics);
/// Lanes with their bars, as the window paints them at this width.
nlohmann::json timeline_json(const HotColumns& columns, const Processes& processes, int pixels);
/// As text, indented.
std::string dumped(const nlohmann::json& json);

}
