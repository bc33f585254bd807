// Reading a trace: rows by id, data, strings, what is known of processes and descriptors. Works while the trace is being
// recorded. A trace is data of a stranger: nothing in it is executed, every size is checked, decoding is bounded.
#pragma once

#include "trace/error.h"
#include "trace/event_view.h"
#include "trace/open_readers.h"
#include "trace/sqlite.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace ringside::trace {

/// What `ringside info` shows.
struct TraceInfo {
    std::map<std::string, std::string> meta;
    int format = 0;
    EventId events = 0;
    std::uint64_t processes = 0, threads = 0, data_rows = 0, blobs = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t last_ts = 0;   ///< of the last event, ns
    std::string end;             ///< exited, killed, recorder lost, disk full, bad record; "running"; "cut"
    std::string end_message;     ///< one line for a person, where the end is not a clean one
    bool complete = false;       ///< ended by the guest's end (exited, killed)
    std::optional<int> exit_status; ///< as wait4(2), of the first process
};

using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string, std::vector<std::byte>>;

/// All functions may be called from any thread; they wait for each other. For work beside the window open a second TraceFile.
class TraceFile final : public EventSource, private OpenReader {
public:
    static constexpr std::size_t page_rows = 256;
    static constexpr std::size_t data_limit = std::size_t{64} << 20; ///< bytes that data() gives for one event

    /// Throws Error with one line for a person: no such file, no trace, a newer one, a damaged one.
    explicit TraceFile(std::string path);
    ~TraceFile() override;

    const std::string& path() const { return path_; }
    /// It is being recorded now, by this or another process: last_event() may rise.
    bool running();

    EventId last_event() override;
    std::optional<Event> event(EventId id) override;
    /// Rows first..first+count-1, as far as they exist. One keyed look-up, 0.1 ms for a page.
    std::vector<Event> events(EventId first, std::size_t count = page_rows);
    /// Bytes past data_limit are left out, and the chunk marked as capped.
    std::vector<DataChunk> data(const Event& event) override;
    /// The chunks that hang on this very row, one by one; the function may say false to stop.
    void for_each_chunk(EventId row, const std::function<bool(DataChunk&&)>& function);
    /// As for_each_chunk for all rows of first..last, in order.
    void for_each_chunk(EventId first, EventId last, const std::function<bool(DataChunk&&)>& function);
    std::string string(StringId id) override;
    ObjectInfo object(ObjectId id) override;
    std::string fd_path(ProcessId process, int fd, EventId event) override;
    ProcessId process_of(ThreadId thread) override;
    std::string comm(ThreadId thread, EventId event) override;
    std::optional<ExecInfo> exec(EventId event) override;
    /// Reads up to 500 rows that follow: for single rows; for many ask HotColumns.
    bool expected_search(const Event& event) override;
    /// What `fd` of `process` referred to just before `event`; 0 where it is not known.
    ObjectId fd_object(ProcessId process, int fd, EventId event);
    /// The call's first path as the program gave it, with what was recorded of it.
    std::string given_path(const Event& event);
    /// The same of the path in this argument.
    std::string given_path(const Event& event, int argument);

    /// The first row with ts >= `ts`: a binary search by id. last_event() + 1 where there is none.
    EventId event_at(std::uint64_t ts);
    TraceInfo info();
    std::string meta(const std::string& key);

    /// Runs SQL of a person, on a connection of its own that can only read. `names` comes before the first row of each statement;
    /// `row` may say false to stop. Throws Error with SQLite's message.
    void query(const std::string& sql, const std::function<void(const std::vector<std::string>&)>& names,
        const std::function<bool(const std::vector<SqlValue>&)>& row);

    /// For the other parts of trace/: a locked connection. Finish statements before giving it back.
    class Access {
    public:
        Database& database;

    private:
        friend class TraceFile;
        Access(Database& database, std::recursive_mutex& mutex)
            : database(database)
            , lock_(mutex)
        {
        }
        std::unique_lock<std::recursive_mutex> lock_;
    };
    Access access();

private:
    struct Interval {
        EventId opened;
        EventId closed; ///< 0: not yet, or not known
        ObjectId object;
    };

    void let_go(const std::string& real_path) override;
    Database& connection();
    Statement& prepared(Statement& statement, const char* sql);
    void load_descriptors();
    void load_names();
    std::vector<std::byte> blob_bytes(std::span<const std::byte> stored, std::int64_t length, std::int64_t coding);
    void close_connection();

    std::string path_;
    std::string real_path_;
    std::recursive_mutex mutex_;
    Database database_;
    Statement events_, chunks_, strings_, objects_, execs_, last_, time_;
    std::unordered_map<StringId, std::string> string_cache_;
    std::unordered_map<ObjectId, ObjectInfo> object_cache_;
    std::unordered_map<std::uint64_t, std::vector<Interval>> descriptors_; ///< by process << 32 | number
    std::int64_t descriptor_rows_ = 0;
    EventId descriptors_loaded_at_ = 0;
    std::unordered_map<ThreadId, ProcessId> threads_;
    std::unordered_map<ThreadId, std::vector<std::pair<EventId, std::string>>> comms_;
    std::int64_t comm_rows_ = 0;
    EventId names_loaded_at_ = 0;
    bool names_loaded_ = false;
};

/// Opens a connection that only reads, distrusts the schema, and keeps to limits. Throws Error.
Database open_for_reading(const std::string& path);

}
