// How tasks and processes end: do_exit, exit_notify and release_task of Linux.
#pragma once

#include "engine/kernel/thread_group.h"

namespace ringside::kernel {

/// Called at the end of a task's loop, on its fiber: gives up everything. The fiber finishes right after.
void exit_task(Task& task);
/// Frees a zombie that was waited for (or that nobody waits for).
void reap(ThreadGroup& group);
/// Gives an ended task's number back; the object goes when its fiber has been left.
void release_task(Task& task);
/// CLEARTID: the word that pthread_join waits for. Only where others share the address space.
void clear_child_tid(Task& task);

}
