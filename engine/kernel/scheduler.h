// Which fiber runs next: a queue, first come first served. And the baton of a share group, without which no fiber of it runs.
#pragma once

#include "engine/base/ref.h"
#include "engine/kernel/task.h"

#include <deque>
#include <vector>

namespace ringside::kernel {

/// The tasks whose address spaces can see each other's writes. In a replayable recording one of them runs at a time, in the guest or
/// in the kernel, and holds the baton; it gives way where it blocks, and at its way back to the guest when others wait.
/// Otherwise (`exclusive` false) the baton is always free.
class ShareGroup : public RefCounted {
public:
    explicit ShareGroup(bool exclusive) : exclusive_(exclusive) { }
    /// Takes it, or stands in line: false. Who stands in line gets it from release() and is made ready then.
    bool take(Task& task);
    /// Gives it up; whoever gets it is returned, to be made ready.
    Ref<Task> release(Task& task);
    /// Whoever holds it: asked to leave the guest when others have waited for a slice. Null: nobody.
    Task* holder() const { return holder_; }
    /// Out of the line (the task ends).
    void forget(Task& task);
    /// All that stand in line go over to another group's.
    void line_up_in(ShareGroup& other);
    bool held_by(const Task& task) const { return !exclusive_ || holder_ == &task; }
    bool contended() const { return !line_.empty(); }

private:
    bool exclusive_;
    Task* holder_ = nullptr;
    std::deque<Ref<Task>> line_;
};

class Scheduler {
public:
    /// The task will run when its turn has come. Nothing where it is ready or running already.
    void make_ready(Task& task);
    /// Called on the task's own fiber: leaves it until it is made ready. Gives the baton up.
    void block(Task& self);
    /// Called on the task's own fiber: lets all that are ready run first. Gives the baton up where others wait for it.
    void yield(Task& self);
    /// Called on the task's own fiber, which has resumed its guest: leaves it until the guest comes back. Keeps the baton.
    void leave_to_guest(Task& self);
    /// The running task leaves its share group for a new one (exec).
    void change_share_group(Task& self, Ref<ShareGroup> group);
    /// Called on the task's own fiber: its group becomes a part of `other`. Waits for that one's baton: where its holder is in the
    /// guest, it is stopped, as a preemption or at its next event.
    void join_share_group(Task& self, Ref<ShareGroup> other);
    /// From the main loop: runs one fiber until it leaves. False when none is ready.
    bool run_one();
    bool idle() const { return ready_.empty(); }
    // The clock is read twice for a call, when it comes and when it is answered: what was read there is used again near by.
    /// CLOCK_MONOTONIC when the running fiber was entered.
    Nanoseconds entered() const { return time_; }
    void set_time(Nanoseconds now) { time_ = now; }
    /// It was read a moment ago, and the fiber is about to be left.
    void set_leaving(Nanoseconds now) { leaving_ = now; }
    /// Time has passed outside of fibers.
    void forget_time() { time_ = 0; }
    /// Whose fiber runs now; null in the main loop.
    Task* current() const { return current_; }

private:
    void leave(Task& self);
    void queue(Task& task);
    void give_baton(Task& self);
    std::deque<Ref<Task>> ready_;
    Task* current_ = nullptr;
    Nanoseconds time_ = 0;    ///< 0: to be read
    Nanoseconds leaving_ = 0; ///< likewise
};

}
