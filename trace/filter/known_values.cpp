// See known_values.h.
#include "trace/filter/known_values.h"

#include "trace/queries.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <numeric>

namespace ringside::trace {

namespace {

constexpr std::size_t most_paths = 5'000, most_processes = 2'000;

std::string times(std::uint64_t count)
{
    return fmt::format("{} {}", count, count == 1 ? "event" : "events");
}

/// The places of what is not 0, the largest count first, at most `most`.
std::vector<std::size_t> by_count(const std::vector<std::uint32_t>& counts, std::size_t most)
{
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < counts.size(); ++i)
        if (counts[i])
            places.push_back(i);
    auto more = [&](std::size_t a, std::size_t b) { return counts[a] != counts[b] ? counts[a] > counts[b] : a < b; };
    most = std::min(most, places.size());
    std::partial_sort(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(most), places.end(), more);
    places.resize(most);
    return places;
}

void add_processes(TraceFile& trace, KnownValues& known)
{
    auto nodes = Queries(trace).processes();
    if (nodes.size() > most_processes)
        nodes.resize(most_processes);
    for (const ProcessNode& node : nodes) {
        std::string id = std::to_string(node.id);
        known["pid"].push_back({id, node.name});
    }
    auto access = trace.access();
    Statement names = access.database.prepare("SELECT name, count(*) FROM comm GROUP BY name ORDER BY count(*) DESC, name LIMIT 1000");
    while (names.step()) {
        std::string name(names.text(0).substr(0, 64));
        known["comm"].push_back({name, {}});
        known["process"].push_back({name, {}});
    }
}

}

KnownValues known_values(TraceFile& trace, const HotColumns& columns, const std::atomic<bool>& cancel)
{
    KnownValues known;
    std::vector<std::uint32_t> calls(1024), errors(4096), paths;
    for (std::size_t row = 0; row < columns.size(); ++row) {
        if (row % 65'536 == 0 && cancel)
            return {};
        if (columns.is_call(row) && columns.nr[row] >= 0 && columns.nr[row] < 1024)
            ++calls[static_cast<std::size_t>(columns.nr[row])];
        if (int error = columns.error(row); error > 0 && error < 4096)
            ++errors[static_cast<std::size_t>(error)];
        std::uint32_t path = columns.path[row];
        if (path == 0 || path > columns.size()) // a trace has no more strings than rows that name them
            continue;
        if (path >= paths.size())
            paths.resize(path + 1 + path / 2);
        ++paths[path];
    }
    for (std::size_t nr : by_count(calls, calls.size()))
        if (const SyscallInfo* info = find_syscall(static_cast<int>(nr)))
            known["syscall"].push_back({std::string(info->name), times(calls[nr])});
    for (std::size_t error : by_count(errors, errors.size()))
        if (auto name = errno_name(static_cast<int>(error)); !name.empty())
            known["errno"].push_back({std::string(name), std::string(errno_text(static_cast<int>(error)))});
    for (std::size_t id : by_count(paths, most_paths)) {
        if (cancel)
            return {};
        if (std::string path = trace.string(static_cast<StringId>(id)); !path.empty() && path.size() < 1024)
            known["path"].push_back({std::move(path), times(paths[id])});
    }
    add_processes(trace, known);
    return known;
}

}
