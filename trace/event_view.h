// An event as it is read back from a trace, and what a reader may ask about it. Decoder, filters and exporters work on these
// alone, so they need no SQLite: TraceFile (trace/trace_file.h) is the EventSource for files, tests use one made of vectors.
#pragma once

#include "trace/record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::trace {

using StringId = std::uint32_t; ///< a row of table `string`; 0 is "none"
using ObjectId = std::uint64_t; ///< a row of table `object`; 0 is "none"

/// One row of table `event`. A call that blocked has the result of its completing row filled in (`done` is that row's id).
struct Event {
    EventId id = 0;
    EventKind kind = EventKind::syscall;
    Verdict verdict = Verdict::served;
    std::uint8_t flags = 0; ///< event_flag; has_ret says whether `ret` is valid (for a blocked call: whether it came back)
    std::uint8_t arity = 6; ///< how many of `args` are meaningful, from the syscall table
    std::int32_t nr = 0;
    ThreadId thread = 0;
    std::uint64_t ts = 0;  ///< nanoseconds since the recording began
    std::uint64_t dur = 0; ///< nanoseconds from entry to the end; for a call that has not come back: until it blocked
    std::int64_t ret = 0;  ///< raw: -4095..-1 is an errno
    std::array<std::uint64_t, 6> args{};
    std::uint64_t ip = 0;
    EventId of = 0;    ///< resume: the call that it completes
    EventId done = 0;  ///< a call that blocked: the row that completes it, 0 while it has none
    EventId waker = 0; ///< resume: the event that ended the wait
    std::uint64_t regs_hash = 0;
    ObjectId object = 0;
    StringId path = 0;
    std::uint32_t host_calls = 0;

    bool has_ret() const { return (flags & event_flag::has_ret) != 0; }
    bool failed() const { return has_ret() && ret < 0 && ret >= -4095; }
    int error() const { return failed() ? static_cast<int>(-ret) : 0; } ///< the errno, 0 where the call did not fail
};

/// A piece of what was copied in or out. Chunks of one copy share `arg`, `direction`, `address` of the first and `length`.
struct DataChunk {
    EventId event = 0;         ///< the row on which it hangs (for a blocked call's output: the completing row)
    std::uint8_t arg = 255;    ///< 0..5; 255 where no argument points there
    Direction direction = Direction::in;
    std::uint8_t flags = 0;    ///< data_flag
    bool damaged = false;      ///< the file holds other bytes than were recorded; `bytes` is empty
    std::uint64_t address = 0; ///< in the guest, of this chunk
    std::uint64_t offset = 0;  ///< of this chunk in the whole copy
    std::uint64_t length = 0;  ///< true length of the whole copy; more than what is kept where `capped`
    std::vector<std::byte> bytes;

    bool capped() const { return (flags & data_flag::capped) != 0; }
};

struct ObjectInfo {
    ObjectId id = 0;
    ObjectKind kind = ObjectKind::other;
    std::string path; ///< or another name: "pipe:[12]"
};

struct ExecInfo {
    EventId event = 0;
    ProcessId process = 0;
    std::string path;
    std::string comm;
    std::vector<std::string> argv;
};

/// Where events come from. All look-ups answer "none" (0, empty, nullopt) for what is unknown: a trace may be hostile.
class EventSource {
public:
    virtual ~EventSource() = default;

    /// The highest event id; rows are 1..last_event().
    virtual EventId last_event() = 0;
    virtual std::optional<Event> event(EventId id) = 0;
    /// All data of the row, in order. For a call that blocked: its own rows, then those of the row that completes it.
    virtual std::vector<DataChunk> data(const Event& event) = 0;
    virtual std::string string(StringId id) = 0;
    virtual ObjectInfo object(ObjectId id) = 0;
    /// The path of `fd` of `process` just before `event`, for rendering as strace -y does; empty when not known.
    virtual std::string fd_path(ProcessId process, int fd, EventId event) = 0;
    virtual ProcessId process_of(ThreadId thread) = 0;
    /// The thread's name when `event` happened.
    virtual std::string comm(ThreadId thread, EventId event) = 0;
    /// What was executed by an exec event or an execve call that succeeded.
    virtual std::optional<ExecInfo> exec(EventId event) = 0;
    /// Whether this failed call is part of a search that found what it looked for, or a probe of the loader (trace/expected.h).
    virtual bool expected_search(const Event&) { return false; }
};

/// "ENOENT" for 2, also the kernel's restart codes (512: "ERESTARTSYS"); empty for what is no errno of Linux.
std::string_view errno_name(int number);
/// As strerror(3) in the C locale: "No such file or directory".
std::string_view errno_text(int number);
/// The number of "ENOENT", 0 when there is none of that name.
int errno_number(std::string_view name);

}
