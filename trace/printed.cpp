// See printed.h.
#include "trace/printed.h"

#include "trace/decode/guest_data.h"
#include "trace/queries.h"
#include "trace/syscall_table.h"

#include <algorithm>

namespace ringside::trace {

namespace {

std::vector<ObjectId> first_outputs(TraceFile& trace)
{
    std::vector<ObjectId> outputs;
    Queries queries(trace);
    auto processes = queries.processes();
    if (processes.empty())
        return outputs;
    for (const OpenDescriptor& open : queries.descriptors_at(processes.front().id, std::max<EventId>(processes.front().started, 1)))
        if (open.number == 1 || open.number == 2)
            outputs.push_back(open.object.id);
    return outputs;
}

}

ObjectId error_output(TraceFile& trace)
{
    std::vector<ObjectId> outputs = first_outputs(trace);
    return outputs.size() == 2 && outputs[0] != outputs[1] ? outputs[1] : 0;
}

std::string written_bytes(TraceFile& trace, const Event& event)
{
    GuestData data(trace.data(event));
    auto length = static_cast<std::size_t>(event.ret);
    if (event.nr == nr_of("write"))
        return data.read(event.args[1], length, Direction::in);
    return data.read_vector(event.args[1], event.args[2], length, Direction::in);
}

std::string printed_output(TraceFile& trace, const HotColumns& columns, std::size_t limit, const std::atomic<bool>& cancel)
{
    std::string printed;
    std::vector<ObjectId> outputs = first_outputs(trace);
    if (outputs.empty())
        return printed;
    for (std::size_t row = 0; row < columns.size() && printed.size() < limit && !cancel; ++row) {
        bool writes = columns.kind[row] == static_cast<std::uint8_t>(EventKind::syscall)
            && (columns.nr[row] == nr_of("write") || columns.nr[row] == nr_of("writev")) && columns.ret[row] > 0;
        if (!writes)
            continue;
        auto event = trace.event(row + 1);
        if (event && event->ret > 0 && std::ranges::find(outputs, event->object) != outputs.end())
            printed += written_bytes(trace, *event);
    }
    printed.resize(std::min(printed.size(), limit));
    return printed;
}

}
