// A thread group is what users call a process; process groups and sessions are sets of them. man 7 credentials, man 3 termios.
#pragma once

#include "engine/base/ref.h"
#include "engine/kernel/clock.h"
#include "engine/kernel/controlling_terminal.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/signals.h"
#include "engine/kernel/task.h"
#include "engine/kernel/timers.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sys/resource.h>
#include <vector>

namespace ringside::kernel {

class CpuTimers;
class PosixTimer;
class ShareGroup;

/// The pid of the invisible process that adopts orphans and whose session the first process runs in.
constexpr Pid reaper_pid = 1;
/// The first process of the sandbox.
constexpr Pid first_pid = 2;

/// A session. Its terminal is whatever fs says that it is: the session only keeps who is in the foreground.
class Session : public RefCounted {
public:
    Session(Kernel& kernel, Pid sid) : kernel(kernel), sid(sid) { }
    ~Session() override;
    Kernel& kernel;
    const Pid sid;
    /// The terminal's foreground process group; 0: none.
    Pid foreground = 0;
    /// null: no controlling terminal. Owned by fs.
    ControllingTerminal* terminal() const { return terminal_; }
    /// It becomes the session's, which has none, and nobody else's.
    void take_terminal(ControllingTerminal& terminal, Pid foreground);
    /// The two part; nobody is told.
    void lose_terminal();
    /// Who was in the foreground when the terminal hung up: hears of the leader's end; 0: nobody.
    Pid abandoned_foreground = 0;
    /// The leader, null once it has exited.
    ThreadGroup* leader = nullptr;

private:
    ControllingTerminal* terminal_ = nullptr;
};

class ProcessGroup : public RefCounted {
public:
    ProcessGroup(Ref<Session> session, Pid pgid) : session(std::move(session)), pgid(pgid) { }
    ~ProcessGroup() override;
    const Ref<Session> session;
    const Pid pgid;
    std::vector<ThreadGroup*> members;
    /// No member has a parent in the same session but another group: its stops make no sense (POSIX).
    bool orphaned() const;
    bool foreground() const { return session->foreground == pgid; }
};

/// CPU time and counts, as getrusage gives them.
struct Usage {
    Nanoseconds user = 0, system = 0;
    std::uint64_t minor_faults = 0, major_faults = 0, voluntary = 0, involuntary = 0;
    std::uint64_t max_rss = 0; ///< bytes
    void add(const Usage& other);
    rusage to_rusage() const;
};

class ThreadGroup : public RefCounted {
public:
    ThreadGroup(Kernel& kernel, Pid tgid);
    ~ThreadGroup() override;

    Kernel& kernel() const { return kernel_; }
    Pid tgid() const { return tgid_; }
    /// 1 where the parent has gone or is outside of the sandbox.
    Pid parent_pid() const { return parent ? parent->tgid() : reaper_pid; }
    /// The thread whose tid is the tgid; it may be a zombie while others run. Null after it was reaped.
    Task* leader() const { return leader_; }
    /// All that have not exited.
    const std::vector<Task*>& tasks() const { return tasks_; }
    /// Any of them, for what threads share (address space, descriptors); null in a zombie.
    Task* any_task() const { return tasks_.empty() ? nullptr : tasks_.front(); }
    ProcessGroup& process_group() const { return *process_group_; }
    Session& session() const { return *process_group_->session; }
    bool is_session_leader() const { return session().sid == tgid_; }
    bool zombie() const { return zombie_; }
    bool stopped() const { return stopped_; }
    /// Has called execve since it was forked (setpgid).
    std::set<std::uint64_t> stacks_left; ///< pages in the stacks of threads that have ended, while a recording is made
    bool memory_unsure = false; ///< a thread ended between two events: replay cannot know the memory
    bool has_executed = false;

    // The family.
    ThreadGroup* parent = nullptr; ///< null: the reaper
    std::vector<Ref<ThreadGroup>> children;
    WaitQueue child_queue; ///< wait4 and waitid sleep here
    bool child_subreaper = false;
    int exit_signal = SIGCHLD;
    /// pollers of pidfds
    WaitQueue exit_queue;

    Limits limits;
    Ref<SignalHandlers> handlers;
    SignalQueue shared_queue;
    int dumpable = 1;
    Nanoseconds start_time = 0; ///< CLOCK_MONOTONIC
    Usage usage;          ///< of threads that have exited
    Usage children_usage; ///< of children that were waited for
    /// Of all threads, living and dead.
    Usage total_usage() const;

    // Real interval timer and POSIX timers.
    struct IntervalTimer {
        Nanoseconds interval = 0;
        std::unique_ptr<Timer> timer;
    };
    IntervalTimer real_timer;
    std::unique_ptr<CpuTimers> cpu_timers; ///< never null
    std::map<int, std::unique_ptr<PosixTimer>> posix_timers;
    int next_timer_id = 0;

    // Ends and stops. See exit.cpp and job_control.cpp.
    /// Every thread is to end with this wait status. Does not block.
    void begin_exit(int status);
    bool exiting() const { return exit_status_.has_value(); }
    /// The wait status of the end, as wait4(2) gives it. Meaningful in a zombie.
    int wait_status() const { return wait_status_; }

private:
    friend class Kernel;
    friend class Task;
    friend class ProcessTable;
    friend struct Exit;
    friend struct JobControl;
    friend struct Signals;
    friend struct Wait;
    friend struct Fork;
    friend struct Exec;
    Kernel& kernel_;
    Pid tgid_;
    Task* leader_ = nullptr;
    std::vector<Task*> tasks_;
    Ref<ProcessGroup> process_group_;
    bool zombie_ = false;
    bool stopped_ = false;
    std::optional<int> exit_status_; ///< of exit_group or a fatal signal
    int wait_status_ = 0;
    int stop_signal_ = 0;
    bool stop_reported_ = true;      ///< a parent has taken the stop with WUNTRACED
    bool continue_pending_ = false;  ///< WCONTINUED has something to report
    Task* exec_task_ = nullptr;      ///< the thread that execve leaves alive
    std::size_t stopped_tasks_ = 0;  ///< that have come to their stop
    WaitQueue stop_queue_;           ///< stopped tasks sleep here
    WaitQueue threads_queue_;        ///< execve waits here for the other threads' end
};

}
