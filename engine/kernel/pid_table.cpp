// The table of numbers.

#include "engine/kernel/pid_table.h"

#include "engine/kernel/kernel.h"

#include <algorithm>

namespace ringside::kernel {

namespace {

template<typename T>
T* find(const std::map<Pid, T*>& table, Pid number)
{
    auto it = table.find(number);
    return it == table.end() ? nullptr : it->second;
}

}

Result<Pid> ProcessTable::allocate()
{
    // FUTEX_TID_MASK: a tid has 30 bits.
    if (tasks_.size() >= limit_ || next_ >= 0x3fff'ffff)
        return Errno(EAGAIN);
    return next_++;
}

Task* ProcessTable::task(Pid tid) const
{
    return find(tasks_, tid);
}

ThreadGroup* ProcessTable::group(Pid tgid) const
{
    return find(groups_, tgid);
}

ProcessGroup* ProcessTable::process_group(Pid pgid) const
{
    return find(process_groups_, pgid);
}

Session* ProcessTable::session(Pid sid) const
{
    return find(sessions_, sid);
}

void ProcessTable::add(Task& task)
{
    tasks_[task.tid()] = &task;
}

void ProcessTable::remove(Task& task)
{
    auto it = tasks_.find(task.tid());
    if (it != tasks_.end() && it->second == &task)
        tasks_.erase(it);
}

void ProcessTable::rename(Task& task, Pid tid)
{
    remove(task);
    task.tid_ = tid;
    add(task);
}

void ProcessTable::join(ThreadGroup& group, Ref<ProcessGroup> processes)
{
    if (group.process_group_)
        std::erase(group.process_group_->members, &group);
    if (processes)
        processes->members.push_back(&group);
    group.process_group_ = std::move(processes); // the old one may end here
}

Ref<ProcessGroup> ProcessTable::make_process_group(Ref<Session> session, Pid pgid)
{
    auto made = make_ref<ProcessGroup>(std::move(session), pgid);
    process_groups_[pgid] = made.get();
    return made;
}

Ref<Session> ProcessTable::make_session(Kernel& kernel, Pid sid)
{
    auto made = make_ref<Session>(kernel, sid);
    sessions_[sid] = made.get();
    return made;
}

}
