// The Sentry's end of the recording: gives events their ids, and writes records into the ring. One per Sentry; each task has a
// TaskRecorder over it. Without a ring (`ringside run`) it is inert.
#pragma once

#include "engine/boundary/host_call.h"
#include "trace/record.h"
#include "trace/ring.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>

namespace ringside::record {

class TaskRecorder;

struct RecorderOptions {
    std::size_t input_cap = 4096; ///< bytes of a copied-in argument that are kept; copied-out ones are whole
};

class Recorder {
public:
    /// Inert.
    Recorder() = default;
    /// `ring` is the shared memory of trace::RingProducer.
    Recorder(std::span<std::byte> ring, RecorderOptions options);

    bool enabled() const { return ring_.has_value(); }
    const RecorderOptions& options() const { return options_; }
    /// Nanoseconds since the recording began.
    std::uint64_t now() const;
    /// The same of a CLOCK_MONOTONIC time that was read before; 0: of now.
    std::uint64_t at(std::uint64_t monotonic) const { return monotonic != 0 ? monotonic - start_ : now(); }
    /// CLOCK_MONOTONIC of the beginning.
    std::uint64_t start() const { return start_; }

    /// The next event's id. Whoever takes it writes the event's record before the next id is taken: `owner` is told to by
    /// TaskRecorder::split() when another task's event begins first.
    trace::EventId take_id(TaskRecorder* owner);
    void id_used(TaskRecorder* owner);
    trace::EventId last_id() const { return last_id_; }

    /// A new object's id (trace: objects are open file descriptions and mapped files).
    std::uint64_t next_object() { return ++last_object_; }

    /// Writes one record: the header is filled in here. `tail` is the payload, in up to three parts.
    template<typename Record>
    void emit(trace::RecordKind kind, Record record, std::initializer_list<std::span<const std::byte>> tail = {});
    /// Bytes that were copied for `event`: in chunks, large ones as blobs that are sent once.
    /// `whole` is the true length of the copy where `bytes` is only its beginning.
    void data(trace::EventId event, std::uint8_t arg, trace::Direction direction, std::uint64_t address, std::span<const std::byte> bytes, std::size_t whole = 0);
    void host_calls(trace::EventId event, const host::Account& account);
    void meta(std::string_view key, std::string_view value);
    /// What was emitted becomes visible to the recorder.
    void publish(bool urgent = false);
    /// The last record: `exit_status` as wait4 gives it for the first process.
    void end(std::int32_t exit_status);
    /// The consumer ended the recording (disk full, bad record): the Sentry should end too.
    bool closed() const;

    /// Host calls that no event caused (the hand-over to guests, sleeping), kept apart by the kernel: written with event 0.
    void unattributed(host::Account& account);

private:
    using Hash = std::array<std::uint64_t, 2>;
    struct HashOfHash {
        std::size_t operator()(const Hash& hash) const { return hash[0]; }
    };
    void data_chunk(trace::DataRecord record, std::span<const std::byte> bytes);

    std::optional<trace::RingProducer> ring_;
    RecorderOptions options_;
    std::uint64_t start_ = 0;
    trace::EventId last_id_ = 0;
    std::uint64_t last_object_ = 0;
    TaskRecorder* open_ = nullptr; ///< has taken an id and not yet written its event
    std::unordered_set<Hash, HashOfHash> known_blobs_;
};

template<typename Record>
void Recorder::emit(trace::RecordKind kind, Record record, std::initializer_list<std::span<const std::byte>> tail)
{
    if (!ring_)
        return;
    std::size_t size = sizeof(Record);
    for (auto part : tail)
        size += part.size();
    std::span<std::byte> room = ring_->reserve(size);
    if (room.empty())
        return; // the consumer closed the ring: closed() tells the main loop
    record.header = {static_cast<std::uint32_t>(size), kind, 0};
    std::memcpy(room.data(), &record, sizeof(Record));
    std::size_t at = sizeof(Record);
    for (auto part : tail) {
        if (!part.empty())
            std::memcpy(room.data() + at, part.data(), part.size());
        at += part.size();
    }
}

inline std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

}
