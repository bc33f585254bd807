// Failures that the sandbox caused and not the program, each with the option that lifts it where there is one.
#pragma once

#include "trace/analysis/input.h"

#include <string>
#include <vector>

namespace ringside::trace::analysis {

enum class SandboxReason : std::uint8_t { unsupported, denied, no_network, process_limit };

struct SandboxFailure {
    SandboxReason reason = SandboxReason::unsupported;
    EventId event = 0;       ///< the first
    std::uint64_t count = 0;
    std::string call;        ///< "io_uring_setup"
    std::string target;      ///< "93.184.216.34:53"
    std::string process;     ///< "curl 15"
    int error = 0;
    std::string option;      ///< of `ringside record` that lifts it; empty: there is none
};

/// Why the sandbox made this problem, if it did.
std::optional<SandboxReason> sandbox_reason(TraceFile& trace, const Event& event);
/// All of them among the rows, one entry a call and target.
std::vector<SandboxFailure> sandbox_failures(const Input& input, const Processes& processes);

/// Whether the recording had the limit of this key of meta: "pid_limit", "memory_limit".
bool has_limit(TraceFile& trace, const char* key);

std::string_view reason_text(SandboxReason reason); ///< "no network"
std::string_view reason_option(SandboxReason reason); ///< "--pids"; empty: there is none

}
