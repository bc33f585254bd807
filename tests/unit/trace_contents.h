// For tests of the store: what the synthetic producer sent, and what a trace answers, to be compared.
#pragma once

#include "tests/unit/recording.h"

#include "trace/interner.h"
#include "trace/trace_file.h"

#include <map>
#include <string>
#include <vector>

namespace ringside::test {

using namespace ringside::trace;

/// What the generator sent, to compare with what is read back.
struct Sent {
    std::vector<EventRecord> events;
    std::vector<std::string> paths;
    std::map<EventId, std::string> data; ///< all bytes of the row's data records
};

inline Sent everything_sent(const SyntheticOptions& options)
{
    Sent sent;
    std::map<Hash128, std::string> blobs;
    Synthetic synthetic(options, [&](std::span<const std::byte> record) {
        RecordHeader header;
        std::memcpy(&header, record.data(), sizeof header);
        auto payload = [&](std::size_t body) { return std::string(reinterpret_cast<const char*>(record.data()) + body, record.size() - body); };
        if (header.kind == RecordKind::event) {
            EventRecord event;
            std::memcpy(&event, record.data(), sizeof event);
            sent.events.push_back(event);
            sent.paths.push_back(payload(sizeof event));
        } else if (header.kind == RecordKind::blob) {
            BlobRecord blob;
            std::memcpy(&blob, record.data(), sizeof blob);
            blobs[blob.hash] = payload(sizeof blob);
        } else if (header.kind == RecordKind::data) {
            DataRecord data;
            std::memcpy(&data, record.data(), sizeof data);
            sent.data[data.event] += (data.flags & data_flag::is_blob) != 0 ? blobs[data.hash] : payload(sizeof data);
        }
        return true;
    });
    synthetic.run();
    return sent;
}

inline std::string bytes_of(const std::vector<DataChunk>& chunks)
{
    std::string all;
    for (const DataChunk& chunk : chunks)
        all.append(reinterpret_cast<const char*>(chunk.bytes.data()), chunk.bytes.size());
    return all;
}

inline std::vector<std::string> column(TraceFile& trace, const std::string& sql)
{
    std::vector<std::string> values;
    trace.query(sql, [](const auto&) {}, [&](const std::vector<SqlValue>& row) {
        if (auto* text = std::get_if<std::string>(&row[0]))
            values.push_back(*text);
        else if (auto* number = std::get_if<std::int64_t>(&row[0]))
            values.push_back(std::to_string(*number));
        else
            values.push_back("?");
        return true;
    });
    return values;
}

}
