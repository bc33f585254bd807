// All System V objects of a sandbox, and what /proc/sysvipc shows of them.
#pragma once

#include "engine/ipc/messages.h"
#include "engine/ipc/segments.h"
#include "engine/ipc/semaphores.h"

namespace ringside::ipc {

struct State : RefCounted {
    Table<SemaphoreSet> semaphores;
    Table<MessageQueue> messages;
    Segments segments;
    std::uint64_t device = 0; ///< what /proc/PID/maps shows of segments, and shmdt knows them by
};

/// Made by the first who asks.
State& state(kernel::Kernel& kernel);
/// SEM_UNDO: the process has ended.
void process_ended(kernel::ThreadGroup& group);

std::string semaphores_text(kernel::Kernel& kernel);
std::string messages_text(kernel::Kernel& kernel);
std::string segments_text(kernel::Kernel& kernel);

}
