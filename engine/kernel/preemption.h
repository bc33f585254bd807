// Making a task leave the guest. In a recording a signal or another thread's turn waits a slice for the guest to come by itself,
// since only what happens at a trap can be found again by replay without more ado.
#pragma once

#include "engine/kernel/task.h"

namespace ringside::kernel {

/// How long a task that others wait for may stay in the guest (replay.md, Threads).
constexpr Nanoseconds preemption_slice = 10'000'000;

/// Asks the task to leave the guest: at once, or in a recording after a slice unless `fatal`.
void kick(Task& task, bool fatal);
/// Asks it to leave the guest after a slice.
void preempt_later(Task& task);

}
