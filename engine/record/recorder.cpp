// Ids, chunks, blobs and the ring.

#include "engine/record/recorder.h"

#include "engine/record/task_recorder.h"

#include <ctime>
#include <linux/futex.h>
#include <xxhash.h>

namespace ringside::record {

namespace {

constexpr std::size_t chunk_size = std::size_t {256} << 10;
/// Below this a blob's row and hash cost more than the bytes.
constexpr std::size_t blob_threshold = 512;

std::uint64_t monotonic()
{
    timespec t {};
    clock_gettime(CLOCK_MONOTONIC, &t); // libc's vDSO: no host call
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

// An error means that the value has changed already, or a signal came: the ring's caller looks again.
void futex_wait(std::atomic<std::uint32_t>* word, std::uint32_t expected)
{
    static_cast<void>(host::call(SYS_futex, word, FUTEX_WAIT, expected, nullptr).ok());
}

void futex_wake(std::atomic<std::uint32_t>* word)
{
    static_cast<void>(host::call(SYS_futex, word, FUTEX_WAKE, 1).ok());
}

}

Recorder::Recorder(std::span<std::byte> ring, RecorderOptions options)
    : ring_(std::in_place, ring, futex_wait, futex_wake)
    , options_(options)
    , start_(monotonic())
{
}

std::uint64_t Recorder::now() const
{
    return monotonic() - start_;
}

trace::EventId Recorder::take_id(TaskRecorder* owner)
{
    if (open_ && open_ != owner)
        open_->split();
    open_ = owner;
    return ++last_id_;
}

void Recorder::id_used(TaskRecorder* owner)
{
    if (open_ == owner)
        open_ = nullptr;
}

void Recorder::data(trace::EventId event, std::uint8_t arg, trace::Direction direction, std::uint64_t address, std::span<const std::byte> bytes, std::size_t whole)
{
    if (!ring_)
        return;
    trace::DataRecord record {};
    record.event = event;
    record.arg = arg;
    record.direction = direction;
    record.length = std::max(whole, bytes.size());
    const std::uint8_t flags = record.length > bytes.size() ? trace::data_flag::capped : std::uint8_t {0};
    for (std::size_t at = 0; at < bytes.size(); at += chunk_size) {
        record.address = address + at;
        record.offset = at;
        record.flags = flags;
        data_chunk(record, bytes.subspan(at, std::min(chunk_size, bytes.size() - at)));
    }
}

void Recorder::data_chunk(trace::DataRecord record, std::span<const std::byte> bytes)
{
    if (bytes.size() < blob_threshold) {
        emit(trace::RecordKind::data, record, {bytes});
        return;
    }
    XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    record.hash = {hash.low64, hash.high64};
    record.flags = static_cast<std::uint8_t>(record.flags | trace::data_flag::is_blob);
    if (known_blobs_.insert(record.hash).second) {
        trace::BlobRecord blob {};
        blob.hash = record.hash;
        emit(trace::RecordKind::blob, blob, {bytes});
    }
    emit(trace::RecordKind::data, record);
}

void Recorder::host_calls(trace::EventId event, const host::Account& account)
{
    for (const host::Charge& charge : account.charges()) {
        trace::HostCallRecord record {};
        record.event = event;
        record.ns = charge.ns;
        record.nr = charge.nr;
        record.count = charge.count;
        emit(trace::RecordKind::host_call, record);
    }
}

void Recorder::meta(std::string_view key, std::string_view value)
{
    constexpr std::byte nul {};
    emit(trace::RecordKind::meta, trace::MetaRecord {}, {bytes_of(key), {&nul, 1}, bytes_of(value)});
}

void Recorder::publish(bool urgent)
{
    if (ring_)
        ring_->publish(urgent);
}

void Recorder::unattributed(host::Account& account)
{
    if (account.total() == 0)
        return;
    host_calls(0, account);
    account.clear();
}

void Recorder::end(std::int32_t exit_status)
{
    if (!ring_)
        return;
    trace::EndRecord record {};
    record.last_event = last_id_;
    record.exit_status = exit_status;
    emit(trace::RecordKind::end, record);
    publish(true);
}

bool Recorder::closed() const
{
    return ring_ && ring_->closed();
}

}
