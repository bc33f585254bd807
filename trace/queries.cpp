// See queries.h.
#include "trace/queries.h"

#include "trace/intake.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>

namespace ringside::trace {

namespace {

std::int64_t to_column(std::uint64_t value)
{
    return static_cast<std::int64_t>(value);
}

std::vector<std::string> split_arguments(std::span<const std::byte> bytes)
{
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::vector<std::string> arguments;
    while (!text.empty()) {
        std::size_t end = text.find('\0');
        arguments.emplace_back(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return arguments;
}

}

std::vector<ProcessNode> Queries::processes()
{
    std::vector<ProcessNode> nodes;
    std::map<ProcessId, std::size_t> index;
    auto ts_of = [&](EventId id) {
        auto event = trace_.event(id);
        return event ? event->ts : 0;
    };
    auto find = [&](std::int64_t id) -> ProcessNode* {
        auto at = index.find(static_cast<ProcessId>(id));
        return at == index.end() ? nullptr : &nodes[at->second];
    };
    std::uint64_t last_ts = ts_of(trace_.last_event());
    auto access = trace_.access();
    Statement rows = access.database.prepare("SELECT id, parent, uid, gid, started, ended, status FROM process ORDER BY id");
    while (rows.step()) {
        ProcessNode node;
        node.id = static_cast<ProcessId>(rows.integer(0));
        node.parent = static_cast<ProcessId>(rows.integer(1));
        node.uid = static_cast<std::uint32_t>(rows.integer(2));
        node.gid = static_cast<std::uint32_t>(rows.integer(3));
        node.started = rows.number(4);
        if (!rows.is_null(5))
            node.ended = rows.number(5);
        node.status = static_cast<int>(rows.integer(6));
        index[node.id] = nodes.size();
        nodes.push_back(std::move(node));
    }
    for (ProcessNode& node : nodes) {
        node.ts_started = ts_of(node.started);
        node.ts_ended = node.ended ? ts_of(*node.ended) : last_ts;
    }
    rows = access.database.prepare("SELECT process, id FROM thread ORDER BY id");
    while (rows.step())
        if (ProcessNode* node = find(rows.integer(0)))
            node->threads.push_back(static_cast<ThreadId>(rows.integer(1)));
    rows = access.database.prepare("SELECT thread, name FROM comm ORDER BY rowid"); // a process is called as its leader
    while (rows.step())
        if (ProcessNode* node = find(rows.integer(0)))
            node->name = rows.text(1).substr(0, 256);
    rows = access.database.prepare("SELECT process, path, argv FROM exec ORDER BY event");
    while (rows.step()) {
        if (ProcessNode* node = find(rows.integer(0))) {
            node->path = trace_.string(static_cast<StringId>(rows.integer(1)));
            node->argv = split_arguments(rows.blob(2));
        }
    }
    return nodes;
}

std::vector<OpenDescriptor> Queries::descriptors_at(ProcessId process, EventId event)
{
    std::vector<OpenDescriptor> open;
    auto access = trace_.access();
    Statement rows = access.database.prepare("SELECT number, object, opened FROM fd WHERE process = ?1 AND opened <= ?2 "
                                             "AND (closed IS NULL OR closed > ?2) ORDER BY number LIMIT 1000000");
    rows.bind(1, std::int64_t{process});
    rows.bind(2, to_column(event));
    while (rows.step())
        open.push_back({static_cast<int>(rows.integer(0)), trace_.object(rows.number(1)), rows.number(2)});
    return open;
}

std::vector<MappingInfo> Queries::mappings_at(ProcessId process, EventId event)
{
    std::vector<MappingInfo> mappings;
    auto access = trace_.access();
    Statement rows = access.database.prepare("SELECT start, \"end\", offset, prot, flags, object, \"from\" FROM mapping WHERE process = ?1 "
                                             "AND \"from\" <= ?2 AND (\"to\" IS NULL OR \"to\" > ?2) ORDER BY start LIMIT 1000000");
    rows.bind(1, std::int64_t{process});
    rows.bind(2, to_column(event));
    while (rows.step())
        mappings.push_back({rows.number(0), rows.number(1), rows.number(2), static_cast<int>(rows.integer(3)),
            static_cast<int>(rows.integer(4)), trace_.object(rows.number(5)), rows.number(6)});
    return mappings;
}

std::vector<HostCallCount> Queries::host_calls()
{
    std::vector<HostCallCount> counts;
    auto access = trace_.access();
    Statement rows = access.database.prepare(
        "SELECT h.nr, coalesce(e.kind, 0) AS kind, CASE WHEN e.kind IN (1, 2) THEN e.nr ELSE 0 END AS cause, sum(h.count), sum(h.ns), count(*) "
        "FROM host_call h LEFT JOIN event e ON e.id = h.event GROUP BY h.nr, min(kind, 12), cause ORDER BY sum(h.count) DESC");
    while (rows.step())
        counts.push_back({static_cast<int>(rows.integer(0)), static_cast<int>(rows.integer(1)), static_cast<int>(rows.integer(2)),
            rows.number(3), rows.number(4), rows.number(5)});
    return counts;
}

std::vector<HostCall> Queries::host_calls_of(EventId event)
{
    std::vector<HostCall> calls;
    if (event >> (62 - RowIds::bits) != 0)
        return calls;
    auto access = trace_.access();
    Statement rows = access.database.prepare("SELECT nr, count, ns FROM host_call WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
    rows.bind(1, to_column(RowIds::first(event)));
    rows.bind(2, to_column(RowIds::first(event + 1) - 1));
    while (rows.step())
        calls.push_back({static_cast<int>(rows.integer(0)), rows.number(1), rows.number(2)});
    return calls;
}

std::vector<CallStatistics> call_statistics(const HotColumns& columns, const std::vector<std::uint32_t>* rows)
{
    // Durations are binned by their leading bits: a quantile is right within 6 %, and no list of all is kept or sorted.
    struct Sum {
        CallStatistics statistics;
        std::array<std::uint32_t, 512> bins{};
    };
    auto bin_of = [](std::uint32_t ns) -> std::size_t {
        if (ns < 16)
            return ns;
        unsigned top = 31u - static_cast<unsigned>(std::countl_zero(ns));
        return top * 16 + ((ns >> (top - 4)) & 15);
    };
    auto middle_of = [](std::size_t bin) -> std::uint64_t {
        if (bin < 16)
            return bin;
        std::size_t top = bin / 16;
        return (std::uint64_t{16} + bin % 16) << (top - 4) | (top > 4 ? std::uint64_t{1} << (top - 5) : 0);
    };
    std::vector<std::unique_ptr<Sum>> by_nr(1024);
    auto add = [&](std::size_t row) {
        int nr = columns.nr[row];
        if (columns.kind[row] != static_cast<std::uint8_t>(EventKind::syscall) || nr < 0 || nr >= 1024)
            return;
        auto& sum = by_nr[static_cast<std::size_t>(nr)];
        if (!sum)
            sum = std::make_unique<Sum>();
        CallStatistics& statistics = sum->statistics;
        ++statistics.count;
        statistics.errors += (columns.state[row] & hot_state::failed) != 0;
        statistics.host_calls += columns.host_calls[row];
        statistics.total_ns += columns.dur[row];
        statistics.max_ns = std::max<std::uint64_t>(statistics.max_ns, columns.dur[row]);
        ++sum->bins[bin_of(columns.dur[row])];
    };
    if (rows) {
        for (std::uint32_t row : *rows)
            if (row < columns.size())
                add(row);
    } else {
        for (std::size_t row = 0; row < columns.size(); ++row)
            add(row);
    }
    std::vector<CallStatistics> result;
    for (std::size_t nr = 0; nr < by_nr.size(); ++nr) {
        if (!by_nr[nr])
            continue;
        const Sum& sum = *by_nr[nr];
        CallStatistics statistics = sum.statistics;
        statistics.nr = static_cast<std::int16_t>(nr);
        auto quantile = [&](std::uint64_t rank) {
            std::uint64_t seen = 0;
            for (std::size_t bin = 0; bin < sum.bins.size(); ++bin)
                if ((seen += sum.bins[bin]) > rank)
                    return std::min(middle_of(bin), statistics.max_ns);
            return statistics.max_ns;
        };
        statistics.median_ns = quantile(statistics.count / 2);
        statistics.p99_ns = quantile(statistics.count * 99 / 100);
        result.push_back(statistics);
    }
    std::ranges::sort(result, std::ranges::greater(), &CallStatistics::count);
    return result;
}

}
