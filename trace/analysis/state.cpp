// See state.h. What a process inherits is asked of its parent as of the fork; what execve(2) resets is reset.
#include "trace/analysis/state.h"

#include "trace/decode/decoder.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <array>
#include <bitset>

namespace ringside::trace::analysis {

namespace {

constexpr int most_parents = 64;
constexpr std::size_t most_calls = 4'000; ///< of one process that set something: a trace may be a stranger's

const std::array<int, 2>& directory_calls()
{
    static const std::array<int, 2> calls {nr_of("chdir"), nr_of("fchdir")};
    return calls;
}

const std::array<int, 9>& credential_calls()
{
    static const std::array<int, 9> calls {nr_of("setuid"), nr_of("setgid"), nr_of("setreuid"), nr_of("setregid"), nr_of("setresuid"), nr_of("setresgid"), nr_of("setgroups"), nr_of("setfsuid"), nr_of("capset")};
    return calls;
}

const std::bitset<1024>& setting_calls()
{
    static const std::bitset<1024> calls = [] {
        std::bitset<1024> all;
        for (int nr : directory_calls())
            all.set(static_cast<std::size_t>(nr));
        for (int nr : credential_calls())
            all.set(static_cast<std::size_t>(nr));
        for (const char* name : {"rt_sigaction", "rt_sigprocmask", "umask"})
            all.set(static_cast<std::size_t>(nr_of(name)));
        return all;
    }();
    return calls;
}

std::string joined_path(const std::string& directory, const std::string& path)
{
    if (path.starts_with("/") || directory.empty())
        return path;
    return directory == "/" ? "/" + path : directory + "/" + path;
}

}

void StateQueries::update(const HotColumns& columns)
{
    for (; seen_ < columns.size(); ++seen_) {
        int nr = columns.nr[seen_];
        if (nr >= 0 && nr < 1024 && setting_calls()[static_cast<std::size_t>(nr)] && columns.is_call(seen_) && columns.error(seen_) == 0)
            settings_.push_back({seen_ + 1, columns.thread[seen_], columns.nr[seen_]});
    }
    if (nodes_.empty() || nodes_at_ < seen_) {
        nodes_ = Queries(trace_).processes();
        nodes_at_ = seen_;
    }
}

const ProcessNode* StateQueries::node(ProcessId process) const
{
    auto at = std::ranges::lower_bound(nodes_, process, {}, &ProcessNode::id);
    return at != nodes_.end() && at->id == process ? &*at : nullptr;
}

/// The calls of these numbers that the process made after `from`, up to `to`, and that succeeded.
std::vector<Event> StateQueries::settings(ProcessId process, EventId from, EventId to, std::span<const int> numbers)
{
    std::vector<Event> events;
    auto at = std::ranges::upper_bound(settings_, from, {}, &Setting::event);
    for (; at != settings_.end() && at->event <= to && events.size() < most_calls; ++at) {
        if (std::ranges::find(numbers, int {at->nr}) == numbers.end() || trace_.process_of(at->thread) != process)
            continue;
        if (auto event = trace_.event(at->event); event && event->has_ret() && !event->failed())
            events.push_back(*event);
    }
    return events;
}

EventId StateQueries::last_exec(ProcessId process, EventId event, std::string* path)
{
    auto access = trace_.access();
    Statement rows = access.database.prepare("SELECT event, path FROM exec WHERE process = ?1 AND event <= ?2 ORDER BY event DESC LIMIT 1");
    rows.bind(1, std::int64_t {process});
    rows.bind(2, static_cast<std::int64_t>(event));
    if (!rows.step())
        return 0;
    if (path)
        *path = trace_.string(static_cast<StringId>(rows.integer(1)));
    return rows.number(0);
}

Since StateQueries::directory(ProcessId process, EventId event, int depth)
{
    const ProcessNode* of = node(process);
    std::vector<Event> changes = settings(process, 0, event, directory_calls());
    Since now;
    if (!of || of->parent == 0 || depth > most_parents || !node(of->parent))
        now.text = trace_.meta("cwd");
    else
        now.text = directory(of->parent, of->started, depth + 1).text;
    for (const Event& change : changes) {
        std::string path = trace_.given_path(change);
        if (change.nr == nr_of("fchdir")) // which names none
            path = trace_.object(change.object).path;
        if (!path.empty())
            now = {joined_path(now.text, path), change.id};
    }
    return now;
}

Since StateQueries::mask(ProcessId process, EventId event, int depth)
{
    const int number[] = {nr_of("umask")};
    if (auto changes = settings(process, 0, event, number); !changes.empty())
        return {fmt::format("{:03o}", changes.back().args[0] & 0777), changes.back().id};
    const ProcessNode* of = node(process);
    if (!of || of->parent == 0 || depth > most_parents || !node(of->parent))
        return {};
    return {mask(of->parent, of->started, depth + 1).text, 0}; // fork(2) copies it, execve(2) keeps it
}

StateQueries::Actions StateQueries::actions(ProcessId process, EventId event, int depth)
{
    const ProcessNode* of = node(process);
    Actions now;
    EventId from = last_exec(process, event);
    if (from != 0 && from > 1 && depth < most_parents) {
        now = actions(process, from - 1, depth + 1);
        std::erase_if(now, [](const auto& each) { return each.second.text.find("SIG_IGN") == std::string::npos; }); // execve(2) keeps these alone
    } else if (from == 0 && of && of->parent && node(of->parent) && of->started < event && depth < most_parents) {
        now = actions(of->parent, of->started, depth + 1);
    }
    const int number[] = {nr_of("rt_sigaction")};
    Decoder decoder(trace_, {.string_limit = 80});
    for (const Event& change : settings(process, from, event, number)) {
        if (change.args[1] == 0)
            continue; // it only asked
        Decoded decoded = decoder.decode(change);
        std::string text = decoded.args.size() > 1 ? to_text(decoded.args[1]) : std::string();
        auto signo = static_cast<int>(change.args[0]);
        if (text.find("SIG_DFL") != std::string::npos)
            now.erase(signo);
        else
            now[signo] = {text, change.id};
    }
    return now;
}

ProcessState StateQueries::at(const Event& event)
{
    ProcessState state;
    state.process = trace_.process_of(event.thread);
    state.program.event = last_exec(state.process, event.id, &state.program.text);
    if (state.program.event == 0)
        if (const ProcessNode* of = node(state.process); of && of->parent)
            last_exec(of->parent, of->started, &state.program.text); // it was forked and runs its parent's
    state.directory = directory(state.process, event.id, 0);
    if (const ProcessNode* of = node(state.process))
        state.credentials.push_back({fmt::format("uid {}, gid {}", of->uid, of->gid), 0});
    Decoder decoder(trace_, {.string_limit = 80});
    auto call_text = [&](const Event& call) { return fmt::format("{}({})", event_name(call), decoder.arguments(call).text); };
    for (const Event& change : settings(state.process, 0, event.id, credential_calls()))
        state.credentials.push_back({call_text(change), change.id});
    state.mask = mask(state.process, event.id, 0);
    const int blocked[] = {nr_of("rt_sigprocmask")};
    for (const Event& change : settings(state.process, 0, event.id, blocked))
        if (change.thread == event.thread && change.args[1] != 0)
            state.blocked = {decoder.arguments(change).text, change.id};
    state.signals = actions(state.process, event.id, 0);
    Queries queries(trace_);
    state.descriptors = queries.descriptors_at(state.process, event.id);
    state.mappings = queries.mappings_at(state.process, event.id);
    return state;
}

}
