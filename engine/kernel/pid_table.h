// Who has which number: threads, processes, process groups and sessions of the sandbox.
#pragma once

#include "engine/kernel/thread_group.h"

#include <map>

namespace ringside::kernel {

class ProcessTable {
public:
    /// A number that was never given before: a trace names each but once. EAGAIN where `limit` tasks exist (--pids).
    Result<Pid> allocate();
    void set_limit(std::size_t limit) { limit_ = limit; }

    Task* task(Pid tid) const;
    /// Zombies too.
    ThreadGroup* group(Pid tgid) const;
    ProcessGroup* process_group(Pid pgid) const;
    Session* session(Pid sid) const;
    const std::map<Pid, Task*>& tasks() const { return tasks_; }
    const std::map<Pid, ThreadGroup*>& groups() const { return groups_; }

    void add(Task& task);
    void remove(Task& task);
    void rename(Task& task, Pid tid);
    void add(ThreadGroup& group) { groups_[group.tgid()] = &group; }
    void remove(ThreadGroup& group) { groups_.erase(group.tgid()); }
    /// Puts a process into a process group, out of the one it was in.
    void join(ThreadGroup& group, Ref<ProcessGroup> processes);
    Ref<ProcessGroup> make_process_group(Ref<Session> session, Pid pgid);
    void forget(ProcessGroup& processes) { process_groups_.erase(processes.pgid); }
    Ref<Session> make_session(Kernel& kernel, Pid sid);
    void forget(Session& session) { sessions_.erase(session.sid); }

private:
    std::map<Pid, Task*> tasks_;
    std::map<Pid, ThreadGroup*> groups_;
    std::map<Pid, ProcessGroup*> process_groups_;
    std::map<Pid, Session*> sessions_;
    Pid next_ = first_pid;
    std::size_t limit_ = 32768;
};

}
