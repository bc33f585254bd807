// What every analysis looks at: a trace, its hot columns, and the rows that are asked about. The window, the command line and the
// report all come this way, so their numbers agree.
#pragma once

#include "trace/hot_columns.h"
#include "trace/queries.h"
#include "trace/trace_file.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace ringside::trace::analysis {

struct Input {
    TraceFile& trace;
    const HotColumns& columns;
    const std::vector<std::uint32_t>* rows = nullptr; ///< row i is event i + 1; null: all
    const std::atomic<bool>* cancel = nullptr;

    /// The same of the whole trace, whatever the filter leaves.
    Input whole() const { return {trace, columns, nullptr, cancel}; }
    /// Whether the event is among the rows that are asked about: O(log rows).
    bool has(EventId event) const { return !rows || std::ranges::binary_search(*rows, static_cast<std::uint32_t>(event - 1)); }
    bool cancelled() const { return cancel && cancel->load(std::memory_order_relaxed); }

    /// Calls `function` with each row in rising order. False: it was cancelled.
    template <typename Function>
    bool each(Function&& function) const
    {
        std::size_t count = rows ? rows->size() : columns.size();
        for (std::size_t i = 0; i < count; ++i) {
            if (i % 65'536 == 0 && cancelled())
                return false;
            std::size_t row = rows ? (*rows)[i] : i;
            if (row < columns.size())
                function(row);
        }
        return true;
    }
};

/// The processes of a trace, by id and by thread.
class Processes {
public:
    explicit Processes(TraceFile& trace);

    const std::vector<ProcessNode>& all() const { return nodes_; }
    const ProcessNode* find(ProcessId id) const;
    /// 0 where the thread is not known.
    ProcessId of(ThreadId thread) const;
    /// "python3 14".
    std::string label(ProcessId id) const;
    /// The same; "python3 14/15" for a thread that is not its process' first.
    std::string thread_label(ThreadId thread) const;

private:
    std::vector<ProcessNode> nodes_;
    std::unordered_map<ProcessId, std::size_t> index_;
    std::unordered_map<ThreadId, ProcessId> threads_;
};

/// "openat"; "syscall_999" where there is no such call.
std::string call_name(int nr);
/// How a process ended, from a status as wait4(2) gives it: "exit 1", "SIGSEGV".
std::string ending(int status);
/// "exited with 1", "was ended by SIGSEGV".
std::string ending_sentence(int status);

}
