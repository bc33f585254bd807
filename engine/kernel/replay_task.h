// What the player needs of the kernel: tasks that have memory and a guest thread, and nothing else of a process.
#pragma once

#include "engine/kernel/task.h"

#include <functional>
#include <span>

namespace ringside::replay {
struct LogData;
}

namespace ringside::kernel {

struct ReplayTask {
    /// A task whose fiber runs `body`. It has a guest thread in `space`, all registers zero.
    static Result<Ref<Task>> create(Kernel& kernel, Pid tid, Ref<mm::AddressSpace> space, std::function<void()> body);
    static void start(Task& task);
    /// On the task's fiber: lets the guest run until its next event.
    static platform::Event run_guest(Task& task);
    static bool in_guest(const Task& task);
    /// On the task's fiber: another program's memory, and a new thread in it.
    static Result<void> replace_memory(Task& task, Ref<mm::AddressSpace> space);
    /// Bytes of the rdtsc, rdtscp or cpuid at the task's instruction pointer; 0: it is none of these.
    static std::uint64_t trapped_instruction_length(Task& task);
    /// RLIMIT_STACK from the struct that a recorded setrlimit or prlimit64 read.
    static void set_stack_limit(Task& task, std::span<const replay::LogData> data);
    /// On the task's fiber, as its last act: gives its memory up. The fiber finishes right after.
    static void end(Task& task);
    /// From the main loop: a task that is in the guest will not come back.
    static void abandon(Task& task);
    /// The kernel's main loop, until `done`.
    static void run_until(Kernel& kernel, const std::function<bool()>& done);
};

}
