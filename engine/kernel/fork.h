// New tasks: fork, vfork, clone and clone3 (kernel/fork.c).
#pragma once

#include "engine/kernel/task.h"

namespace ringside::kernel {

/// clone3's arguments; clone and fork fill in what they have. man 2 clone.
struct CloneRequest {
    std::uint64_t flags = 0;  ///< CLONE_*, without the signal
    int exit_signal = 0;
    std::uint64_t stack = 0;  ///< the child's stack pointer, 0: the parent's
    std::uint64_t tls = 0;
    GuestAddr pidfd, child_tid, parent_tid;
};

/// The child's tid. With CLONE_VFORK it returns when the child has called execve or has ended.
Result<long> clone_task(Task& parent, const CloneRequest& request);

}
