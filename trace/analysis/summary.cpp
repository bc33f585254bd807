// See summary.h.
#include "trace/analysis/summary.h"

namespace ringside::trace::analysis {

Summary summary(const Input& input)
{
    Summary result;
    result.why = why(input);
    auto used = files(input);
    auto connections = network(input);
    result.touched = touched(input, used, connections);
    result.worth = worth_a_look(input, used, connections);
    input.each([&](std::size_t row) {
        ++result.events;
        result.problems += input.columns.is_problem(row);
        result.host_calls += input.columns.host_calls[row];
    });
    return result;
}

}
