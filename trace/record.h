// The binary records that the Sentry writes into the ring and the recorder reads out of it.
//
// This is the contract between engine/ and trace/, and a boundary upwards: the recorder trusts none of it. A record is a
// RecordHeader and a fixed body, followed by `size - sizeof(header) - sizeof(body)` bytes of payload where the kind has one.
// Records are padded to 8 bytes in the ring; `size` says the true length. All integers are little-endian host integers.
//
// Order. Event ids are dense in the ring: an event record carries the id after the last one's, and its `ts` is not lower. Whatever
// refers to an event may come before that event's record by one (id <= last + 1) and any time after it. A process, thread,
// object or blob is introduced before it is named. `resume` names a call whose record had no has_ret.
#pragma once

#include <array>
#include <cstdint>

namespace ringside::trace {

using EventId = std::uint64_t;   ///< dense from 1, in the order of entry; 0 is "none" (start-up)
using ThreadId = std::uint32_t;  ///< the guest's tid in the root pid namespace; never used twice in one trace
using ProcessId = std::uint32_t; ///< the guest's tgid; never used twice in one trace

enum class RecordKind : std::uint16_t {
    event = 1,    ///< EventRecord, payload: the path (may be empty), not terminated
    data,         ///< DataRecord, payload: the bytes, unless a blob is named
    blob,         ///< BlobRecord, payload: the bytes
    process,      ///< ProcessRecord: a process begins
    process_end,  ///< ProcessEndRecord
    thread,       ///< ThreadRecord: a thread begins
    thread_end,   ///< ThreadEndRecord
    exec,         ///< ExecRecord, payload: path, NUL, comm, then a NUL and an argument for each of argv
    comm,         ///< CommRecord, payload: the thread's new name
    object,       ///< ObjectRecord, payload: path or other name: an open file description's target
    fd_open,      ///< FdRecord: number now refers to object
    fd_close,     ///< FdRecord: number refers to nothing from this event on
    mapping,      ///< MappingRecord: a range of the address space is from now on so (prot, object), or unmapped
    host_call,    ///< HostCallRecord: what the Sentry asked of the host while serving an event
    meta,         ///< MetaRecord, payload: key, NUL, value
    commit_hint,  ///< no body: commit now (before a long wait)
    end,          ///< EndRecord: the Sentry ends cleanly; nothing follows
};

struct RecordHeader {
    std::uint32_t size; ///< of header, body and payload together
    RecordKind kind;
    std::uint16_t reserved;
};

enum class EventKind : std::uint8_t {
    syscall = 1, ///< nr, a0..a5, ret
    resume,      ///< a call (or another event) that blocked ends: `of` is its id, ret its result
    signal,      ///< a signal is delivered: nr its number, a0 si_code, a1 handler or 0, a2 address or sender; data row: siginfo
    fault,       ///< a fault of the guest that becomes a signal: nr the signal, a0 address, a1 error code
    page_in,     ///< pieces of a mapping were made present: a0 address, a1 length; data rows: the content
    instruction, ///< a trapped instruction: nr a TrappedInstruction, ret its result (CPUID: data row with the four registers)
    exec,        ///< a new program begins in the thread (the execve itself is a syscall event)
    exit,        ///< a thread ends: ret its wait status; nr 1 where the whole process ends
    stop,        ///< a process is stopped or continued by job control: nr the signal
    preempt,     ///< the thread was preempted
    policy,      ///< a rule acted
    marker,      ///< other notes of the Sentry; path holds the text
};

enum class TrappedInstruction : std::int32_t { rdtsc = 1, rdtscp = 2, cpuid = 3 };

enum class Verdict : std::uint8_t { served = 0, denied, injected, unsupported };

namespace event_flag {
constexpr std::uint8_t has_ret = 1;    ///< ret is valid (else the call blocked, or never returned)
constexpr std::uint8_t restarted = 2;  ///< a call restarted after a signal
constexpr std::uint8_t fatal = 4;      ///< the process ends through this
}

struct EventRecord {
    RecordHeader header;
    EventId id;
    std::uint64_t ts;   ///< nanoseconds since the recording began
    std::uint64_t dur;  ///< nanoseconds in the kernel; 0 while the call blocks
    std::int64_t ret;   ///< the raw result: -4095..-1 is an errno
    std::array<std::uint64_t, 6> args;
    std::uint64_t ip;        ///< the guest's own address of the instruction
    EventId of;              ///< for resume
    EventId waker;           ///< the event that ended the wait, 0: time or the outside
    std::uint64_t regs_hash; ///< one hash of the general registers at entry (replay's check)
    std::uint64_t object;    ///< the object that the first descriptor argument refers to, 0: none
    ThreadId thread;
    std::int32_t nr;
    std::uint32_t host_calls;
    EventKind kind;
    Verdict verdict;
    std::uint8_t flags;
    std::uint8_t reserved;
};

enum class Direction : std::uint8_t { in = 0, out = 1 };

namespace data_flag {
constexpr std::uint8_t capped = 1;  ///< the guest's buffer was longer than what is kept; `length` is the true length
constexpr std::uint8_t is_blob = 2; ///< no payload: `hash` names a blob that was sent before
}

struct DataRecord {
    RecordHeader header;
    EventId event;
    std::uint64_t address; ///< in the guest
    std::uint64_t offset;  ///< of this chunk in the whole copy
    std::uint64_t length;  ///< true length of the copy that this chunk is of
    std::array<std::uint64_t, 2> hash;
    std::uint8_t arg; ///< 0..5; 255 where no argument points there; data_arg_page: see there
    Direction direction;
    std::uint8_t flags;
    std::uint8_t reserved[5];
};

/// DataRecord::arg of the content of a mapping's pages that became present while the event was served (a call that copied to or from
/// an untouched page of a mapped file). Not an argument's bytes: replay needs it, people mostly do not.
constexpr std::uint8_t data_arg_page = 254;
/// The thread's registers (engine/platform/platform.h, Registers) where it goes on elsewhere than behind the call: a signal handler was
/// set up, sigreturn, exec. data_arg_xstate: its extended state, where that changed too.
constexpr std::uint8_t data_arg_registers = 253;
constexpr std::uint8_t data_arg_xstate = 252;
/// The registers that a new thread starts with; on the event that made it.
constexpr std::uint8_t data_arg_child = 251;

/// Sent before the first data record that names it. `hash` is XXH3_128bits of the bytes; the recorder checks it.
struct BlobRecord {
    RecordHeader header;
    std::array<std::uint64_t, 2> hash;
};

/// A process begins with copies of its parent's descriptors and mappings as of now (parent 0: none); only what differs is
/// sent after this. Sending more is harmless: an fd_open or mapping that says what is known already changes nothing.
struct ProcessRecord {
    RecordHeader header;
    EventId event; ///< the event that made it (fork's), 0 for the first
    ProcessId pid;
    ProcessId parent;
    std::uint32_t uid, gid;
};

/// status is as wait4(2) gives it. Descriptors and mappings that are left end here.
struct ProcessEndRecord {
    RecordHeader header;
    EventId event;
    ProcessId pid;
    std::int32_t status;
};

struct ThreadRecord {
    RecordHeader header;
    EventId event;
    ThreadId tid;
    ProcessId pid;
};

struct ThreadEndRecord {
    RecordHeader header;
    EventId event;
    ThreadId tid;
    std::int32_t status;
};

/// All mappings of the process end here: those of the new image are sent after this record. Descriptors stay; those closed on
/// exec get their fd_close. The leader's thread takes the comm.
struct ExecRecord {
    RecordHeader header;
    EventId event;
    ProcessId pid;
    std::uint32_t argc;
};

struct CommRecord {
    RecordHeader header;
    EventId event;
    ThreadId tid;
    std::uint32_t reserved;
};

enum class ObjectKind : std::uint16_t { other = 0, file, directory, pipe, fifo, socket, tty, char_device, block_device, eventfd, epoll, timerfd, signalfd, memfd, pidfd, inotify };

struct ObjectRecord {
    RecordHeader header;
    EventId event;
    std::uint64_t object; ///< never used twice in one trace, not 0
    ObjectKind kind;
    std::uint16_t reserved[3];
};

struct FdRecord {
    RecordHeader header;
    EventId event;
    std::uint64_t object;
    ProcessId pid;
    std::int32_t fd;
};

/// prot is of PROT_*, or -1 where the range is unmapped. object 0: anonymous.
struct MappingRecord {
    RecordHeader header;
    EventId event;
    std::uint64_t start, end, offset, object;
    ProcessId pid;
    std::int32_t prot;
    std::int32_t flags; ///< MAP_*
    std::uint32_t reserved;
};

/// `count` calls of host syscall `nr` that took `ns` together, for one event.
struct HostCallRecord {
    RecordHeader header;
    EventId event; ///< 0: not caused by the guest
    std::uint64_t ns;
    std::int32_t nr;
    std::uint32_t count;
};

struct MetaRecord {
    RecordHeader header;
};

/// exit_status is as wait4(2) gives it for the first process.
struct EndRecord {
    RecordHeader header;
    EventId last_event;
    std::int32_t exit_status;
    std::uint32_t reserved;
};

}
