// Counts and times: by call, by process, and as a flame of process, child and call.
#pragma once

#include "trace/analysis/input.h"

#include <map>
#include <string>
#include <vector>

namespace ringside::trace::analysis {

struct CallLine {
    std::string name;
    CallStatistics sum;
    std::uint64_t waiting_ns = 0;             ///< of the total, in calls that had to wait
    std::map<int, std::uint64_t> errors;      ///< by errno
};

struct ProcessLine {
    ProcessId process = 0;
    std::string name;                         ///< "python3 14"
    std::uint64_t events = 0, calls = 0, problems = 0, total_ns = 0, waiting_ns = 0, host_calls = 0;
};

struct Statistics {
    std::vector<CallLine> calls;              ///< the most frequent first
    std::vector<ProcessLine> processes;       ///< by id
    std::uint64_t events = 0, system_calls = 0, problems = 0, host_calls = 0;
};

/// Passes over the hot columns alone.
Statistics statistics(const Input& input, const Processes& processes);

/// A frame of the flame: its width is time in the kernel without waiting, or with it.
struct Frame {
    std::string name;
    std::string filter;        ///< what it stands for, in the filter language
    std::uint64_t ns = 0;
    std::uint64_t count = 0;
    std::vector<Frame> children;
};
Frame flame(const Input& input, const Processes& processes, bool with_waiting);

}
