// The recording as the player reads it: a file of the records of trace/record.h, in the order of ids, made by the supervisor from
// the trace and mapped read-only by the Sentry. The supervisor is trusted, but the trace may be a stranger's: everything is checked.
#pragma once

#include "engine/base/result.h"
#include "trace/record.h"

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace ringside::replay {

/// Bytes that were copied while an event was served.
struct LogData {
    std::uint8_t arg;
    trace::Direction direction;
    std::uint64_t address;
    std::span<const std::byte> bytes;
};

struct LogEvent {
    const trace::EventRecord* record = nullptr;
    std::vector<LogData> data;
    std::vector<const trace::MappingRecord*> mappings;
};

class Log {
public:
    /// Indexes the records. EINVAL where the file is not as trace/record.h says.
    static Result<Log> parse(std::span<const std::byte> file);

    trace::EventId last() const { return static_cast<trace::EventId>(events_.size()); }
    /// The record of event `id`, 1..last().
    const trace::EventRecord& event(trace::EventId id) const { return *events_[id - 1].record; }
    /// Event `id` with all that hangs on it.
    LogEvent load(trace::EventId id) const;
    /// The mappings that call `id` made and took away (prot -1), of its row and of the row that completes it.
    std::vector<const trace::MappingRecord*> mappings_of_call(trace::EventId id) const;
    /// Whether pages of mappings became present while event `id` was served: load() has their content.
    bool has_page_ins(trace::EventId id) const { return events_[id - 1].page_ins; }
    /// The ids of one thread's events, in order; empty for an unknown thread.
    std::span<const trace::EventId> of_thread(trace::ThreadId thread) const;
    /// The row that completes the call `id`; 0: it never returned.
    trace::EventId completion(trace::EventId id) const;
    /// The process that a thread belongs to; 0 for an unknown one.
    trace::ProcessId process_of(trace::ThreadId thread) const;
    /// The thread that event `id` made (fork, clone); 0: none.
    trace::ThreadId thread_made_by(trace::EventId id) const;
    /// The first process' first thread; 0 in an empty recording.
    trace::ThreadId first_thread() const { return first_thread_; }
    /// A value of `meta`, empty where it is missing.
    std::string meta(const std::string& key) const;

private:
    struct Indexed {
        const trace::EventRecord* record = nullptr;
        std::uint32_t first_extra = 0, extras = 0; ///< in extras_
        bool page_ins = false;
    };
    using Hash = std::array<std::uint64_t, 2>;
    struct HashOfHash {
        std::size_t operator()(const Hash& hash) const { return hash[0]; }
    };
    Result<void> add(const trace::RecordHeader& header, std::span<const std::byte> record);
    Result<void> index_extras();
    Result<void> add_event(std::span<const std::byte> record);

    std::vector<Indexed> events_;
    /// Data and mapping records by event: sorted once all are read.
    std::vector<std::pair<trace::EventId, const std::byte*>> extras_;
    std::unordered_map<Hash, std::span<const std::byte>, HashOfHash> blobs_;
    std::unordered_map<trace::ThreadId, std::vector<trace::EventId>> threads_;
    std::unordered_map<trace::EventId, trace::EventId> completions_;
    std::unordered_map<trace::ThreadId, trace::ProcessId> processes_;
    std::unordered_map<trace::EventId, trace::ThreadId> made_;
    trace::ThreadId first_thread_ = 0;
    std::map<std::string, std::string> meta_;
};

}
