// See input.h.
#include "trace/analysis/input.h"

#include "trace/names.h"
#include "trace/syscall_table.h"

#include <fmt/format.h>
#include <sys/wait.h>

namespace ringside::trace::analysis {

Processes::Processes(TraceFile& trace) : nodes_(Queries(trace).processes())
{
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        index_[nodes_[i].id] = i;
        threads_[nodes_[i].id] = nodes_[i].id;
        for (ThreadId thread : nodes_[i].threads)
            threads_[thread] = nodes_[i].id;
    }
}

const ProcessNode* Processes::find(ProcessId id) const
{
    auto at = index_.find(id);
    return at == index_.end() ? nullptr : &nodes_[at->second];
}

ProcessId Processes::of(ThreadId thread) const
{
    auto at = threads_.find(thread);
    return at == threads_.end() ? 0 : at->second;
}

std::string Processes::label(ProcessId id) const
{
    const ProcessNode* node = find(id);
    return node && !node->name.empty() ? fmt::format("{} {}", node->name, id) : fmt::format("{}", id);
}

std::string Processes::thread_label(ThreadId thread) const
{
    ProcessId process = of(thread);
    return process == thread ? label(process) : fmt::format("{}/{}", label(process), thread);
}

std::string call_name(int nr)
{
    const SyscallInfo* info = find_syscall(nr);
    return info ? std::string(info->name) : fmt::format("syscall_{}", nr);
}

std::string ending(int status)
{
    return WIFSIGNALED(status) ? signal_name(WTERMSIG(status)) : fmt::format("exit {}", WEXITSTATUS(status));
}

std::string ending_sentence(int status)
{
    return WIFSIGNALED(status) ? "was ended by " + signal_name(WTERMSIG(status)) : fmt::format("exited with {}", WEXITSTATUS(status));
}

}
