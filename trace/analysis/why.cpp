// See why.h. The outermost process that failed is asked first; where it shows no cause, its child that failed last before it.
#include "trace/analysis/why.h"

#include "trace/analysis/candidates.h"
#include "trace/analysis/messages.h"
#include "trace/names.h"
#include "trace/printed.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <sys/wait.h>

namespace ringside::trace::analysis {

namespace {

constexpr int most_generations = 16;

bool is_fault(int signal)
{
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP || signal == SIGSYS;
}

std::string_view last_part(std::string_view path)
{
    return path.substr(path.rfind('/') + 1);
}

class Search {
public:
    Search(const Input& input, const Processes& processes) : input_(input.whole()), processes_(processes) { }

    Why run()
    {
        if (processes_.all().empty())
            return {};
        const ProcessNode& first = processes_.all().front();
        why_.program = why_.failed = first.id;
        why_.name = why_.failed_name = processes_.label(first.id);
        why_.sandbox = sandbox_failures(input_, processes_);
        if (!first.ended) {
            why_.kind = input_.trace.running() ? Why::Kind::running : Why::Kind::unknown;
            return why_;
        }
        why_.status = first.status;
        why_.end = *first.ended;
        if (first.status == 0) {
            why_.kind = Why::Kind::succeeded;
            return why_;
        }
        error_output_ = error_output(input_.trace);
        const ProcessNode* process = &first;
        for (int generation = 0; process && generation < most_generations; ++generation) {
            if (explain(*process)) {
                why_.last.clear();
                return why_;
            }
            process = failed_child(*process);
        }
        // `last` and `said` are of the innermost that failed: what it did last is nearest to the reason.
        why_.kind = Why::Kind::unclear;
        why_.failed = first.id;
        why_.failed_name = processes_.label(first.id);
        why_.failed_status = first.status;
        return why_;
    }

private:
    /// The child that failed and whose end came last before the end of `of`.
    const ProcessNode* failed_child(const ProcessNode& of) const
    {
        const ProcessNode* last = nullptr;
        for (const ProcessNode& node : processes_.all())
            if (node.parent == of.id && node.ended && node.status != 0 && *node.ended <= of.ended.value_or(0) && (!last || *node.ended > *last->ended))
                last = &node;
        return last;
    }

    /// The process' last events. Asked for again for each of its descendants.
    const std::vector<std::uint32_t>& tail_of(const ProcessNode& process)
    {
        auto [at, is_new] = tails_.try_emplace(process.id);
        if (is_new)
            at->second = analysis::tail_of(input_, processes_, process.id, process.ended.value_or(input_.columns.size()));
        return at->second;
    }

    /// What the process and those that started it wrote, from the beginning of its last events on.
    Messages messages_for(const ProcessNode& process)
    {
        const std::vector<std::uint32_t>& tail = tail_of(process);
        std::vector<std::uint32_t> rows = tail;
        const ProcessNode* ancestor = processes_.find(process.parent);
        for (int generation = 0; ancestor && generation < most_generations; ++generation) {
            for (std::uint32_t row : tail_of(*ancestor))
                if (!tail.empty() && row > tail.front())
                    rows.push_back(row);
            ancestor = processes_.find(ancestor->parent);
        }
        std::ranges::sort(rows);
        return messages_of(input_, processes_, rows, error_output_);
    }

    /// False: nothing that explains its end; `last` has its last failures.
    bool explain(const ProcessNode& process)
    {
        why_.failed = process.id;
        why_.failed_name = processes_.label(process.id);
        why_.failed_status = process.status;
        const auto& tail = tail_of(process);
        Messages messages = messages_for(process);
        int signal = WIFSIGNALED(process.status) ? WTERMSIG(process.status) : 0;
        if (signal != 0 && signal != SIGABRT && by_signal(signal, tail)) {
            say(messages, {}, 0);
            return true;
        }
        auto candidates = candidates_of(input_, tail, messages);
        if (auto best = best_of(candidates)) {
            why_.kind = Why::Kind::call;
            why_.cause = best->step;
            why_.score = best->score;
            add_tried(*best);
            say(messages, last_part(best->step.target), best->step.event);
            return true;
        }
        bool signalled = signal != 0 && by_signal(signal, tail);
        say(messages, {}, 0);
        if (!signalled && !candidates.empty()) {
            why_.last.clear();
            for (std::size_t i = candidates.size() > 3 ? candidates.size() - 3 : 0; i < candidates.size(); ++i)
                why_.last.push_back(candidates[i].step);
        }
        return signalled;
    }

    /// The same file elsewhere, by this process or another: each place once.
    void add_tried(const Candidate& best)
    {
        std::size_t end = best.step.event - 1, begin = end > tail_events ? end - tail_events : 0;
        std::vector<std::uint32_t> rows;
        for (std::size_t row = begin; row < end; ++row)
            if (input_.columns.is_problem_call(row) && input_.columns.error(row) == best.step.error)
                rows.push_back(static_cast<std::uint32_t>(row));
        for (const Candidate& other : candidates_of(input_, rows, Messages({}))) {
            const Step& step = other.step;
            bool same = step.target == best.step.target || std::ranges::any_of(why_.tried, [&](const Step& known) { return known.target == step.target; });
            if (!same && !step.target.empty() && last_part(step.target) == last_part(best.step.target))
                why_.tried.push_back(step);
        }
    }

    /// The event of the signal that ended it, and who sent it.
    bool by_signal(int signal, const std::vector<std::uint32_t>& tail)
    {
        std::optional<Event> found;
        for (auto at = tail.rbegin(); at != tail.rend() && at - tail.rbegin() < 200 && !found; ++at)
            if (input_.columns.kind[*at] == static_cast<std::uint8_t>(EventKind::signal) && input_.columns.nr[*at] == signal)
                found = input_.trace.event(EventId {*at} + 1);
        why_.signal = signal;
        if (!found) {
            if (signal != SIGKILL)
                return false;
            bool limited = has_limit(input_.trace, "memory_limit");
            why_.kind = limited ? Why::Kind::killed : Why::Kind::unclear;
            return limited;
        }
        why_.cause = {found->id, signal_name(signal), {}, 0};
        why_.kind = Why::Kind::signal;
        if (is_fault(signal) && static_cast<int>(found->args[0]) > 0) { // a fault, not kill(2)
            why_.address = found->args[2];
            return true;
        }
        auto sender = static_cast<ProcessId>(found->args[2]);
        if (sender != 0 && sender != why_.failed && processes_.find(sender)) {
            why_.kind = Why::Kind::killed;
            why_.sender = processes_.label(sender);
        }
        return true;
    }

    void say(const Messages& messages, std::string_view about, EventId after)
    {
        auto said = messages.line_with(about.size() >= 3 ? about : std::string_view(), after);
        if (said.text.empty())
            said = messages.line_with(errno_text(why_.cause.error), after);
        if (said.text.empty())
            said = messages.line_with({}, after);
        why_.said = said.text;
        why_.said_event = said.event;
    }

    Input input_;
    const Processes& processes_;
    std::unordered_map<ProcessId, std::vector<std::uint32_t>> tails_;
    ObjectId error_output_ = 0;
    Why why_;
};

}

Why why(const Input& input, const Processes& processes)
{
    return Search(input, processes).run();
}

std::string step_text(const Step& step)
{
    return step.target.empty() ? step.call : fmt::format("{} \"{}\"", step.call, step.target);
}

std::string cause_phrase(const Why& why)
{
    if (why.kind == Why::Kind::killed)
        return why.sender.empty() ? "the limit of memory was reached" : fmt::format("{} sent it {}", why.sender, signal_name(why.signal));
    if (why.kind == Why::Kind::signal)
        return is_fault(why.signal) ? fmt::format("{} at address {:#x}", signal_name(why.signal), why.address) : fmt::format("it was sent {}", signal_name(why.signal));
    if (why.kind != Why::Kind::call)
        return {};
    const Step& cause = why.cause;
    std::string phrase = cause.error == ENOENT && !cause.target.empty() ? cause.target + " does not exist" : fmt::format("{}: {}", step_text(cause), errno_text(cause.error));
    return why.tried.empty() ? phrase : fmt::format("{} ({} places tried)", phrase, why.tried.size() + 1);
}

}
