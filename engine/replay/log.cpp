// Reading and indexing the records of a recording.

#include "engine/replay/log.h"

#include <algorithm>
#include <cstring>

namespace ringside::replay {

using namespace trace;

namespace {

/// The fixed body of a record in the file, which lies at an 8-byte boundary.
template<typename Record>
Result<const Record*> body(std::span<const std::byte> record)
{
    if (record.size() < sizeof(Record))
        return Errno(EINVAL);
    return reinterpret_cast<const Record*>(record.data());
}

}

Result<Log> Log::parse(std::span<const std::byte> file)
{
    Log log;
    std::size_t at = 0;
    while (file.size() - at >= sizeof(RecordHeader)) {
        RecordHeader header {};
        std::memcpy(&header, file.data() + at, sizeof(header));
        if (header.size < sizeof(header) || header.size > file.size() - at)
            return Errno(EINVAL);
        TRY(log.add(header, file.subspan(at, header.size)));
        std::size_t padded = (std::size_t {header.size} + 7) & ~std::size_t {7};
        if (padded > file.size() - at)
            break;
        at += padded;
    }
    TRY(log.index_extras());
    return log;
}

Result<void> Log::add(const RecordHeader& header, std::span<const std::byte> record)
{
    switch (header.kind) {
    case RecordKind::event:
        return add_event(record);
    case RecordKind::data: {
        const DataRecord* data = TRY(body<DataRecord>(record));
        extras_.emplace_back(data->event, record.data());
        return {};
    }
    case RecordKind::mapping: {
        const MappingRecord* mapping = TRY(body<MappingRecord>(record));
        extras_.emplace_back(mapping->event, record.data());
        return {};
    }
    case RecordKind::thread: {
        const ThreadRecord* thread = TRY(body<ThreadRecord>(record));
        processes_[thread->tid] = thread->pid;
        if (thread->event != 0)
            made_[thread->event] = thread->tid;
        else if (first_thread_ == 0)
            first_thread_ = thread->tid;
        return {};
    }
    case RecordKind::blob: {
        const BlobRecord* blob = TRY(body<BlobRecord>(record));
        blobs_[blob->hash] = record.subspan(sizeof(BlobRecord));
        return {};
    }
    case RecordKind::meta: {
        TRY(body<MetaRecord>(record));
        auto text = record.subspan(sizeof(MetaRecord));
        auto nul = std::find(text.begin(), text.end(), std::byte {0});
        if (nul == text.end())
            return Errno(EINVAL);
        auto to_string = [](auto from, auto to) {
            std::string out;
            std::transform(from, to, std::back_inserter(out), [](std::byte b) { return static_cast<char>(b); });
            return out;
        };
        meta_[to_string(text.begin(), nul)] = to_string(nul + 1, text.end());
        return {};
    }
    default:
        return {};
    }
}

Result<void> Log::add_event(std::span<const std::byte> record)
{
    const EventRecord* event = TRY(body<EventRecord>(record));
    if (event->id != events_.size() + 1)
        return Errno(EINVAL);
    events_.push_back({event, 0, 0});
    if (event->kind == EventKind::resume) {
        if (event->of == 0 || event->of >= event->id)
            return Errno(EINVAL);
        completions_[event->of] = event->id;
    }
    threads_[event->thread].push_back(event->id);
    return {};
}

Result<void> Log::index_extras()
{
    std::stable_sort(extras_.begin(), extras_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < extras_.size(); ++i) {
        EventId id = extras_[i].first;
        if (id == 0)
            continue;
        if (id > events_.size())
            return Errno(EINVAL);
        Indexed& event = events_[id - 1];
        if (event.extras == 0)
            event.first_extra = static_cast<std::uint32_t>(i);
        ++event.extras;
        RecordHeader header {};
        std::memcpy(&header, extras_[i].second, sizeof(header));
        if (header.kind == RecordKind::data && reinterpret_cast<const DataRecord*>(extras_[i].second)->arg == data_arg_page)
            event.page_ins = true;
    }
    return {};
}

std::vector<const MappingRecord*> Log::mappings_of_call(EventId id) const
{
    std::vector<const MappingRecord*> mappings = load(id).mappings;
    if (EventId row = completion(id)) {
        LogEvent completed = load(row);
        mappings.insert(mappings.end(), completed.mappings.begin(), completed.mappings.end());
    }
    return mappings;
}

LogEvent Log::load(EventId id) const
{
    const Indexed& indexed = events_[id - 1];
    LogEvent event;
    event.record = indexed.record;
    for (std::uint32_t i = 0; i < indexed.extras; ++i) {
        const std::byte* record = extras_[indexed.first_extra + i].second;
        RecordHeader header {};
        std::memcpy(&header, record, sizeof(header));
        if (header.kind == RecordKind::mapping) {
            event.mappings.push_back(reinterpret_cast<const MappingRecord*>(record));
            continue;
        }
        const auto* data = reinterpret_cast<const DataRecord*>(record);
        std::span<const std::byte> bytes(record + sizeof(DataRecord), header.size - sizeof(DataRecord));
        if (data->flags & data_flag::is_blob) {
            auto blob = blobs_.find(data->hash);
            bytes = blob == blobs_.end() ? std::span<const std::byte> {} : blob->second;
        }
        event.data.push_back({data->arg, data->direction, data->address, bytes});
    }
    return event;
}

std::span<const EventId> Log::of_thread(ThreadId thread) const
{
    auto found = threads_.find(thread);
    return found == threads_.end() ? std::span<const EventId> {} : std::span<const EventId>(found->second);
}

EventId Log::completion(EventId id) const
{
    auto found = completions_.find(id);
    return found == completions_.end() ? 0 : found->second;
}

ProcessId Log::process_of(ThreadId thread) const
{
    auto found = processes_.find(thread);
    return found == processes_.end() ? 0 : found->second;
}

ThreadId Log::thread_made_by(EventId id) const
{
    auto found = made_.find(id);
    return found == made_.end() ? 0 : found->second;
}

std::string Log::meta(const std::string& key) const
{
    auto found = meta_.find(key);
    return found == meta_.end() ? std::string() : found->second;
}

}
