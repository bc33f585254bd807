// What a person wrote on a trace: marks, time references, notes. They are kept in the trace itself, in its table `mark`.
#pragma once

#include "trace/trace_file.h"

#include <map>
#include <string>

namespace ringside::trace {

struct Mark {
    bool marked = false;
    bool time_reference = false; ///< times of the events after it may be counted from it
    std::string note;

    bool empty() const { return !marked && !time_reference && note.empty(); }
    bool operator==(const Mark&) const = default;
};

/// By event. Not more than 100,000, notes not longer than 16 KiB: a trace may be a stranger's.
using Marks = std::map<EventId, Mark>;
Marks read_marks(TraceFile& trace);

/// Replaces what the trace has. Not while it is being recorded: the recorder is the one that writes then. Throws Error with a
/// line for a person where the file or its folder cannot be written.
void write_marks(const std::string& path, const Marks& marks);

}
