// The program that a sandbox is started for: found as a shell finds it, executed by a call that the trace shows, and where that fails,
// the reason in words.
#pragma once

#include "engine/kernel/task.h"

#include <optional>

namespace ringside::kernel {

struct Options;
struct StartFailure;

/// Executes options.argv[0] in `task`, the first one. Along PATH where it has no slash: the first regular file that may be executed
/// (ENOENT: none; EACCES: only some that may not be).
std::optional<StartFailure> execute_first_program(Task& task, const Options& options);

}
