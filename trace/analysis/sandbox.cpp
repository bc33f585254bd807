// See sandbox.h.
#include "trace/analysis/sandbox.h"

#include "trace/analysis/addresses.h"
#include "trace/decode/decoder.h"
#include "trace/syscall_table.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <sys/socket.h>

namespace ringside::trace::analysis {

namespace {

bool is_fork(int nr)
{
    return nr == call_nr("fork") || nr == call_nr("vfork") || nr == call_nr("clone") || nr == call_nr("clone3");
}

bool dials(int nr)
{
    return nr == call_nr("connect") || nr == call_nr("sendto") || nr == call_nr("sendmsg");
}

}

bool has_limit(TraceFile& trace, const char* key)
{
    std::string value = trace.meta(key);
    return !value.empty() && value != "0";
}

std::optional<SandboxReason> sandbox_reason(TraceFile& trace, const Event& event)
{
    if (event.verdict == Verdict::unsupported)
        return SandboxReason::unsupported;
    int error = event.error();
    if (event.kind != EventKind::syscall || error == 0)
        return event.verdict == Verdict::denied ? std::optional(SandboxReason::denied) : std::nullopt;
    if (dials(event.nr) && (error == ENETUNREACH || error == EHOSTUNREACH || error == ENETDOWN || error == EACCES || error == EPERM || error == EADDRNOTAVAIL))
        if (auto endpoint = endpoint_of(trace, event); endpoint && endpoint->outside)
            return SandboxReason::no_network;
    if (event.nr == call_nr("socket") && (event.args[0] == AF_INET || event.args[0] == AF_INET6) && error == EAFNOSUPPORT)
        return SandboxReason::no_network;
    if (event.verdict == Verdict::denied)
        return SandboxReason::denied;
    if (is_fork(event.nr) && error == EAGAIN && has_limit(trace, "pid_limit"))
        return SandboxReason::process_limit;
    return std::nullopt;
}

std::vector<SandboxFailure> sandbox_failures(const Input& input, const Processes& processes)
{
    std::vector<SandboxFailure> failures;
    std::map<std::tuple<SandboxReason, std::string, std::string>, std::size_t> known;
    input.each([&](std::size_t row) {
        const HotColumns& columns = input.columns;
        if (!columns.is_problem_call(row))
            return;
        bool suspect = columns.verdict(row) != Verdict::served || dials(columns.nr[row]) || is_fork(columns.nr[row]) || columns.nr[row] == call_nr("socket");
        auto event = suspect ? input.trace.event(row + 1) : std::nullopt;
        auto reason = event ? sandbox_reason(input.trace, *event) : std::nullopt;
        if (!reason)
            return;
        auto endpoint = endpoint_of(input.trace, *event);
        SandboxFailure failure {*reason, event->id, 1, event_name(*event), endpoint ? endpoint->text : std::string(), processes.label(processes.of(event->thread)), event->error(), std::string(reason_option(*reason))};
        auto [at, is_new] = known.try_emplace({*reason, failure.call, failure.target}, failures.size());
        if (is_new)
            failures.push_back(std::move(failure));
        else
            ++failures[at->second].count;
    });
    return failures;
}

std::string_view reason_text(SandboxReason reason)
{
    switch (reason) {
    case SandboxReason::unsupported: return "not supported in the sandbox";
    case SandboxReason::denied: return "refused by a rule";
    case SandboxReason::no_network: return "no network";
    case SandboxReason::process_limit: return "the limit of processes was reached";
    }
    return {};
}

std::string_view reason_option(SandboxReason reason)
{
    return reason == SandboxReason::process_limit ? "--pids" : std::string_view();
}

}
