// Processes and time as pictures of characters. See text.h.
#include "trace/analysis/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::trace::analysis {

namespace {

void add_node(std::string& out, const Processes& processes, const std::unordered_map<ProcessId, const ProcessLine*>& lines, const ProcessNode& node, const std::string& indent, bool last, bool root, int depth)
{
    std::string state = node.ended ? (node.status == 0 ? "" : "✕ ") + ending(node.status) : "running";
    std::string command;
    for (const std::string& argument : node.argv)
        command += (command.empty() ? "" : " ") + argument;
    auto sums = lines.find(node.id);
    out += fmt::format("{}{}{}  {}  {} events  {}  {}\n", indent, root ? "" : last ? "└ " : "├ ", printable(processes.label(node.id)), state, sums == lines.end() ? 0 : sums->second->events,
        duration_text(node.ts_ended - std::min(node.ts_started, node.ts_ended)), printable(command.substr(0, 120)));
    if (depth > 60)
        return;
    std::vector<const ProcessNode*> children;
    for (const ProcessNode& other : processes.all())
        if (other.parent == node.id && other.id != node.id)
            children.push_back(&other);
    for (const ProcessNode* child : children)
        add_node(out, processes, lines, *child, indent + (root ? "" : last ? "  " : "│ "), child == children.back(), false, depth + 1);
}

std::string lane_text(const HotColumns& columns, const TimelineIndex::Lane& lane, TimeRange range, int width)
{
    struct Cell {
        std::uint32_t calls = 0;
        bool waits = false, problem = false;
    };
    std::vector<Cell> cells(static_cast<std::size_t>(width));
    auto cell_at = [&](std::uint64_t ts) {
        auto at = static_cast<std::size_t>(static_cast<double>(ts - range.begin) / static_cast<double>(range.length()) * width);
        return std::min(at, cells.size() - 1);
    };
    std::uint32_t most = 1;
    for (const Bar& bar : bars(columns, lane, range, width * 8)) {
        Cell& cell = cells[cell_at(bar.begin)];
        most = std::max(most, cell.calls += bar.count);
        cell.problem = cell.problem || bar.problem;
        if (bar.waited)
            for (std::size_t at = cell_at(bar.begin); at <= cell_at(std::min(bar.end, range.end)); ++at)
                cells[at].waits = true;
    }
    constexpr std::string_view levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    std::string text;
    for (const Cell& cell : cells) {
        if (cell.problem)
            text += "✕";
        else if (cell.calls)
            text += levels[std::min<std::size_t>(7, std::size_t {cell.calls} * 8 / (most + 1))];
        else
            text += cell.waits ? "░" : "·";
    }
    return text;
}

}

std::string tree_text(const Processes& processes, const Statistics& statistics)
{
    std::unordered_map<ProcessId, const ProcessLine*> lines;
    for (const ProcessLine& line : statistics.processes)
        lines[line.process] = &line;
    std::string out;
    for (const ProcessNode& node : processes.all())
        if (!processes.find(node.parent) || node.parent == node.id)
            add_node(out, processes, lines, node, "", true, true, 0);
    return out;
}

std::string timeline_text(const HotColumns& columns, const Processes& processes, int width)
{
    TimelineIndex index;
    index.update(columns);
    TimeRange range = whole_range(columns);
    std::string out = fmt::format("{:<22} 0{:>{}}\n", "", duration_text(range.length()), width - 1);
    if (range.length() == 0)
        return out;
    for (const TimelineIndex::Lane& lane : index.lanes()) {
        out += fmt::format("{:<22} {}\n", printable(processes.thread_label(lane.thread).substr(0, 22)), lane_text(columns, lane, range, width));
    }
    return out + "\n█ calls   ░ waiting   ✕ a problem   · nothing asked\n";
}

}
