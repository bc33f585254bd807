// Why a program failed: the call that mattered, what was tried before it, and the message it led to. Where the evidence is thin it
// says so ("No single cause found") rather than name a wrong one.
#pragma once

#include "trace/analysis/input.h"
#include "trace/analysis/sandbox.h"

#include <string>
#include <vector>

namespace ringside::trace::analysis {

struct Step {
    EventId event = 0;
    std::string call;   ///< "openat"
    std::string target; ///< the path or address that it was about, as the program gave it; may be empty
    int error = 0;      ///< errno
};

struct Why {
    enum class Kind : std::uint8_t {
        running,   ///< has not ended yet
        succeeded, ///< the program ended with 0
        call,      ///< a call that failed: `cause`
        signal,    ///< a fault or signal ended it: `cause.event`, `signal`
        killed,    ///< another process sent the signal: `sender`
        unclear,   ///< no single cause found: `last` has the last failures
        unknown,   ///< the recording stopped before the program's end
    };

    Kind kind = Kind::unknown;
    ProcessId program = 0;     ///< the first process
    std::string name;          ///< "python3 2"
    int status = 0;            ///< as wait4(2), where it has ended
    EventId end = 0;           ///< the event of its end
    ProcessId failed = 0;      ///< the process in which the cause lies: it, or a child
    std::string failed_name;
    int failed_status = 0;
    Step cause;
    int score = 0;
    int signal = 0;
    std::uint64_t address = 0; ///< of a fault
    std::string sender;        ///< "timeout 2"
    std::vector<Step> tried;   ///< other places for the same file, before the cause
    std::string said;          ///< the message
    EventId said_event = 0;
    std::vector<Step> last;    ///< where unclear: the last failures
    std::vector<SandboxFailure> sandbox;
};

/// Looks at the whole trace, whatever rows are given. Reads the last 2,000 events of a few processes.
Why why(const Input& input, const Processes& processes);

/// The cause as a phrase: "/etc/report.conf does not exist (3 places tried)"; empty where there is none.
std::string cause_phrase(const Why& why);
/// "openat \"/etc/report.conf\"".
std::string step_text(const Step& step);

}
