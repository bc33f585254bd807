// The kernel of one sandbox: everything that would be a global variable hangs here. One worker thread at a time is in it.
#pragma once

#include "engine/base/result.h"
#include "engine/boundary/host_call.h"
#include "engine/kernel/credentials.h"
#include "engine/kernel/fiber.h"
#include "engine/kernel/io_helpers.h"
#include "engine/kernel/limits.h"
#include "engine/kernel/pid_table.h"
#include "engine/kernel/scheduler.h"
#include "engine/kernel/timers.h"
#include "engine/kernel/workers.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ringside::record {
class Recorder;
}
namespace ringside::fs {
struct KernelState;
}
namespace ringside::net {
class NetState;
}

namespace ringside::kernel {

class FutexTable;
class Random;

enum class Mode { run, record };

/// Why the first program could not be executed.
struct StartFailure {
    Errno error;
    std::string reason; ///< a few words for a person
};

struct Options {
    Mode mode = Mode::run;
    std::vector<std::string> argv;
    std::vector<std::string> environment;
    Uid uid = 0;
    Gid gid = 0;
    std::vector<Gid> groups;
    std::string hostname = "ringside";
    std::size_t pid_limit = 32768;       ///< --pids: tasks at one time
    std::uint64_t memory_limit = 0;      ///< --memory, bytes; 0: none. What sysinfo and /proc/meminfo show
    int processors = 1;                  ///< what the guest is told; one in recordings
    std::array<std::byte, 32> seed {};   ///< of getrandom, AT_RANDOM and the layout of address spaces
    Limits limits;                       ///< of the first process
    bool trap_instructions = false;      ///< the platform traps rdtsc (and cpuid)
    /// Every job of the first process' group has stopped (^Z): the supervisor stops itself, as a shell's job would. May be empty.
    std::function<void(int signo)> first_process_stopped;
};

class Kernel {
public:
    /// Starts the I/O helpers: before the seccomp filter is in force. Platform, memory and recorder must outlive it.
    static Result<std::unique_ptr<Kernel>> create(Options options, platform::Platform& platform, mm::MemoryFile& memory, record::Recorder& recorder);
    ~Kernel();

    /// Makes the first process and executes argv[0] in it, found along PATH where it has no slash. Returns when the program is ready
    /// to run, or with why it can't (ENOENT, EACCES, ENOEXEC, …).
    Result<std::optional<StartFailure>> start(Ref<fs::FsContext> fs_context, Ref<fs::FileTable> files);
    /// The main loop: until the last process has ended. The first one's wait status.
    int run();

    const Options& options() const { return options_; }
    bool recording() const { return options_.mode == Mode::record; }
    platform::Platform& platform() const { return platform_; }
    mm::MemoryFile& memory() const { return memory_; }
    record::Recorder& recorder() const { return recorder_; }
    Scheduler& scheduler() { return scheduler_; }
    TimerQueue& timers() { return timers_; }
    IoHelpers& io() { return *io_; }
    HostPoller& host_poller() { return *host_poller_; }
    ProcessTable& processes() { return processes_; }
    FutexTable& futexes() { return *futexes_; }
    StackPool& stacks() { return stacks_; }
    /// Bytes of the sandbox's random generator.
    void random(std::span<std::byte> to);
    /// Bytes of memory that the guest is told of: --memory, else the host's.
    std::uint64_t total_memory() const { return total_memory_; }
    /// The session that the first process starts in; its leader is outside of the sandbox.
    Session& first_session() const { return *first_session_; }
    /// From the supervisor (after the first process' end those that ask for an end kill what is left): SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGWINCH, SIGCONT … to the terminal's foreground group.
    void terminal_signal(int signo);
    /// Ends the sandbox: every process as by SIGKILL.
    void kill_all();
    /// A second worker on that processor may serve too. Before the filter; -1: there is none.
    void start_second_worker(int processor);
    /// Where a worker charges host calls that serve no event; null where nothing is recorded, so that nobody counts.
    host::Account* idle() { return recording() ? &idle_account : nullptr; }

    /// What fs keeps for the whole kernel (mounts, inode numbers, the terminal).
    std::shared_ptr<fs::KernelState> fs;
    /// Names, ports and counts of sockets; made by the first of them.
    Ref<net::NetState> net;
    std::string hostname;
    std::string domainname = "(none)";
    /// Host calls that serve no event. Counted, not timed: they are sleeps, and hand-overs to guests.
    host::Account idle_account {host::Account::Timing::none};
    Nanoseconds boot_time = 0; ///< CLOCK_MONOTONIC when the kernel was made
    /// forks since then, /proc/stat
    std::uint64_t forks = 0;

private:
    Kernel(Options options, platform::Platform& platform, mm::MemoryFile& memory, record::Recorder& recorder);
    friend struct Exit;
    friend struct Fork;
    friend struct ReplayTask;
    Result<void> make_first(Ref<fs::FsContext> fs_context, Ref<fs::FileTable> files);
    void take_event(const platform::Event& event);
    /// One turn of the main loop: what is due, what is ready, then the next event.
    void turn();
    Options options_;
    platform::Platform& platform_;
    mm::MemoryFile& memory_;
    record::Recorder& recorder_;
    StackPool stacks_;
    TimerQueue timers_;
    Scheduler scheduler_;
    std::unique_ptr<IoHelpers> io_;
    std::unique_ptr<HostPoller> host_poller_;
    ProcessTable processes_;
    std::unique_ptr<FutexTable> futexes_;
    std::unique_ptr<Random> random_;
    Ref<Session> first_session_;
    std::vector<Ref<ThreadGroup>> orphans_; ///< children of the reaper
    std::uint64_t total_memory_ = 0;
    std::optional<int> first_status_;
    SignalSet asked_to_end_; ///< signals that came from the supervisor
    bool started_ = false; ///< or failed to
    std::optional<StartFailure> start_failure_;
    Nanoseconds last_flush_ = 0;
    std::function<bool()> replay_done_; ///< set while the player's tasks run, which have no processes
    std::vector<Ref<Task>> graveyard_; ///< ended: freed by the main loop, when their fibers are left
    Workers workers_;
};

}
