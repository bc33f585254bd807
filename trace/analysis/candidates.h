// The failed calls of one process before its end, and how well each explains it.
#pragma once

#include "trace/analysis/messages.h"
#include "trace/analysis/why.h"

#include <optional>

namespace ringside::trace::analysis {

struct Candidate {
    Step step;
    std::string resolved;  ///< the path as the kernel followed it
    int score = 0;
    bool exact = false;    ///< the message has the whole path, not its last part alone
    bool sandbox = false;
};

constexpr std::size_t tail_events = 2000; ///< of a process, before its end
constexpr int enough = 4;                 ///< a lower score is no cause

/// The rows of the process among the last before row `end`, rising, at most tail_events.
std::vector<std::uint32_t> tail_of(const Input& input, const Processes& processes, ProcessId process, std::size_t end);

/// Its problems among `rows`, scored: path or file name in a later message +4, the error's text in it +3, caused by the sandbox +3,
/// last failure before the message +2, fatal by nature +1.
std::vector<Candidate> candidates_of(const Input& input, const std::vector<std::uint32_t>& rows, const Messages& messages);

/// The best of them, where it is good enough: the latest of equals.
std::optional<Candidate> best_of(const std::vector<Candidate>& candidates);

}
