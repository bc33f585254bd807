// See statistics.h.
#include "trace/analysis/statistics.h"

#include "trace/syscall_table.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::trace::analysis {

namespace {

constexpr std::size_t numbers = 1024;

/// Sums by thread are few; by process they are added up at the end.
struct Sums {
    std::uint64_t events = 0, calls = 0, problems = 0, total_ns = 0, waiting_ns = 0, host_calls = 0;
};

/// What belongs to each thread, found quickly row after row.
template <class Value>
class Threads {
public:
    Value& operator[](ThreadId thread)
    {
        if (thread != last_id_ || !last_) { // the same thread mostly goes on
            last_ = &values_[thread];
            last_id_ = thread;
        }
        return *last_;
    }
    const std::unordered_map<ThreadId, Value>& all() const { return values_; }

private:
    std::unordered_map<ThreadId, Value> values_;
    ThreadId last_id_ = 0;
    Value* last_ = nullptr;
};

}

Statistics statistics(const Input& input, const Processes& processes)
{
    const HotColumns& columns = input.columns;
    Statistics result;
    std::array<std::uint64_t, numbers> waiting {};
    std::vector<std::array<std::uint32_t, 160>> errors(numbers);
    Threads<Sums> threads;
    input.each([&](std::size_t row) {
        Sums& sums = threads[columns.thread[row]];
        ++sums.events;
        sums.host_calls += columns.host_calls[row];
        sums.problems += columns.is_problem(row);
        if (!columns.is_call(row))
            return;
        ++sums.calls;
        sums.total_ns += columns.dur[row];
        auto nr = static_cast<std::size_t>(static_cast<std::uint16_t>(columns.nr[row]));
        if (nr >= numbers)
            return;
        if (columns.blocked(row)) {
            waiting[nr] += columns.dur[row];
            sums.waiting_ns += columns.dur[row];
        }
        if (int error = columns.error(row); error > 0 && error < 160)
            ++errors[nr][static_cast<std::size_t>(error)];
    });
    for (const CallStatistics& sum : call_statistics(columns, input.rows)) {
        auto nr = static_cast<std::size_t>(sum.nr);
        CallLine line {call_name(sum.nr), sum, waiting[nr], {}};
        for (std::size_t error = 1; error < errors[nr].size(); ++error)
            if (errors[nr][error] != 0)
                line.errors[static_cast<int>(error)] = errors[nr][error];
        result.calls.push_back(std::move(line));
    }
    std::map<ProcessId, ProcessLine> lines;
    for (const auto& [thread, sums] : threads.all()) {
        ProcessLine& line = lines[processes.of(thread)];
        line.events += sums.events;
        line.calls += sums.calls;
        line.problems += sums.problems;
        line.total_ns += sums.total_ns;
        line.waiting_ns += sums.waiting_ns;
        line.host_calls += sums.host_calls;
    }
    for (auto& [id, line] : lines) {
        line.process = id;
        line.name = processes.label(id);
        result.events += line.events;
        result.system_calls += line.calls;
        result.problems += line.problems;
        result.host_calls += line.host_calls;
        result.processes.push_back(std::move(line));
    }
    return result;
}

Frame flame(const Input& input, const Processes& processes, bool with_waiting)
{
    const HotColumns& columns = input.columns;
    struct Cell {
        std::uint64_t ns = 0, count = 0;
    };
    Threads<std::vector<Cell>> threads;
    input.each([&](std::size_t row) {
        auto nr = static_cast<std::size_t>(static_cast<std::uint16_t>(columns.nr[row]));
        if (!columns.is_call(row) || nr >= numbers)
            return;
        std::vector<Cell>& cells = threads[columns.thread[row]];
        if (cells.empty())
            cells.resize(numbers);
        Cell& cell = cells[nr];
        ++cell.count;
        if (with_waiting || !columns.blocked(row))
            cell.ns += columns.dur[row];
    });
    std::map<ProcessId, std::vector<Cell>> by_process;
    for (const auto& [thread, cells] : threads.all()) {
        auto& sum = by_process[processes.of(thread)];
        sum.resize(numbers);
        for (std::size_t nr = 0; nr < numbers; ++nr) {
            sum[nr].ns += cells[nr].ns;
            sum[nr].count += cells[nr].count;
        }
    }
    // Children have higher ids than their parents: built from the back, each is whole when it is hung on its parent.
    std::map<ProcessId, Frame> frames;
    Frame root {.name = "all", .filter = {}, .children = {}};
    for (auto at = processes.all().rbegin(); at != processes.all().rend(); ++at) {
        Frame frame = std::move(frames[at->id]);
        frame.name = processes.label(at->id);
        frame.filter = fmt::format("pid == {}", at->id);
        if (auto cells = by_process.find(at->id); cells != by_process.end())
            for (std::size_t nr = 0; nr < numbers; ++nr)
                if (const Cell& cell = cells->second[nr]; cell.count != 0)
                    frame.children.push_back({call_name(static_cast<int>(nr)), fmt::format("pid == {} && syscall == {}", at->id, call_name(static_cast<int>(nr))), cell.ns, cell.count, {}});
        std::ranges::sort(frame.children, std::ranges::greater(), &Frame::ns);
        for (const Frame& child : frame.children) {
            frame.ns += child.ns;
            frame.count += child.count;
        }
        Frame& parent = processes.find(at->parent) && at->parent < at->id ? frames[at->parent] : root;
        parent.children.push_back(std::move(frame));
    }
    std::ranges::sort(root.children, std::ranges::greater(), &Frame::ns);
    for (const Frame& child : root.children) {
        root.ns += child.ns;
        root.count += child.count;
    }
    return root;
}

}
