// Signals: what is pending, what is blocked, what is done about each. man 7 signal.
//
// A thread group has a shared queue and (through SignalHandlers, which CLONE_SIGHAND shares) its actions; each task has a queue of its
// own and a mask. Sending decides what happens at once (ignore, stop, continue, kill); delivery is at the task's way back to the guest.
#pragma once

#include "engine/base/guest_addr.h"
#include "engine/base/ref.h"
#include "engine/base/result.h"
#include "engine/kernel/wait_queue.h"

#include <array>
#include <csignal>
#include <cstdint>
#include <deque>
#include <optional>

namespace ringside::kernel {

class Credentials;
class ProcessGroup;
class Task;
class ThreadGroup;

constexpr int signal_count = 64;

/// A set of signals as the kernel's sigset_t: bit n-1 is signal n.
class SignalSet {
public:
    constexpr SignalSet() = default;
    constexpr explicit SignalSet(std::uint64_t bits) : bits_(bits) { }
    constexpr std::uint64_t bits() const { return bits_; }
    static constexpr SignalSet of(std::initializer_list<int> signals)
    {
        SignalSet set;
        for (int signo : signals)
            set.add(signo);
        return set;
    }
    constexpr bool has(int signo) const { return (bits_ & bit(signo)) != 0; }
    constexpr void add(int signo) { bits_ |= bit(signo); }
    constexpr void remove(int signo) { bits_ &= ~bit(signo); }
    constexpr bool empty() const { return bits_ == 0; }
    friend constexpr SignalSet operator|(SignalSet a, SignalSet b) { return SignalSet(a.bits_ | b.bits_); }
    friend constexpr SignalSet operator&(SignalSet a, SignalSet b) { return SignalSet(a.bits_ & b.bits_); }
    friend constexpr SignalSet operator~(SignalSet a) { return SignalSet(~a.bits_); }
    friend constexpr bool operator==(SignalSet, SignalSet) = default;

private:
    static constexpr std::uint64_t bit(int signo) { return std::uint64_t {1} << (signo - 1); }
    std::uint64_t bits_ = 0;
};

constexpr SignalSet unblockable = SignalSet::of({SIGKILL, SIGSTOP});
/// Raised by an instruction of the task itself: taken first.
constexpr SignalSet synchronous_signals = SignalSet::of({SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS});

enum class DefaultAction { ignore, terminate, core, stop, cont };
DefaultAction default_action(int signo);

/// As the guest gives it to rt_sigaction.
struct SignalAction {
    std::uint64_t handler = 0; ///< SIG_DFL, SIG_IGN or an address
    std::uint64_t flags = 0;   ///< SA_*
    std::uint64_t restorer = 0;
    std::uint64_t mask = 0;
};
// Constants of the kernel's interface that the C library does not name.
namespace abi {
constexpr std::uint64_t sa_restorer = 0x0400'0000;
constexpr unsigned ss_autodisarm = 1U << 31;
constexpr std::uint64_t min_alt_stack = 2048; ///< MINSIGSTKSZ
}

constexpr std::uint64_t handler_default = 0;
constexpr std::uint64_t handler_ignore = 1;

/// siginfo_t has the kernel's layout; all of its 128 bytes are zero where nothing is said.
siginfo_t make_siginfo(int signo, int code);
/// Sent by kill(2) and the like: with the sender's pid and uid.
siginfo_t user_siginfo(const Task& sender, int signo, int code);

/// Pending signals: a standard one at most once, real-time ones in order (man 7 signal).
class SignalQueue {
public:
    /// False where a standard signal was pending already.
    bool add(const siginfo_t& info);
    SignalSet pending() const { return pending_; }
    /// Takes the next signal of `wanted`: synchronous ones first, then the lowest number.
    std::optional<siginfo_t> take(SignalSet wanted);
    void discard(SignalSet signals);
    /// Discards what timer `id` has queued; whether one was there.
    bool has_timer(int timer_id) const;
    void clear();
    std::size_t size() const { return queue_.size(); }

private:
    SignalSet pending_;
    std::deque<siginfo_t> queue_;
};

/// The actions, shared by CLONE_SIGHAND.
class SignalHandlers : public RefCounted {
public:
    const SignalAction& get(int signo) const { return actions_[static_cast<std::size_t>(signo - 1)]; }
    void set(int signo, const SignalAction& action) { actions_[static_cast<std::size_t>(signo - 1)] = action; }
    Ref<SignalHandlers> copy() const;
    /// execve: handlers become SIG_DFL, ignored ones stay so.
    void reset_for_exec();
    /// Would it be thrown away (SIG_IGN, or SIG_DFL where the default is to ignore)?
    bool ignored(int signo) const;
    /// signalfd pollers hang here.
    WaitQueue signalfd_queue;

private:
    std::array<SignalAction, signal_count> actions_ {};
};

/// The signal state of one task.
class TaskSignals {
public:
    SignalSet blocked() const { return blocked_; }
    /// Sets the mask (SIGKILL and SIGSTOP never stay in it).
    void set_blocked(SignalSet set) { blocked_ = set & ~unblockable; }
    /// For pselect, ppoll, epoll_pwait, sigsuspend: the mask until the call returns; the old one comes back after a handler was
    /// set up, or at the return when none was.
    void set_temporary(SignalSet set);
    /// Puts the saved mask back now (the call was not interrupted).
    void restore_saved();
    /// The mask that a handler's return restores; forgets that there was a saved one.
    SignalSet take_saved_or_blocked();
    bool has_saved() const { return saved_.has_value(); }
    /// Blocked signals that the task sleeps for (sigtimedwait): they wake it, and are blocked all the same, so that none of them is thrown
    /// away as ignored (task_struct's real_blocked). Empty: it waits no more.
    void await(SignalSet set);
    /// Blocked, awaited or not.
    bool holds_back(int signo) const { return blocked_.has(signo) || awaited_.has(signo); }

    SignalQueue queue; ///< sent to this task alone

    // sigaltstack
    std::uint64_t alt_stack = 0;
    std::uint64_t alt_size = 0;
    int alt_flags = 0; ///< SS_DISABLE, SS_AUTODISARM; a size of 0 says disabled, too
    /// Does `sp` stand on the alternate stack? (on_sig_stack)
    bool on_alt_stack(std::uint64_t sp) const;

private:
    SignalSet blocked_;
    SignalSet awaited_; ///< taken out of blocked_ meanwhile
    std::optional<SignalSet> saved_;
};

// Sending. None of them blocks. `info.si_signo` says which; 0 does nothing.

/// To a process: any thread that does not block it takes it.
void send_signal(ThreadGroup& group, const siginfo_t& info);
/// To one task.
void send_signal(Task& task, const siginfo_t& info);
/// To every process of a process group: the terminal's way (^C, SIGWINCH, SIGTTOU, …).
void send_signal(ProcessGroup& processes, const siginfo_t& info);
/// A signal that the task's own instruction caused: where it is blocked or ignored, the task dies of it (force_sig_info).
void force_signal(Task& task, const siginfo_t& info);
/// write(2) to a pipe or socket without a reader: the caller returns EPIPE.
void raise_sigpipe(Task& task);
/// May `sender` send `signo` to it? EPERM (kernel/signal.c, check_kill_permission). 
Result<void> may_signal(const Task& sender, const ThreadGroup& target, int signo);
/// Takes the next pending signal among `wanted`, from the task's queue, then the group's. For signalfd, sigtimedwait.
std::optional<siginfo_t> dequeue_signal(Task& task, SignalSet wanted);
/// All that are pending for the task (both queues).
SignalSet pending_signals(const Task& task);

}
