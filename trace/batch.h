// Rows that were checked and wait for the store: what lies between two commits. Kept until the commit has succeeded, so that
// a full disk can be met by inserting them again in halves.
#pragma once

#include "trace/event_view.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ringside::trace {

/// The narrow rows of table `event`, in the order of their ids.
struct EventRow {
    EventId id;
    std::uint64_t ts, dur;
    std::int64_t ret;
    std::array<std::uint64_t, 6> args;
    std::uint64_t ip;
    EventId of, done, waker;
    std::uint64_t regs_hash;
    ObjectId object;
    ThreadId thread;
    std::int32_t nr;
    std::uint32_t host_calls;
    StringId path;
    EventKind kind;
    Verdict verdict;
    std::uint8_t flags;
    std::uint8_t arity;
};

/// What happens to the other tables. The comment names the row's `value`s, in order, and what its text is.
enum class Op : std::uint8_t {
    string,        ///< id; the text
    blob,          ///< id, hash high, hash low, length, coding; the bytes as stored
    data,          ///< id, arg, direction, flags, address, offset, length, blob; the bytes
    process,       ///< id, parent, uid, gid, started
    process_end,   ///< id, ended, status
    thread,        ///< id, process, started
    thread_end,    ///< id, ended, status
    comm,          ///< thread, event; the name
    exec,          ///< event, process, path; argv, NUL after each
    object,        ///< id, kind, event; the name
    fd,            ///< id, process, number, object, opened, closed
    fd_close,      ///< id, closed
    mapping,       ///< id, process, start, end, prot, flags, object, offset, from, to
    mapping_close, ///< id, to
    host_call,     ///< id, event, nr, count, ns
    meta,          ///< -; key, NUL, value
    complete,      ///< id, ret, dur, done, flags
    count_
};

struct OpRow {
    std::uint64_t seq; ///< the last event's id when the row came: rows are in its order
    Op op;
    std::uint32_t text_length = 0;
    std::uint64_t text = 0; ///< offset in the arena
    std::array<std::int64_t, 10> value{};
};

struct Batch {
    std::vector<EventRow> events;
    std::vector<OpRow> ops;
    std::vector<std::byte> arena;
    std::size_t applied_events = 0; ///< so many are in the open transaction already, and can't be changed here
    std::size_t applied_ops = 0;

    std::span<const std::byte> text(const OpRow& row) const
    {
        return std::span(arena).subspan(row.text, row.text_length);
    }
    std::size_t bytes() const { return arena.size() + ops.size() * 64 + events.size() * 72; }
    bool empty() const { return events.empty() && ops.empty(); }
    void clear()
    {
        events.clear();
        ops.clear();
        arena.clear();
        applied_events = applied_ops = 0;
    }
};

}
