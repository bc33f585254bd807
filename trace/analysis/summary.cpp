// See summary.h.
#include "trace/analysis/summary.h"

namespace ringside::trace::analysis {

Summary summary(const Input& input, const Processes& processes)
{
    return summary(input, processes, files(input, processes), network(input, processes));
}

Summary summary(const Input& input, const Processes& processes, const std::vector<FileUse>& files, const std::vector<Connection>& connections)
{
    Summary result;
    result.why = why(input, processes);
    result.touched = touched(input, files, connections);
    result.worth = worth_a_look(input, files, connections);
    input.each([&](std::size_t row) {
        ++result.events;
        result.problems += input.columns.is_problem(row);
        result.host_calls += input.columns.host_calls[row];
    });
    return result;
}

}
