// Questions to a trace that need more than one row: who lived when, what was open, what was mapped, what was called how often.
#pragma once

#include "trace/hot_columns.h"
#include "trace/trace_file.h"

#include <optional>
#include <string>
#include <vector>

namespace ringside::trace {

struct ProcessNode {
    ProcessId id = 0;
    ProcessId parent = 0;
    std::uint32_t uid = 0, gid = 0;
    EventId started = 0;
    std::optional<EventId> ended;
    int status = 0;          ///< as wait4(2), where it has ended
    std::uint64_t ts_started = 0, ts_ended = 0; ///< ns; where it has not ended: of the last event
    std::string name;        ///< its last comm
    std::string path;        ///< of its last exec
    std::vector<std::string> argv;
    std::vector<ThreadId> threads;
};

struct CallStatistics {
    std::int16_t nr = 0;
    std::uint64_t count = 0, errors = 0;
    std::uint64_t total_ns = 0, max_ns = 0, median_ns = 0, p99_ns = 0;
    std::uint64_t host_calls = 0;
};

struct OpenDescriptor {
    int number = 0;
    ObjectInfo object;
    EventId opened = 0;
};

struct MappingInfo {
    std::uint64_t start = 0, end = 0, offset = 0;
    int prot = 0, flags = 0;
    ObjectInfo object; ///< id 0: anonymous
    EventId from = 0;
};

struct HostCallCount {
    int nr = 0;        ///< of the host
    int cause_kind = 0; ///< EventKind of what caused it; 0: nothing of the program (start-up)
    int cause_nr = 0;  ///< the system call, where cause_kind is syscall
    std::uint64_t count = 0, ns = 0, events = 0;
};

struct HostCall {
    int nr = 0;
    std::uint64_t count = 0, ns = 0;
};

class Queries {
public:
    explicit Queries(TraceFile& trace)
        : trace_(trace)
    {
    }

    /// All processes by id. Reads tables process, thread, comm and exec whole: O(processes + threads).
    std::vector<ProcessNode> processes();
    /// The descriptors that `process` had open just after `event`, by number. O(log n + the process's descriptors) with the index.
    std::vector<OpenDescriptor> descriptors_at(ProcessId process, EventId event);
    /// The address space of `process` just after `event`, by address. As descriptors_at.
    std::vector<MappingInfo> mappings_at(ProcessId process, EventId event);
    /// What the Sentry asked of the host, by call and by what caused it. One scan of host_call with a look-up a row.
    std::vector<HostCallCount> host_calls();
    /// What it asked for this event. One keyed look-up.
    std::vector<HostCall> host_calls_of(EventId event);
    /// Up to `length` bytes of the program at `address`, as the pages were when they were recorded before or at `event`: by this
    /// process or by one that it was forked from. Empty where nothing was recorded. One scan of table `data`.
    std::vector<std::byte> code_at(ProcessId process, std::uint64_t address, std::size_t length, EventId event);

private:
    TraceFile& trace_;
};

/// Statistics by call over the rows given (row i is event i + 1), or all when `rows` is null. One pass over the hot columns.
std::vector<CallStatistics> call_statistics(const HotColumns& columns, const std::vector<std::uint32_t>* rows = nullptr);

}
