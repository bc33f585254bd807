// From the trace's tables back to records.

#include "engine/session/replay_input.h"

#include "trace/error.h"
#include "trace/interner.h"
#include "trace/record.h"
#include "trace/trace_file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <initializer_list>
#include <fcntl.h>
#include <set>
#include <span>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace ringside::session {

using namespace trace;

namespace {

class Output {
public:
    explicit Output(int fd) : fd_(fd) { }

    template<typename Record>
    void add(RecordKind kind, Record record, std::initializer_list<std::span<const std::byte>> tail = {})
    {
        std::size_t size = sizeof(Record);
        for (auto part : tail)
            size += part.size();
        record.header = {static_cast<std::uint32_t>(size), kind, 0};
        append(std::as_bytes(std::span(&record, 1)));
        for (auto part : tail)
            append(part);
        buffer_.resize((buffer_.size() + 7) & ~std::size_t {7});
        if (buffer_.size() >= flush_size)
            flush();
    }

    void flush()
    {
        std::span<const std::byte> rest(buffer_);
        while (!rest.empty()) {
            ssize_t n = ::write(fd_, rest.data(), rest.size());
            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                throw Error(fmt::format("The replay's working file could not be written: {}.", std::strerror(errno)));
            rest = rest.subspan(static_cast<std::size_t>(n));
        }
        buffer_.clear();
    }

private:
    static constexpr std::size_t flush_size = std::size_t {4} << 20;
    void append(std::span<const std::byte> bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }
    int fd_;
    std::vector<std::byte> buffer_;
};

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

class Writer {
public:
    Writer(TraceFile& trace, int to) : trace_(trace), out_(to) { }

    void write(const std::function<bool(double)>& progress)
    {
        constexpr std::byte nul {};
        for (const auto& [key, value] : trace_.info().meta)
            out_.add(RecordKind::meta, MetaRecord {}, {bytes_of(key), {&nul, 1}, bytes_of(value)});
        threads();
        EventId last = trace_.last_event();
        for (EventId first = 1; first <= last; first += TraceFile::page_rows) {
            EventId end = std::min<EventId>(first + TraceFile::page_rows - 1, last);
            EventId next = first;
            for (const Event& event : trace_.events(first)) {
                if (event.id != next)
                    break;
                add(event);
                ++next;
            }
            // Events are numbered without gaps: one is a lost row, and a last number without rows would be counted up to for ever.
            if (next <= end)
                throw Error(fmt::format("The recording is damaged: event {} is missing.", next));
            trace_.for_each_chunk(first, end, [&](DataChunk&& chunk) {
                add(chunk);
                return true;
            });
            if (progress && !progress(static_cast<double>(end) / static_cast<double>(last)))
                throw Error("The replay was cancelled.");
        }
        mappings();
        out_.flush();
    }

private:
    void add(const Event& event)
    {
        EventRecord record {};
        record.id = event.id;
        record.ts = event.ts;
        record.dur = event.dur;
        record.ret = event.ret;
        record.args = event.args;
        record.ip = event.ip;
        record.of = event.of;
        record.waker = event.waker;
        record.regs_hash = event.regs_hash;
        record.object = event.object;
        record.thread = event.thread;
        record.nr = event.nr;
        record.host_calls = event.host_calls;
        record.kind = event.kind;
        record.verdict = event.verdict;
        record.flags = event.flags;
        if (event.done != 0 && event.kind != EventKind::resume)
            record.flags = static_cast<std::uint8_t>(record.flags & ~event_flag::has_ret); // the completing row has it
        out_.add(RecordKind::event, record);
    }

    void add(const DataChunk& chunk)
    {
        if (chunk.damaged)
            throw Error(fmt::format("The recording is damaged: what is kept of event {} is not what was recorded. It cannot be replayed.", chunk.event));
        DataRecord record {};
        record.event = chunk.event;
        record.address = chunk.address;
        record.offset = chunk.offset;
        record.length = chunk.length;
        record.arg = chunk.arg;
        record.direction = chunk.direction;
        record.flags = static_cast<std::uint8_t>(chunk.flags & data_flag::capped);
        if (chunk.bytes.size() < blob_threshold) {
            out_.add(RecordKind::data, record, {chunk.bytes});
            return;
        }
        record.hash = hash128(chunk.bytes);
        record.flags = static_cast<std::uint8_t>(record.flags | data_flag::is_blob);
        if (known_.insert(record.hash).second) {
            BlobRecord blob {};
            blob.hash = record.hash;
            out_.add(RecordKind::blob, blob, {chunk.bytes});
        }
        out_.add(RecordKind::data, record);
    }

    void rows(const char* sql, const std::function<void(const std::vector<std::int64_t>&)>& row)
    {
        trace_.query(sql, [](const auto&) {}, [&](const std::vector<SqlValue>& values) {
            std::vector<std::int64_t> numbers;
            for (const SqlValue& value : values) {
                const auto* number = std::get_if<std::int64_t>(&value);
                numbers.push_back(number ? *number : 0);
            }
            row(numbers);
            return true;
        });
    }

    void threads()
    {
        rows("SELECT id, process, started FROM thread ORDER BY started, id", [&](const auto& row) {
            ThreadRecord record {};
            record.tid = static_cast<ThreadId>(row[0]);
            record.pid = static_cast<ProcessId>(row[1]);
            record.event = static_cast<EventId>(row[2]);
            out_.add(RecordKind::thread, record);
        });
    }

    void mappings()
    {
        mappings("SELECT process, start, \"end\", prot, flags, object, offset, \"from\" FROM mapping ORDER BY id");
        // Where the call does not say what it takes away. (A negative protection: not mapped from here on.)
        mappings(fmt::format("SELECT process, start, \"end\", -1, flags, object, offset, \"to\" FROM mapping WHERE (SELECT nr FROM event WHERE id = mapping.\"to\") = {} ORDER BY id", SYS_shmdt).c_str());
    }

    void mappings(const char* sql)
    {
        rows(sql, [&](const auto& row) {
            MappingRecord record {};
            record.pid = static_cast<ProcessId>(row[0]);
            record.start = static_cast<std::uint64_t>(row[1]);
            record.end = static_cast<std::uint64_t>(row[2]);
            record.prot = static_cast<std::int32_t>(row[3]);
            record.flags = static_cast<std::int32_t>(row[4]);
            record.object = static_cast<std::uint64_t>(row[5]);
            record.offset = static_cast<std::uint64_t>(row[6]);
            record.event = static_cast<EventId>(row[7]);
            out_.add(RecordKind::mapping, record);
        });
    }

    /// Below this a blob's record costs more than the bytes.
    static constexpr std::size_t blob_threshold = 512;
    TraceFile& trace_;
    Output out_;
    std::set<std::array<std::uint64_t, 2>> known_;
};

}

UniqueFd make_replay_input(const std::string& path)
{
    // On a disk where there is one: a recording may be larger than the memory that is left.
    const char* folder = std::getenv("TMPDIR");
    UniqueFd file(open(folder ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file.valid())
        file = UniqueFd(memfd_create("ringside-replay", MFD_CLOEXEC));
    if (!file.valid())
        throw Error(fmt::format("The replay's working file could not be made: {}.", std::strerror(errno)));
    write_replay_input(path, file.get());
    return file;
}

void write_replay_input(const std::string& path, int to, const std::function<bool(double)>& progress)
{
    TraceFile trace(path);
    Writer(trace, to).write(progress);
}

}
