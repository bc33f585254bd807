// What happens to pending signals at a task's way back to the guest: frames, default actions, restarts. And the return from a handler.
#pragma once

#include "engine/kernel/task.h"

namespace ringside::kernel {

/// What a call's restart code becomes.
struct Restart {
    enum class Action { none, fail_with_eintr, again, by_restart_syscall } action;
};
/// `result` as the call left it; `handler_flags` are of the handler that is about to run, absent where none runs.
/// arch/x86/kernel/signal.c, handle_signal and arch_do_signal_or_restart.
Restart restart_rule(std::int64_t result, std::optional<std::uint64_t> handler_flags);

/// Takes and acts on pending signals until a handler is set up or none is left. The task may be exiting afterwards.
void deliver_signals(Task& task);
/// rt_sigreturn(2). The registers are the frame's afterwards.
Result<long> signal_return(Task& task);

}
