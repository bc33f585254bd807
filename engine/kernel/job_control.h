// Stops and continues of whole processes, and what the parent hears of them. man 2 wait, WUNTRACED and WCONTINUED.
#pragma once

#include "engine/kernel/thread_group.h"

namespace ringside::kernel {

/// The default action of a stop signal: every thread stops at its way back to the guest.
void stop_group(ThreadGroup& group, int signo);
/// Called by a task in a stopped group: sleeps until it goes on (or is killed).
void stay_stopped(Task& task);
/// SIGCONT: goes on, whatever is done with the signal itself.
void continue_group(ThreadGroup& group);
/// Tells the parent with SIGCHLD and wakes its waits. `code` is CLD_*.
void notify_parent(ThreadGroup& group, int code, int status);
/// A process group that has just become orphaned and has stopped members gets SIGHUP and SIGCONT (POSIX).
void check_orphaned(ProcessGroup& processes);
/// Ends interruptible sleeps and guest code so that the task looks at its signals.
void wake_for_signals(Task& task, bool fatal);

}
