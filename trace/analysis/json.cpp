// See json.h.
#include "trace/analysis/json.h"

#include "trace/analysis/text.h"
#include "trace/syscall_table.h"

namespace ringside::trace::analysis {

using nlohmann::json;

namespace {

json json_of(const Step& step)
{
    json result {{"event", step.event}, {"call", step.call}, {"target", step.target}};
    if (step.error)
        result["errno"] = errno_name(step.error);
    return result;
}

json json_of(const std::vector<Step>& steps)
{
    json list = json::array();
    for (const Step& step : steps)
        list.push_back(json_of(step));
    return list;
}

json json_of(const Why& why)
{
    constexpr std::string_view kinds[] = {"running", "succeeded", "call", "signal", "killed", "unclear", "unknown"};
    json result {{"kind", kinds[static_cast<int>(why.kind)]}, {"program", why.program}, {"name", why.name}, {"status", why.status}, {"tried", json_of(why.tried)}, {"last", json_of(why.last)},
        {"phrase", cause_phrase(why)}};
    if (why.cause.event) {
        result["cause"] = json_of(why.cause);
        result["process"] = why.failed;
        result["process_name"] = why.failed_name;
        result["score"] = why.score;
    }
    if (!why.said.empty())
        result["said"] = {{"event", why.said_event}, {"text", why.said}};
    result["sandbox"] = json::array();
    for (const SandboxFailure& failure : why.sandbox)
        result["sandbox"].push_back({{"event", failure.event}, {"count", failure.count}, {"call", failure.call}, {"target", failure.target}, {"process", failure.process},
            {"reason", reason_text(failure.reason)}, {"option", failure.option}});
    return result;
}

json json_of(const Touched& touched)
{
    return {{"read", touched.files.read}, {"libraries", touched.files.libraries}, {"written", touched.files.written}, {"written_paths", touched.written}, {"created", touched.files.created},
        {"removed", touched.files.removed}, {"tried", touched.files.tried}, {"programs_run", touched.programs_run}, {"programs", touched.programs}, {"connected", touched.connected},
        {"listening", touched.listening}, {"refused", touched.refused}, {"sockets", touched.sockets}};
}

}

std::string dumped(const json& value)
{
    return value.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

json json_of(const Summary& summary)
{
    json worth = json::array();
    for (const Notice& notice : summary.worth)
        worth.push_back({{"rule", notice.rule}, {"title", notice.title}, {"count", notice.count}, {"details", notice.details}, {"events", notice.events}});
    return {{"why", json_of(summary.why)}, {"touched", json_of(summary.touched)}, {"worth_a_look", worth}, {"events", summary.events}, {"problems", summary.problems}, {"host_calls", summary.host_calls}};
}

json json_of(const Statistics& statistics)
{
    json calls = json::array(), processes = json::array();
    for (const CallLine& call : statistics.calls) {
        json errors = json::object();
        for (auto [error, count] : call.errors)
            errors[std::string(errno_name(error))] = count;
        calls.push_back({{"call", call.name}, {"count", call.sum.count}, {"errors", call.sum.errors}, {"errors_by_name", errors}, {"total_ns", call.sum.total_ns}, {"median_ns", call.sum.median_ns},
            {"p99_ns", call.sum.p99_ns}, {"max_ns", call.sum.max_ns}, {"waiting_ns", call.waiting_ns}, {"host_calls", call.sum.host_calls}});
    }
    for (const ProcessLine& line : statistics.processes)
        processes.push_back({{"process", line.process}, {"name", line.name}, {"events", line.events}, {"calls", line.calls}, {"problems", line.problems}, {"total_ns", line.total_ns},
            {"waiting_ns", line.waiting_ns}, {"host_calls", line.host_calls}});
    return {{"events", statistics.events}, {"calls", statistics.system_calls}, {"problems", statistics.problems}, {"host_calls", statistics.host_calls}, {"by_call", calls}, {"by_process", processes}};
}

json json_of(const std::vector<FileUse>& files)
{
    json list = json::array();
    for (const FileUse& file : files) {
        json entry {{"path", file.path}, {"what", uses_text(file)}, {"read_bytes", file.read_bytes}, {"written_bytes", file.written_bytes}, {"opens", file.opens}, {"failures", file.failures},
            {"first", file.first}, {"last", file.last}, {"by", file.by}};
        if (file.error)
            entry["errno"] = errno_name(file.error);
        list.push_back(std::move(entry));
    }
    FileCounts counts = count(files);
    return {{"files", list}, {"read", counts.read}, {"libraries", counts.libraries}, {"written", counts.written}, {"created", counts.created}, {"removed", counts.removed}, {"tried", counts.tried}};
}

json json_of(const std::vector<Connection>& connections)
{
    json list = json::array();
    for (const Connection& c : connections) {
        json entry {{"protocol", c.protocol}, {"local", c.local}, {"peer", c.peer}, {"outside", c.outside}, {"state", state_name(c.state)}, {"sent", c.sent}, {"received", c.received},
            {"sends", c.sends}, {"receives", c.receives}, {"first", c.first}, {"last", c.last}, {"process", c.process}};
        if (c.error)
            entry["errno"] = errno_name(c.error);
        list.push_back(std::move(entry));
    }
    return {{"sockets", list}};
}

json json_of(const HostLedger& ledger)
{
    json lines = json::array();
    for (const HostLine& line : ledger.lines)
        lines.push_back({{"host_call", line.call}, {"cause", line.cause}, {"count", line.count}, {"ns", line.ns}, {"events", line.start_up ? 0 : line.events}});
    return {{"lines", lines}, {"host_calls", ledger.caused}, {"start_up", ledger.start_up}, {"events", ledger.events}, {"reaching", ledger.reaching}, {"calls", ledger.system_calls},
        {"runc_allows", ledger.runc_allows}, {"sentence", comparison(ledger)}};
}

json tree_json(const Processes& processes, const Statistics& statistics)
{
    json list = json::array();
    for (const ProcessNode& node : processes.all()) {
        json entry {{"process", node.id}, {"parent", node.parent}, {"name", node.name}, {"path", node.path}, {"argv", node.argv}, {"threads", node.threads}, {"begin_ns", node.ts_started},
            {"end_ns", node.ts_ended}, {"ended", node.ended ? json(ending(node.status)) : json()}};
        for (const ProcessLine& line : statistics.processes)
            if (line.process == node.id)
                entry.update({{"events", line.events}, {"problems", line.problems}});
        list.push_back(std::move(entry));
    }
    return {{"processes", list}};
}

json timeline_json(const HotColumns& columns, const Processes& processes, int pixels)
{
    TimelineIndex index;
    index.update(columns);
    TimeRange range = whole_range(columns);
    json lanes = json::array();
    for (const TimelineIndex::Lane& lane : index.lanes()) {
        json list = json::array();
        for (const Bar& bar : bars(columns, lane, range, pixels)) {
            const SyscallInfo* info = find_syscall(columns.nr[bar.row]);
            list.push_back({{"begin_ns", bar.begin}, {"end_ns", bar.end}, {"event", bar.row + 1}, {"calls", bar.count}, {"call", info ? info->name : "?"}, {"waited", bar.waited}, {"problem", bar.problem}});
        }
        lanes.push_back({{"thread", lane.thread}, {"process", processes.label(processes.of(lane.thread))}, {"bars", list}});
    }
    return {{"begin_ns", range.begin}, {"end_ns", range.end}, {"lanes", lanes}};
}

}
