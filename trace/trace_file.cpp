// See trace_file.h. Every function takes what it needs in one statement and resets it, so that no read transaction stays open
// between two calls: the recorder's log could not start anew.
#include "trace/trace_file.h"

#include "trace/expected.h"

#include "trace/intake.h"
#include "trace/interner.h"
#include "trace/liveness.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>

#include <fmt/format.h>
#include <zstd.h>

namespace ringside::trace {

namespace {

constexpr std::size_t cache_limit = 65'536;

std::int64_t to_column(std::uint64_t value)
{
    return static_cast<std::int64_t>(value);
}

/// Resets a statement when a look-up is done or fails.
class Use {
public:
    explicit Use(Statement& statement)
        : statement_(statement)
    {
    }
    ~Use() { statement_.reset(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    Statement* operator->() { return &statement_; }

private:
    Statement& statement_;
};

constexpr const char* event_sql
    = "SELECT id, kind, ts, dur, thread, nr, ret, verdict, flags, host_calls, a0, a1, a2, a3, a4, a5, ip, path, object, of, done, waker, "
      "regs FROM event WHERE id BETWEEN ?1 AND ?2 ORDER BY id";

Event read_event(const Statement& row)
{
    Event event;
    event.id = row.number(0);
    std::int64_t kind = row.integer(1);
    event.kind = kind >= 1 && kind <= static_cast<int>(EventKind::marker) ? static_cast<EventKind>(kind) : EventKind::marker;
    event.ts = row.number(2);
    event.dur = row.number(3);
    event.thread = static_cast<ThreadId>(row.integer(4));
    event.nr = static_cast<std::int32_t>(row.integer(5));
    event.ret = row.integer(6);
    event.flags = static_cast<std::uint8_t>((row.integer(8) & 6) | (row.is_null(6) ? 0 : event_flag::has_ret));
    std::int64_t verdict = row.integer(7);
    event.verdict = verdict >= 0 && verdict <= 3 ? static_cast<Verdict>(verdict) : Verdict::served;
    event.host_calls = static_cast<std::uint32_t>(row.integer(9));
    event.arity = 0;
    for (int i = 0; i < 6; ++i) {
        if (row.is_null(10 + i))
            continue;
        event.args[static_cast<std::size_t>(i)] = row.number(10 + i);
        event.arity = static_cast<std::uint8_t>(i + 1);
    }
    event.ip = row.number(16);
    event.path = static_cast<StringId>(row.integer(17));
    event.object = row.number(18);
    event.of = row.number(19);
    event.done = row.number(20);
    event.waker = row.number(21);
    event.regs_hash = row.number(22);
    return event;
}

}

TraceFile::TraceFile(std::string path)
    : path_(std::move(path))
    , database_(open_for_reading(path_))
{
    char buffer[PATH_MAX];
    real_path_ = realpath(path_.c_str(), buffer) ? buffer : path_;
    enlist();
}

TraceFile::~TraceFile()
{
    withdraw();
}

void TraceFile::close_connection()
{
    for (Statement* statement : {&events_, &chunks_, &strings_, &objects_, &execs_, &last_, &time_})
        *statement = Statement();
    database_ = Database();
}

void TraceFile::let_go(const std::string& real_path)
{
    std::scoped_lock lock(mutex_);
    if (real_path == real_path_)
        close_connection();
}

Database& TraceFile::connection()
{
    if (!database_)
        database_ = open_for_reading(path_);
    return database_;
}

Statement& TraceFile::prepared(Statement& statement, const char* sql)
{
    Database& database = connection();
    if (!statement)
        statement = database.prepare(sql);
    return statement;
}

TraceFile::Access TraceFile::access()
{
    std::unique_lock lock(mutex_);
    return {connection(), mutex_};
}

bool TraceFile::running()
{
    return meta("end") == "running" && recorder_alive(meta("recorder"));
}

EventId TraceFile::last_event()
{
    std::scoped_lock lock(mutex_);
    Use last(prepared(last_, "SELECT max(id) FROM event"));
    return last->step() && last->integer(0) > 0 ? last->number(0) : 0;
}

std::optional<Event> TraceFile::event(EventId id)
{
    std::vector<Event> rows = events(id, 1);
    if (rows.empty())
        return std::nullopt;
    return rows.front();
}

std::vector<Event> TraceFile::events(EventId first, std::size_t count)
{
    std::scoped_lock lock(mutex_);
    std::vector<Event> rows;
    if (first == 0 || count == 0 || first > static_cast<EventId>(INT64_MAX) - count)
        return rows;
    Use use(prepared(events_, event_sql));
    use->bind(1, to_column(first));
    use->bind(2, to_column(first + count - 1));
    rows.reserve(std::min<std::size_t>(count, page_rows));
    while (use->step())
        rows.push_back(read_event(events_));
    return rows;
}

/// The content of a blob; empty when it is not what it says: longer than any record, or broken.
std::vector<std::byte> TraceFile::blob_bytes(std::span<const std::byte> stored, std::int64_t length, std::int64_t coding)
{
    std::vector<std::byte> bytes;
    if (length < 0 || length > static_cast<std::int64_t>(ring_max_record))
        return bytes;
    if (coding == 0 && stored.size() == static_cast<std::size_t>(length)) {
        bytes.assign(stored.begin(), stored.end());
        return bytes;
    }
    if (coding == 0)
        return bytes;
    bytes.resize(static_cast<std::size_t>(length));
    std::size_t size = ZSTD_decompress(bytes.data(), bytes.size(), stored.data(), stored.size());
    if (ZSTD_isError(size) != 0 || size != bytes.size())
        bytes.clear();
    return bytes;
}

void TraceFile::for_each_chunk(EventId row, const std::function<bool(DataChunk&&)>& function)
{
    for_each_chunk(row, row, function);
}

void TraceFile::for_each_chunk(EventId first, EventId last, const std::function<bool(DataChunk&&)>& function)
{
    constexpr EventId highest = (EventId{1} << (62 - RowIds::bits));
    std::scoped_lock lock(mutex_);
    if (first > highest || last > highest || first > last)
        return;
    Use use(prepared(chunks_,
        "SELECT d.id, d.arg, d.direction, d.capped, d.address, d.offset, d.length, d.bytes, d.blob, b.length, b.coding, b.bytes, b.hash "
        "FROM data d LEFT JOIN blob b ON b.id = d.blob WHERE d.id BETWEEN ?1 AND ?2 ORDER BY d.id"));
    use->bind(1, to_column(RowIds::first(first)));
    use->bind(2, to_column(RowIds::first(last + 1) - 1));
    while (use->step()) {
        DataChunk chunk;
        chunk.event = use->number(0) >> RowIds::bits;
        chunk.arg = use->is_null(1) ? 255 : static_cast<std::uint8_t>(std::min<std::uint64_t>(use->number(1), 255));
        chunk.direction = use->integer(2) == 0 ? Direction::in : Direction::out;
        chunk.flags = use->integer(3) != 0 ? data_flag::capped : 0;
        chunk.address = use->number(4);
        chunk.offset = use->number(5);
        chunk.length = use->number(6);
        if (use->is_null(8)) {
            auto bytes = use->blob(7);
            chunk.damaged = bytes.size() > ring_max_record;
            if (!chunk.damaged)
                chunk.bytes.assign(bytes.begin(), bytes.end());
        } else {
            chunk.bytes = blob_bytes(use->blob(11), use->integer(9), use->integer(10));
            chunk.damaged = !std::ranges::equal(use->blob(12), stored_hash(hash128(chunk.bytes)));
            if (chunk.damaged)
                chunk.bytes.clear();
        }
        if (!function(std::move(chunk)))
            return;
    }
}

std::vector<DataChunk> TraceFile::data(const Event& event)
{
    std::vector<DataChunk> chunks;
    std::size_t total = 0;
    auto take = [&](DataChunk&& chunk) {
        total += chunk.bytes.size() + sizeof chunk;
        if (total > data_limit) {
            chunk.bytes.clear();
            chunk.flags |= data_flag::capped;
        }
        chunks.push_back(std::move(chunk));
        return total <= data_limit;
    };
    for_each_chunk(event.id, take);
    if (event.done != 0 && event.done != event.id && total <= data_limit)
        for_each_chunk(event.done, take);
    return chunks;
}

std::string TraceFile::string(StringId id)
{
    std::scoped_lock lock(mutex_);
    if (id == 0)
        return {};
    if (auto known = string_cache_.find(id); known != string_cache_.end())
        return known->second;
    Use use(prepared(strings_, "SELECT text FROM string WHERE id = ?1"));
    use->bind(1, std::int64_t{id});
    if (!use->step())
        return {};
    auto bytes = use->blob(0); // TEXT or BLOB: the bytes as they are
    std::string text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 65'536));
    if (string_cache_.size() >= cache_limit)
        string_cache_.clear();
    return string_cache_[id] = text;
}

ObjectInfo TraceFile::object(ObjectId id)
{
    std::scoped_lock lock(mutex_);
    if (id == 0)
        return {};
    if (auto known = object_cache_.find(id); known != object_cache_.end())
        return known->second;
    ObjectInfo info;
    {
        Use use(prepared(objects_, "SELECT kind, path FROM object WHERE id = ?1"));
        use->bind(1, to_column(id));
        if (!use->step())
            return {};
        info.id = id;
        std::int64_t kind = use->integer(0);
        info.kind = kind >= 0 && kind <= static_cast<int>(ObjectKind::inotify) ? static_cast<ObjectKind>(kind) : ObjectKind::other;
        info.path = string(static_cast<StringId>(use->integer(1)));
    }
    if (object_cache_.size() >= cache_limit)
        object_cache_.clear();
    return object_cache_[id] = info;
}

/// Table `fd` in memory: 10,000 rendered lines must not be 10,000 scans where there is no index. While the trace grows new rows
/// are added; that an older interval has been closed is then seen by the next one of its number.
void TraceFile::load_descriptors()
{
    Database& database = connection();
    Statement rows = database.prepare("SELECT id, process, number, object, opened, closed FROM fd WHERE id > ?1 ORDER BY id");
    rows.bind(1, descriptor_rows_);
    while (rows.step()) {
        descriptor_rows_ = rows.integer(0);
        std::uint64_t key = rows.number(1) << 32 | (rows.number(2) & 0xffffffff);
        descriptors_[key].push_back({rows.number(4), rows.number(5), rows.number(3)});
    }
}

std::string TraceFile::fd_path(ProcessId process, int fd, EventId event)
{
    return object(fd_object(process, fd, event)).path;
}

ObjectId TraceFile::fd_object(ProcessId process, int fd, EventId event)
{
    std::scoped_lock lock(mutex_);
    if (fd < 0)
        return 0;
    if (descriptors_loaded_at_ < event) {
        descriptors_loaded_at_ = std::max(last_event(), event);
        load_descriptors();
    }
    auto known = descriptors_.find(std::uint64_t{process} << 32 | static_cast<std::uint32_t>(fd));
    if (known == descriptors_.end())
        return 0;
    const std::vector<Interval>& intervals = known->second;
    auto after = std::ranges::lower_bound(intervals, event, {}, &Interval::opened);
    if (after == intervals.begin())
        return 0;
    const Interval& last = *std::prev(after);
    if (last.closed != 0 && last.closed < event)
        return 0;
    return last.object;
}

std::string TraceFile::given_path(const Event& event)
{
    return given_path(event, path_argument(event.nr));
}

std::string TraceFile::given_path(const Event& event, int argument)
{
    std::string path;
    for_each_chunk(event.id, [&](DataChunk&& chunk) {
        if (chunk.arg != argument || chunk.direction != Direction::in)
            return true;
        path.assign(reinterpret_cast<const char*>(chunk.bytes.data()), std::min<std::size_t>(chunk.bytes.size(), 4096));
        path.resize(std::min(path.find('\0'), path.size()));
        return false;
    });
    return path;
}

bool TraceFile::expected_search(const Event& event)
{
    if (!event.failed() || path_argument(event.nr) < 0)
        return false;
    Searches searches;
    bool found = false;
    auto path_of = [&](EventId id) {
        auto call = id == event.id ? std::optional(event) : this->event(id);
        return call ? given_path(*call) : std::string();
    };
    auto note = [&](EventId id) { found = found || id == event.id; };
    searches.take(event.id, event.thread, event.nr, event.error(), path_of, note);
    for (EventId at = event.id + 1; !found && at <= event.id + Searches::reach; at += page_rows) {
        auto rows = events(at, std::min<std::size_t>(page_rows, event.id + Searches::reach + 1 - at));
        for (const Event& row : rows)
            if (!found && row.thread == event.thread && row.kind == EventKind::syscall && row.has_ret() && !row.failed())
                searches.take(row.id, row.thread, row.nr, 0, path_of, note);
        if (rows.empty())
            break;
    }
    return found;
}

void TraceFile::load_names()
{
    EventId last = last_event();
    if (names_loaded_ && names_loaded_at_ == last)
        return;
    names_loaded_ = true;
    names_loaded_at_ = last;
    Database& database = connection();
    Statement threads = database.prepare("SELECT id, process FROM thread");
    while (threads.step())
        threads_[static_cast<ThreadId>(threads.integer(0))] = static_cast<ProcessId>(threads.integer(1));
    Statement rows = database.prepare("SELECT rowid, thread, event, name FROM comm WHERE rowid > ?1 ORDER BY rowid");
    rows.bind(1, comm_rows_);
    while (rows.step()) {
        comm_rows_ = rows.integer(0);
        comms_[static_cast<ThreadId>(rows.integer(1))].emplace_back(rows.number(2), std::string(rows.text(3).substr(0, 256)));
    }
}

ProcessId TraceFile::process_of(ThreadId thread)
{
    std::scoped_lock lock(mutex_);
    auto known = threads_.find(thread);
    if (known == threads_.end()) {
        load_names();
        known = threads_.find(thread);
    }
    return known == threads_.end() ? 0 : known->second;
}

std::string TraceFile::comm(ThreadId thread, EventId event)
{
    std::scoped_lock lock(mutex_);
    if (names_loaded_at_ < event || !names_loaded_)
        load_names();
    auto known = comms_.find(thread);
    if (known == comms_.end())
        return {};
    const std::string* name = &known->second.front().second; // before its first name: what it was born with
    for (const auto& [since, text] : known->second)
        if (since <= event)
            name = &text;
    return *name;
}

std::optional<ExecInfo> TraceFile::exec(EventId event)
{
    std::scoped_lock lock(mutex_);
    ExecInfo info;
    StringId path = 0;
    {
        // The record may hang on the execve call or on the event of kind exec that follows it.
        Use use(prepared(execs_, "SELECT event, process, path, argv FROM exec WHERE event BETWEEN ?1 AND ?1 + 1 ORDER BY event"));
        use->bind(1, to_column(event));
        if (!use->step())
            return std::nullopt;
        info.event = use->number(0);
        info.process = static_cast<ProcessId>(use->integer(1));
        path = static_cast<StringId>(use->integer(2));
        auto argv = use->blob(3);
        std::string_view text(reinterpret_cast<const char*>(argv.data()), argv.size());
        while (!text.empty()) {
            std::size_t end = text.find('\0');
            info.argv.emplace_back(text.substr(0, end));
            text.remove_prefix(end == text.npos ? text.size() : end + 1);
        }
    }
    info.path = string(path);
    info.comm = comm(info.process, info.event);
    return info;
}

EventId TraceFile::event_at(std::uint64_t ts)
{
    std::scoped_lock lock(mutex_);
    EventId low = 1, high = last_event() + 1;
    Statement& time = prepared(time_, "SELECT ts FROM event WHERE id = ?1");
    while (low < high) {
        EventId middle = low + (high - low) / 2;
        Use use(time);
        use->bind(1, to_column(middle));
        if (use->step() && use->number(0) < ts)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

std::string TraceFile::meta(const std::string& key)
{
    std::scoped_lock lock(mutex_);
    Statement row = connection().prepare("SELECT value FROM meta WHERE key = ?1");
    row.bind(1, std::string_view(key));
    return row.step() ? std::string(row.text(0)) : std::string();
}

TraceInfo TraceFile::info()
{
    std::scoped_lock lock(mutex_);
    Database& database = connection();
    TraceInfo info;
    Statement rows = database.prepare("SELECT key, value FROM meta");
    while (rows.step())
        info.meta.emplace(rows.text(0), rows.text(1));
    rows = Statement();
    info.format = static_cast<int>(database.value("PRAGMA user_version"));
    info.events = last_event();
    info.processes = static_cast<std::uint64_t>(database.value("SELECT count(*) FROM process"));
    info.threads = static_cast<std::uint64_t>(database.value("SELECT count(*) FROM thread"));
    info.data_rows = static_cast<std::uint64_t>(database.value("SELECT count(*) FROM data"));
    info.blobs = static_cast<std::uint64_t>(database.value("SELECT count(*) FROM blob"));
    if (auto last = event(info.events))
        info.last_ts = last->ts;
    for (const char* suffix : {"", "-wal"}) {
        struct stat status{};
        if (stat((path_ + suffix).c_str(), &status) == 0)
            info.file_bytes += static_cast<std::uint64_t>(status.st_size);
    }
    info.end = info.meta["end"];
    info.end_message = info.meta["end_message"];
    if (info.end == "running" && !recorder_alive(info.meta["recorder"])) {
        info.end = "cut";
        info.end_message = fmt::format("The recording was cut off. All {} events up to then are here.", info.events);
    }
    info.complete = info.end == "exited" || info.end == "killed";
    if (auto at = info.meta.find("exit_status"); at != info.meta.end())
        info.exit_status = std::atoi(at->second.c_str());
    return info;
}

}
