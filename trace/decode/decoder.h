// Renders events as strace does: `openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3</etc/passwd>`, and as trees for the inspector.
//
// Works on any EventSource. Data is hostile: depth, sizes and counts are bounded, and what was not recorded is shown as the
// bare address, as strace does.
#pragma once

#include "trace/decode/node.h"
#include "trace/event_view.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::trace {

struct DecodeOptions {
    std::size_t string_limit = 32; ///< -s: bytes of a string that are shown, then "..."
    bool verbose = false;          ///< -v: environment and all fields of long structs
    bool fd_paths = true;          ///< -y: 3</etc/passwd>
    std::size_t align = 40;        ///< -a: the column of "= result"; 0: one space
};

/// An event, taken apart. For a syscall `name` is its name and `args` its arguments; for all else `name` is a word for the
/// kind ("signal", "exit", "exec", …) and `args` what is known of it.
struct Decoded {
    std::string name;
    std::vector<Node> args;
    std::size_t resumed_at = 0; ///< the first argument that is known only when the call ends (strace prints it then)
    Node result;                ///< "3</etc/passwd>", "-1 ENOENT (No such file or directory)", "?"
    std::vector<Node> extra;    ///< what strace adds behind the result: "([{fd=3, revents=POLLIN}])"
    bool has_result = false;
};

class Decoder {
public:
    explicit Decoder(EventSource& source, DecodeOptions options = {});

    const DecodeOptions& options() const { return options_; }

    /// The tree of an event. Costs its data and a few keyed look-ups. A resume is decoded as the call that it completes.
    Decoded decode(const Event& event);

    /// The whole line, without pid and time. A call that has come back is complete here, even where it blocked. A resume
    /// gives "<... read resumed>…".
    Line line(const Event& event);
    /// A call that blocked, as strace prints it while something else happens: "read(0,  <unfinished ...>". `column` is
    /// how many bytes the caller has put before it on the line.
    Line unfinished(const Event& event);
    /// The rest of such a call: "<... read resumed>"x", 1) = 1". Takes the call, not its resume row.
    Line resumed(const Event& call, std::size_t column = 0);
    /// As line(), aligned for a caller that has put `column` bytes before it.
    Line line_at(const Event& event, std::size_t column);

    /// The arguments alone, as text: `3</etc/passwd>, "root:x"..., 4096`. For columns and the filter field `args`.
    Line arguments(const Event& event);
    /// The result alone: "-1 ENOENT (No such file or directory)"; empty for what has none.
    Line result(const Event& event);

private:
    EventSource& source_;
    DecodeOptions options_;
};

/// The call's or event's name as filters and columns show it: "openat", "SIGSEGV", "exit", "cpuid"…
std::string event_name(const Event& event);
/// "syscall", "signal", … and back; empty, or false, for what is none.
std::string_view event_kind_name(EventKind kind);
std::string_view verdict_name(Verdict verdict);

}
