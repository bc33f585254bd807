// A task: one guest thread as the kernel sees it. Owns its kernel stack (a fiber), its registers and its place in a thread group.
// Handlers get a Task& and reach everything from here.
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/boundary/host_call.h"
#include "engine/kernel/wait_queue.h"
#include "engine/platform/platform.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ringside::mm {
class AddressSpace;
class MemoryFile;
}
namespace ringside::fs {
class FileTable;
class FsContext;
class File;
}
namespace ringside::record {
class TaskRecorder;
}

namespace ringside::kernel {

class Kernel;
class ThreadGroup;
class Credentials;
class Fiber;
class Limits;
class ShareGroup;
class Sleeper;
class TaskSignals;
class ThreadGroup;
class Timer;
struct Usage;
using Pid = std::int32_t;

/// Something that happens once, and that a task waits for.
struct Completion : RefCounted {
    bool done = false;
    WaitQueue queue;
    void complete()
    {
        done = true;
        queue.wake_all();
    }
};

class Task : public RefCounted {
public:
    Kernel& kernel() const { return kernel_; }
    Pid tid() const { return tid_; }
    ThreadGroup& group() const { return *group_; }
    /// Never null while the task lives.
    mm::AddressSpace& mm() const { return *mm_; }
    fs::FileTable& files() const { return *files_; }
    /// Root, working directory, umask.
    fs::FsContext& fs_context() const { return *fs_context_; }
    const Credentials& credentials() const { return *credentials_; }
    Limits& limits() const; ///< of the thread group
    TaskSignals& signals() const { return *signals_; }
    const std::string& comm() const { return comm_; }
    platform::Registers& registers();
    /// The recorder's state of this task; inert in `run`.
    record::TaskRecorder& recorder() const { return *recorder_; }
    mm::MemoryFile& memory() const;

    /// A signal that is not blocked is pending (or the task is being killed): interruptible waits end.
    bool signal_pending() const;
    /// The task will die of what is pending: killable waits end.
    bool fatal_signal_pending() const;

    platform::Thread& thread() const { return *thread_; }
    /// What the event being served has cost; the worker's account while its fiber runs.
    host::Account& account() { return account_; }
    ShareGroup& share_group() const { return *share_group_; }
    /// Publishes new credentials.
    void set_credentials(Ref<const Credentials> credentials);
    /// At most 15 bytes are kept (prctl PR_SET_NAME).
    void set_comm(std::string_view name);
    void set_files(Ref<fs::FileTable> files);
    void set_fs_context(Ref<fs::FsContext> context);
    /// Up to now, also while it runs in the guest.
    Usage usage() const;
    /// As ps shows it: R, S, D, T, Z.
    char state_letter() const;
    bool exiting() const { return exiting_; }
    /// What it did in the guest has ended with an event, so that replay comes to the same point.
    bool at_event() const { return at_event_; }
    /// It has memory: not so once it has ended.
    bool has_memory() const { return static_cast<bool>(mm_); }
    /// The call that is served (rax at entry), -1 outside of one.
    long syscall_nr() const { return syscall_nr_; }
    /// exec and sigreturn: the registers are as they are to be, no result is stored.
    void registers_are_replaced()
    {
        registers_replaced_ = true;
        syscall_nr_ = -1;
    }
    /// exit(2): the thread ends at its way back. `status` as wait4 gives it.
    void exit(int status)
    {
        exit_code_ = status;
        exiting_ = true;
    }
    /// restart_syscall(2).
    Result<long> restart_call()
    {
        auto function = std::exchange(restart_, {});
        return function ? function(*this) : Result<long>(Errno(EINTR));
    }
    /// For a call that returns ERESTART_RESTARTBLOCK: what restart_syscall(2) does.
    void set_restart(std::function<Result<long>(Task&)> function) { restart_ = std::move(function); }

    /// Makes it leave the guest after `delay` (kernel/preemption.h).
    void preempt_in(Nanoseconds delay);
    /// It no longer uses the address space that it borrowed (vfork).
    void release_vfork_parent();

    // Kept for the guest, as set by set_tid_address, set_robust_list and prctl.
    GuestAddr clear_child_tid;
    GuestAddr robust_list;
    bool left_futexes = false; ///< it ends: locks that it held are others' now, and it can be no owner
    std::uint64_t personality = 0;
    std::uint64_t timer_slack = 50'000;
    int parent_death_signal = 0;
    int nice = 0;
    unsigned io_priority = 0; ///< ioprio_set(2); 0: by its niceness
    int policy = 0; ///< SCHED_OTHER, SCHED_BATCH or SCHED_IDLE: kept and told
    bool resets_on_fork = false; ///< SCHED_RESET_ON_FORK
    /// Which processors it may use, one bit each, as sched_setaffinity last said; empty: all. The host schedules as it likes.
    std::vector<std::uint64_t> affinity;

    // The one copy-in and the one copy-out. Everything that passes is recorded.
    Result<void> copy_in(GuestAddr from, std::span<std::byte> to);
    Result<void> copy_out(GuestAddr to, std::span<const std::byte> from);
    template<typename T>
    Result<T> copy_in(GuestPtr<T> from)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        T value {};
        TRY(copy_in(from.addr(), std::as_writable_bytes(std::span(&value, 1))));
        return value;
    }
    template<typename T>
    Result<void> copy_out(GuestPtr<T> to, const std::type_identity_t<T>& value)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        return copy_out(to.addr(), std::as_bytes(std::span(&value, 1)));
    }
    /// Puts `desired` where `expected` is, at once for other threads: what was there. The word's address is a multiple of 4. EFAULT.
    Result<std::uint32_t> compare_exchange(GuestPtr<std::uint32_t> word, std::uint32_t expected, std::uint32_t desired);
    /// An array; E2BIG is the caller's to check before: `count` elements are allocated.
    template<typename T>
    Result<std::vector<T>> copy_in_array(GuestPtr<T> from, std::size_t count)
    {
        static_assert(std::is_trivially_copyable_v<T>);
        std::vector<T> values(count);
        TRY(copy_in(from.addr(), std::as_writable_bytes(std::span(values))));
        return values;
    }
    /// A NUL-terminated string of fewer than `max` bytes. ENAMETOOLONG when there is no NUL among them, EFAULT.
    Result<std::string> copy_in_string(GuestAddr from, std::size_t max);
    /// The same, for callers that record what they read themselves (record::GatheredInput).
    Result<std::string> read_string(GuestAddr from, std::size_t max);
    /// A path: at most PATH_MAX with its NUL.
    Result<std::string> copy_in_path(GuestPtr<const char> from) { return copy_in_string(from.addr(), 4096); }

private:
    friend class Kernel;
    friend class Scheduler;
    friend class Sleeper;
    friend class ProcessTable;
    friend struct Exit;
    friend struct Exec;
    friend struct Fork;
    friend struct JobControl;
    friend struct Signals;
    friend struct SignalDelivery;
    friend struct TaskLoop;
    friend struct ReplayTask;
    /// Where it is. A task that is in the guest or asleep stands in no queue of the scheduler.
    struct Fault {
        std::uint64_t error = 0, trapno = 0, cr2 = 0;
    };
    enum class State { fresh, ready, running, asleep, in_guest, dead };

    Task(Kernel& kernel, Pid tid);
    ~Task() override;
    Kernel& kernel_;
    Pid tid_;
    Ref<ThreadGroup> group_;
    Ref<mm::AddressSpace> mm_;
    Ref<fs::FileTable> files_;
    Ref<fs::FsContext> fs_context_;
    Ref<const Credentials> credentials_;
    std::unique_ptr<TaskSignals> signals_;
    std::unique_ptr<record::TaskRecorder> recorder_;
    std::string comm_;
    std::unique_ptr<platform::Thread> thread_;
    platform::Registers no_registers_ {};   ///< while it has no thread yet, or no more
    std::unique_ptr<Fiber> fiber_;
    Ref<ShareGroup> share_group_;
    host::Account account_;
    State state_ = State::fresh;
    platform::Event event_ {};              ///< what brought it from the guest
    Sleeper* sleeper_ = nullptr;            ///< the sleep it is in
    Interruptible sleep_ = Interruptible::no;
    bool stopped_here_ = false;             ///< by job control
    bool exiting_ = false;                  ///< ends at its way back to the guest
    int exit_code_ = 0;                     ///< wait status of this thread's own end
    long syscall_nr_ = -1;                  ///< the call being served (rax at entry), -1: none
    std::function<Result<long>(Task&)> restart_;
    bool registers_replaced_ = false;       ///< by exec or sigreturn: no result is stored
    bool at_event_ = true;                  ///< what it did in the guest has ended with an event: replay comes to the same point
    Ref<Completion> vfork_done_;            ///< its parent waits for it to let go of the address space
    Fault fault_;                           ///< what a signal frame shows of the last fault
    std::unique_ptr<Timer> preemption_;     ///< in recordings: when it is asked to leave the guest
    Nanoseconds last_switch_ = 0;           ///< when it last went to the guest or came from it
    std::function<void(Task&)> first_;      ///< what its fiber does first: the first process' start
    Ref<Task> self_;                        ///< keeps it until it is released
    std::unique_ptr<Usage> usage_;
};

/// The host work of one blocking call, away from the kernel lock: `work` runs on an I/O helper thread and touches no kernel state;
/// the fiber waits, uninterruptibly unless `interruptible` (then ERESTARTSYS, and the result is thrown away when it comes).
Result<long> offload(Task& task, std::function<Result<long>()> work, bool interruptible = false);
/// Waits until a host descriptor is ready for `events` (an epoll of the I/O helpers). ERESTARTSYS, ETIMEDOUT as WaitQueue::wait.
Result<void> wait_host_ready(Task& task, int host_fd, PollMask events, std::optional<Nanoseconds> deadline = {});

}
