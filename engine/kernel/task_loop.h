// What a task's fiber does all its life: serves what the guest asks, then lets it run again.
#pragma once

#include "engine/kernel/task.h"

namespace ringside::kernel {

/// The fiber's body. Returns when the task has ended; the fiber finishes then.
void run_task(Task& task);
/// Serves rdtsc, rdtscp or cpuid at the task's instruction pointer where it is one that the platform traps. False: it is something
/// else (instruction_trap.cpp).
bool serve_instruction(Task& task);
/// Bytes of such an instruction at the task's instruction pointer; 0: it is something else.
std::uint64_t trapped_instruction_length(Task& task);

}
