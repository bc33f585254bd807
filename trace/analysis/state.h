// What a process had when an event happened, as far as its calls tell: descriptors, memory map, directory, credentials, signals.
#pragma once

#include "trace/hot_columns.h"
#include "trace/queries.h"

#include <map>
#include <string>
#include <vector>

namespace ringside::trace::analysis {

/// Something that holds since an event; 0: since the process began.
struct Since {
    std::string text;
    EventId event = 0;
};

struct ProcessState {
    ProcessId process = 0;
    Since program;    ///< the file that was executed last
    Since directory;  ///< empty: the trace does not tell
    Since mask;       ///< umask; empty: no call told it
    std::vector<Since> credentials; ///< what it began with, then the calls that changed it
    std::map<int, Since> signals;   ///< actions other than the default, by signal
    Since blocked;    ///< the thread's last rt_sigprocmask
    std::vector<OpenDescriptor> descriptors;
    std::vector<MappingInfo> mappings;
};

/// Answers for any event; looks at each row of the columns once, in all.
class StateQueries {
public:
    explicit StateQueries(TraceFile& trace)
        : trace_(trace)
    {
    }
    /// Rows that have come since the last time are looked at: call it with the columns locked.
    void update(const HotColumns& columns);
    /// Just after `event`, of the process that it is of. Some keyed look-ups, and one for each call that set something. Throws Error.
    ProcessState at(const Event& event);

private:
    struct Setting {
        EventId event;
        ThreadId thread;
        std::int16_t nr;
    };
    using Actions = std::map<int, Since>;

    const ProcessNode* node(ProcessId process) const;
    std::vector<Event> settings(ProcessId process, EventId from, EventId to, std::span<const int> numbers);
    EventId last_exec(ProcessId process, EventId event, std::string* path = nullptr);
    Since directory(ProcessId process, EventId event, int depth);
    Since mask(ProcessId process, EventId event, int depth);
    Actions actions(ProcessId process, EventId event, int depth);

    TraceFile& trace_;
    std::vector<Setting> settings_; ///< of all processes, rising
    std::size_t seen_ = 0;
    std::vector<ProcessNode> nodes_;
    std::size_t nodes_at_ = 0;
};

}
