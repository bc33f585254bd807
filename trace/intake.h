// Checks what records say and turns them into rows. All that is known of the guest's processes, descriptors and mappings, as
// far as the intervals of the trace need it, is kept here. Nothing in it is believed: a record that does not fit ends the recording.
#pragma once

#include "trace/batch.h"
#include "trace/interner.h"
#include "trace/live_state.h"
#include "trace/ring_consumer.h"

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

struct ZSTD_CCtx_s;

namespace ringside::trace {

/// Rows that hang on an event have the id `event << 20 | n`, so that they are found by their event without an index. n counts
/// from 0 while an event is the newest that has rows; what comes later for an older one takes numbers from the upper half.
class RowIds {
public:
    std::optional<std::uint64_t> next(EventId event);
    static std::uint64_t first(EventId event) { return event << bits; }
    static constexpr unsigned bits = 20;

private:
    static constexpr std::uint64_t half = std::uint64_t{1} << (bits - 1);
    EventId newest_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t late_ = 0;
};

class Intake {
public:
    explicit Intake(Batch& batch);
    ~Intake();
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;

    /// Checks one record and adds its rows to the batch. False: the record is bad and message() says why; nothing was added.
    bool take(const RecordCopy& record);

    EventId last_event() const { return last_event_; }
    std::uint64_t last_ts() const { return last_ts_; }
    bool ended() const { return ended_; }              ///< the end record was seen
    int exit_status() const { return exit_status_; }   ///< as wait4(2), of the first process
    bool wants_commit() const { return wants_commit_; } ///< a commit_hint came since the last call of committed()
    /// The batch was committed and cleared.
    void committed()
    {
        wants_commit_ = false;
        live_.next_batch();
    }
    const std::string& message() const { return message_; }

private:
    struct FreeCompressor {
        void operator()(ZSTD_CCtx_s* context) const;
    };
    bool take_event(const RecordCopy& record);
    bool take_data(const RecordCopy& record);
    bool take_blob(const RecordCopy& record);
    bool take_process(const RecordCopy& record);
    bool take_process_end(const RecordCopy& record);
    bool take_thread(const RecordCopy& record);
    bool take_thread_end(const RecordCopy& record);
    bool take_exec(const RecordCopy& record);
    bool take_comm(const RecordCopy& record);
    bool take_object(const RecordCopy& record);
    bool take_fd(const RecordCopy& record, bool open);
    bool take_mapping(const RecordCopy& record);
    bool take_host_call(const RecordCopy& record);
    bool take_meta(const RecordCopy& record);
    bool take_end(const RecordCopy& record);

    bool fail(std::string message);
    template <typename Record>
    bool fixed(const RecordCopy& copy, Record& record);
    template <typename Record>
    bool with_payload(const RecordCopy& copy, Record& record, std::span<const std::byte>& payload, std::size_t limit);
    bool event_known(EventId event);
    bool thread_known(ThreadId thread);
    bool process_known(ProcessId process);
    bool object_known(ObjectId object);

    void complete(const EventRecord& resume);
    void set_comm(ThreadId thread, EventId event, std::string name);
    std::string inherited_comm(ProcessId process, EventId event);
    OpRow& add(Op op, std::span<const std::byte> text = {});
    StringId intern(std::span<const std::byte> text);
    std::uint32_t store_blob(std::span<const std::byte> bytes, const Hash128& hash);

    struct Blocked {
        ThreadId thread;
        std::uint64_t ts;
    };

    Batch& batch_;
    LiveState live_;
    StringInterner strings_;
    BlobIndex blobs_;
    ObjectSet objects_;
    std::unordered_map<ThreadId, ProcessId> threads_;
    std::unordered_map<ThreadId, std::string> comms_; ///< of living threads
    std::unordered_map<ProcessId, ProcessId> parents_;
    std::unordered_map<EventId, Blocked> blocked_;
    RowIds data_ids_;
    RowIds host_ids_;
    EventId last_event_ = 0;
    std::uint64_t last_ts_ = 0;
    std::size_t meta_count_ = 0;
    bool ended_ = false;
    int exit_status_ = 0;
    bool wants_commit_ = false;
    std::string message_;
    std::unique_ptr<ZSTD_CCtx_s, FreeCompressor> compressor_; ///< kept: its tables are a megabyte
};

}
