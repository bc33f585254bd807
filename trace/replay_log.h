// The trace as replay reads it: forward, event by event, for all threads or for one, each with the bytes that hang on it.
#pragma once

#include "trace/trace_file.h"

#include <optional>
#include <unordered_map>
#include <vector>

namespace ringside::trace {

struct ReplayEvent {
    Event event;
    /// What hangs on this very row, in order. A call that blocked has its output on the row that completes it (event.done).
    std::vector<DataChunk> data;
};

/// Not for use by several threads at once. Reads by blocks and keeps the last few, so that going forward in several threads'
/// events at once costs one read a block.
class ReplayLog {
public:
    /// Scans the trace once for who did what: 4 bytes an event are kept. Throws Error, also where the ids are not dense.
    explicit ReplayLog(TraceFile& trace);

    EventId last_event() const { return last_event_; }

    /// The next event of the thread, from its first on; nothing after its last. Valid until eight other blocks were read.
    const ReplayEvent* next(ThreadId thread);
    /// The same, without moving on.
    const ReplayEvent* peek(ThreadId thread);
    /// The next event of anyone after `id`, in the order of entry: next_of_all(0) is the first.
    const ReplayEvent* next_of_all(EventId id) { return at(id + 1); }
    /// Any event; nothing where there is none.
    const ReplayEvent* at(EventId id);
    /// The thread's next event is its first one with an id above `after`.
    void seek(ThreadId thread, EventId after);

    /// All that this event wrote to the guest, in order: for a call that blocked, what its completing row holds, too.
    std::vector<DataChunk> output(const Event& event);

    /// The ids of the thread's events, rising.
    const std::vector<std::uint32_t>& events_of(ThreadId thread) const;
    std::vector<ThreadId> threads() const;

private:
    static constexpr std::size_t block_rows = 256;
    static constexpr std::size_t kept_blocks = 8;
    struct Block {
        EventId first = 0;
        std::vector<ReplayEvent> events;
    };
    struct Thread {
        std::vector<std::uint32_t> events;
        std::size_t next = 0;
    };

    const Block& block_of(EventId id);

    TraceFile& trace_;
    EventId last_event_ = 0;
    std::unordered_map<ThreadId, Thread> by_thread_;
    std::vector<Block> blocks_; ///< a ring: the oldest is replaced
    std::size_t next_block_ = 0;
};

}
