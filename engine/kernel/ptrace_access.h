// Who may look into another process, or change it: one rule for /proc, process_vm_readv, get_robust_list and their like. man 2 ptrace,
// "Ptrace access mode checking".
#pragma once

#include "engine/kernel/task.h"

namespace ringside::kernel {

/// Which of the caller's ids and capabilities count: PTRACE_MODE_FSCREDS for what goes by a path, PTRACE_MODE_REALCREDS for what goes by a pid.
enum class PtraceCreds { of_files, real };

/// __ptrace_may_access and cap_ptrace_access_check.
bool may_ptrace(const Task& caller, const Task& target, PtraceCreds creds);

}
