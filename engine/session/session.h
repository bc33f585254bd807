// The one header that app/ and ui/ use to start, watch and stop a sandbox. No engine internals in it.
//
// A Session is the supervisor's side: it owns the trace file, the recorder's thread and the process of the Sentry, which it does not
// trust. All members may be called from one thread at a time, but signal(), kill() and progress(), which any thread may call.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringside::session {

enum class Mode { run, record, replay, boundary };
/// full: namespaces, Landlock, seccomp. reduced: Landlock and seccomp alone, for hosts that forbid namespaces.
enum class Confinement { full, reduced };

/// A folder or file of the host that the guest shares.
struct Bind {
    std::string source; ///< on the host
    std::string target; ///< in the guest, absolute
    bool read_only = false;
};

struct TraceOptions {
    std::string path;               ///< made with mode 0600
    bool force = false;             ///< overwrite an existing file
    bool numbered = false;          ///< the name is nobody's choice: where it is taken, NAME-2, NAME-3, … before its extension
    std::uint64_t data_cap = 4096;  ///< bytes kept of what a call reads from the guest, an argument
    std::string filter;             ///< capture filter, empty: everything
};

/// Traps at a `syscall` instruction after which it is patched. A few: what runs once or twice would only pay for it.
constexpr std::uint32_t default_patch_after = 8;

/// The guest's RLIMIT_NOFILE at its start.
struct OpenFiles {
    std::uint64_t soft, hard;
};

struct SessionOptions {
    std::vector<std::string> argv;  ///< argv[0] is looked for in the guest's PATH, as a shell does
    std::vector<std::string> env;   ///< "K=V"; the guest's whole environment
    std::string cwd;                ///< in the guest, absolute
    std::string root = "/";         ///< the folder of the host that the guest sees as /
    std::vector<Bind> binds;
    std::uint64_t memory = 0;       ///< bytes the guest may use, 0: no limit of ours
    std::uint32_t pids = 0;         ///< processes and threads the guest may have, 0: no limit of ours
    Confinement confinement = Confinement::full;
    Mode mode = Mode::run;
    TraceOptions trace;             ///< record: what is written; replay: what is read
    std::array<int, 3> stdio {0, 1, 2}; ///< become the guest's descriptors 0-2; -1: closed
    std::uint32_t patch_after = default_patch_after; ///< system calls are patched in the guest's code at their so-manieth trap, 0: never
    std::optional<OpenFiles> open_files; ///< none: as this process has them
    std::optional<int> cpu;         ///< pin to this processor; none: chosen by the Sentry
    std::string hand_over;          ///< hidden: futex, spin or gang alone, for benchmarks; else chosen as it goes
    bool restore_terminal = true;   ///< put the terminal's settings back at the end
    std::vector<std::string> self_test; ///< hidden: run the Sentry's tests of its own confinement instead of a guest
};

/// How a session ended.
struct Outcome {
    enum class Kind {
        exited,      ///< `value` is the exit status
        killed,      ///< `value` is the signal that ended the first process
        not_started, ///< the program could not be executed: `value` is 126 or 127, as a shell gives them
        failed,      ///< Ringside itself failed
    };
    Kind kind = Kind::failed;
    int value = 125;
    std::string message; ///< one line, for not_started and failed; also a recording that was cut although the guest ended well
    std::string report;  ///< boundary: what was found, as JSON; replay: the result's text

    /// As a shell shows it: the status, 128+n, 125-127.
    int exit_status() const;
};

/// How a recording goes. Cheap: for a display ten times a second.
struct Progress {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;
    bool recording = false;
};

class Session {
public:
    /// Starts a sandbox. On failure a session that has ended already: wait() tells why. Never throws.
    static std::unique_ptr<Session> start(const SessionOptions& options);
    ~Session(); ///< kills what still runs, finishes the trace

    enum class State { running, stopped, ended };
    /// Waits until the guest's first job is stopped as a whole (Ctrl-Z), the session has ended, or the time is over (then: running).
    State wait(std::optional<std::chrono::milliseconds> timeout = {});
    /// Valid once wait() has said `ended`.
    const Outcome& outcome() const;

    /// Delivers a signal to the guest: `from_terminal` to the foreground group, as a terminal's keys do, else to the first process.
    void signal(int signo, bool from_terminal);
    /// Continues a stopped guest (SIGCONT).
    void resume();
    /// Ends the guest and the Sentry at once. wait() then says so.
    void kill();
    /// Ends the guest gently: its first process gets SIGTERM, after two seconds the whole sandbox is killed.
    void stop();

    /// Mode::boundary: the Sentry's report of itself, while it stays as it is until finish(). None: it ended, or the time is over.
    std::optional<std::string> wait_report(std::chrono::milliseconds timeout);
    void finish();

    Progress progress() const;
    /// Becomes readable when wait() has news (for a main loop of one's own).
    int descriptor() const;
    /// Process id of the Sentry's outer process, 0 when there is none (for `ringside boundary` and tests).
    int process_id() const;

private:
    struct State_;
    explicit Session(std::unique_ptr<State_> state);
    std::unique_ptr<State_> state_;
};

/// The path of `ringside-sentry`: beside the running program, or in ../libexec/ringside. Empty when there is none.
std::string find_sentry();

}
