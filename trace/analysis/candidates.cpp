// See candidates.h.
#include "trace/analysis/candidates.h"

#include "trace/analysis/addresses.h"
#include "trace/decode/decoder.h"
#include "trace/expected.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

namespace ringside::trace::analysis {

namespace {

/// Names that a message holds by chance prove nothing: "<string>" of Python, one or two letters.
bool tells(std::string_view name)
{
    return name.size() >= 3 && name.front() != '<';
}

bool fatal_by_nature(const Event& event)
{
    if (event.nr == call_nr("execve") || event.nr == call_nr("execveat"))
        return true;
    switch (event.error()) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EROFS:
    case EIO:
    case EADDRINUSE: return true;
    default: return false;
    }
}

Candidate candidate_of(TraceFile& trace, const Event& event)
{
    Candidate candidate;
    candidate.step = {event.id, event_name(event), trace.given_path(event), event.error()};
    candidate.resolved = event.path ? trace.string(event.path) : std::string();
    if (candidate.step.target.empty())
        if (auto endpoint = endpoint_of(trace, event))
            candidate.step.target = endpoint->text;
    if (candidate.step.target.empty())
        candidate.step.target = candidate.resolved;
    if (candidate.step.target.empty() && event.object)
        candidate.step.target = trace.object(event.object).path;
    if (candidate.step.target.starts_with("host:[") || candidate.step.target.starts_with("pipe:["))
        candidate.step.target.clear(); // names of ours
    candidate.sandbox = sandbox_reason(trace, event).has_value();
    return candidate;
}

int score_of(const Event& event, Candidate& candidate, std::string_view said, bool last_before)
{
    int score = 0;
    const std::string& target = candidate.step.target;
    candidate.exact = (tells(target) && says(said, target)) || (tells(candidate.resolved) && says(said, candidate.resolved));
    std::string_view name = file_name(target);
    if (auto colon = name.rfind(':'); colon != name.npos && target.find('/') == target.npos && !says(said, target))
        name = name.substr(colon + 1); // a port
    if (candidate.exact || (tells(name) && says(said, name)))
        score += 4;
    if (says(said, errno_text(event.error())) || says(said, errno_name(event.error())))
        score += 3;
    if (candidate.sandbox)
        score += 3;
    if (last_before)
        score += 2;
    return score + (fatal_by_nature(event) ? 1 : 0);
}

}

std::vector<std::uint32_t> tail_of(const Input& input, const Processes& processes, ProcessId process, std::size_t end)
{
    std::vector<std::uint32_t> rows;
    for (std::size_t row = std::min(end, input.columns.size()); row-- > 0 && rows.size() < tail_events;)
        if (processes.of(input.columns.thread[row]) == process)
            rows.push_back(static_cast<std::uint32_t>(row));
    std::ranges::reverse(rows);
    return rows;
}

std::vector<Candidate> candidates_of(const Input& input, const std::vector<std::uint32_t>& rows, const Messages& messages)
{
    std::vector<Candidate> candidates;
    std::vector<Event> events;
    for (std::uint32_t row : rows) {
        if (!input.columns.is_problem_call(row) || input.columns.error(row) == 0)
            continue;
        if (auto event = input.trace.event(EventId {row} + 1)) {
            candidates.push_back(candidate_of(input.trace, *event));
            events.push_back(*event);
        }
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        EventId id = events[i].id, message = messages.first_after(id);
        bool last_before = message != 0 && (i + 1 == candidates.size() || candidates[i + 1].step.event > message);
        candidates[i].score = score_of(events[i], candidates[i], messages.after(id), last_before);
    }
    return candidates;
}

std::optional<Candidate> best_of(const std::vector<Candidate>& candidates)
{
    const Candidate* best = nullptr;
    for (const Candidate& candidate : candidates)
        if (candidate.score >= enough && (!best || std::pair(candidate.score, candidate.exact) >= std::pair(best->score, best->exact)))
            best = &candidate;
    return best ? std::optional(*best) : std::nullopt;
}

}
