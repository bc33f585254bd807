// The recorder and what is read back: contents, files, ends, and everything that may go wrong with a disk.
#include "tests/unit/recording.h"

#include "trace/hot_columns.h"
#include "trace/interner.h"
#include "trace/queries.h"
#include "trace/replay_log.h"
#include "trace/syscall_table.h"
#include "trace/trace_file.h"

#include <atomic>
#include <fstream>
#include <map>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::trace;

namespace {

/// What the generator sent, to compare with what is read back.
struct Sent {
    std::vector<EventRecord> events;
    std::vector<std::string> paths;
    std::map<EventId, std::string> data; ///< all bytes of the row's data records
};

Sent everything_sent(const SyntheticOptions& options)
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

std::string bytes_of(const std::vector<DataChunk>& chunks)
{
    std::string all;
    for (const DataChunk& chunk : chunks)
        all.append(reinterpret_cast<const char*>(chunk.bytes.data()), chunk.bytes.size());
    return all;
}

std::vector<std::string> column(TraceFile& trace, const std::string& sql)
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

/// A file system of 3 MB on a folder, where we may mount.
class SmallDisk {
public:
    explicit SmallDisk(std::string folder)
        : folder_(std::move(folder))
        , mounted_(mount("none", folder_.c_str(), "tmpfs", 0, "size=3M") == 0)
    {
    }
    ~SmallDisk()
    {
        if (mounted_)
            umount2(folder_.c_str(), MNT_DETACH);
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    bool mounted() const { return mounted_; }

private:
    std::string folder_;
    bool mounted_;
};

std::string error_of(const std::string& path)
{
    try {
        TraceFile trace(path);
        (void)trace.info();
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

void write_file(const std::string& path, std::string_view content)
{
    std::ofstream(path, std::ios::binary) << content;
}

std::string read_file(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}

TEST_CASE("store: every event, path and byte is read back as it was sent")
{
    test::TemporaryFolder folder;
    SyntheticOptions options{.events = 20'000, .seed = 3};
    RecorderStatus status = test::record_synthetic(options, folder / "a.ringside");
    CHECK(status.end == RecordingEnd::exited);
    CHECK(status.message == "");
    REQUIRE(status.events == 20'000);
    Sent sent = everything_sent(options);
    TraceFile trace(folder / "a.ringside");
    REQUIRE(trace.last_event() == 20'000);
    std::map<EventId, const EventRecord*> completions;
    for (const EventRecord& record : sent.events)
        if (record.kind == EventKind::resume)
            completions[record.of] = &record;
    REQUIRE(!completions.empty());
    for (EventId first = 1; first <= 20'000; first += TraceFile::page_rows) {
        for (const Event& event : trace.events(first)) {
            const EventRecord& record = sent.events[event.id - 1];
            INFO("event " << event.id);
            bool same = event.id == record.id && event.kind == record.kind && event.ts == record.ts && event.thread == record.thread
                && event.nr == record.nr && event.ip == record.ip && event.regs_hash == record.regs_hash && event.object == record.object
                && event.host_calls == record.host_calls && event.verdict == record.verdict && event.of == record.of && event.waker == record.waker;
            REQUIRE(same);
            if (auto done = completions.find(event.id); done != completions.end()) {
                REQUIRE(event.has_ret());
                REQUIRE(event.ret == done->second->ret);
                REQUIRE(event.done == done->second->id);
                REQUIRE(event.dur == done->second->ts + done->second->dur - record.ts);
            } else {
                REQUIRE(event.has_ret() == ((record.flags & event_flag::has_ret) != 0));
                REQUIRE(event.ret == record.ret);
                REQUIRE(event.dur == record.dur);
            }
            std::size_t arity = record.kind == EventKind::syscall ? find_syscall(record.nr)->arity : 6;
            for (std::size_t i = 0; i < 6; ++i)
                REQUIRE(event.args[i] == (i < arity ? record.args[i] : 0));
            REQUIRE(trace.string(event.path) == sent.paths[event.id - 1]);
            std::string expected = sent.data[event.id];
            if (event.done != 0)
                expected += sent.data[event.done];
            REQUIRE(bytes_of(trace.data(event)) == expected);
        }
    }
    CHECK(trace.events(20'001).empty());
    CHECK(trace.events(0).empty());
    CHECK(trace.events(UINT64_MAX - 3).empty());
    CHECK(!trace.event(UINT64_MAX));
}

TEST_CASE("store: one file is left, private, out of WAL mode, and SQL answers")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    umask(0);
    test::record_synthetic({.events = 3000}, path);
    umask(022);
    struct stat status{};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(path).parent_path()))
        ++files;
    CHECK(files == 1);
    std::string content = read_file(path);
    CHECK(content[18] == 1); // 2 would be WAL (fileformat2.html)
    CHECK(content.substr(68, 4) == "Ring");
    TraceFile trace(path);
    CHECK(!trace.running());
    TraceInfo info = trace.info();
    CHECK(info.end == "exited");
    CHECK(info.complete);
    CHECK(info.exit_status == 0);
    CHECK(info.events == 3000);
    CHECK(info.meta["seed"] == "42");
    auto names = column(trace, "select name, count(*) from syscalls group by 1 order by 2 desc");
    REQUIRE(!names.empty());
    CHECK(names.front() == "read");
    CHECK(column(trace, "select count(*) from syscalls where result = '-1 ENOENT' and name = 'openat' and path like '/usr/share/%'").front() != "0");
    CHECK(column(trace, "select arguments from syscalls where name = 'openat' limit 1").front().starts_with("-100, 0x7ffd3c"));
    CHECK(column(trace, "select count(*) from event e left join syscall s on s.nr = e.nr where e.kind = 1 and s.name is null").front() == "0");
}

TEST_CASE("store: queries only read")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    test::record_synthetic({.events = 100}, path);
    std::string before = read_file(path);
    TraceFile trace(path);
    for (std::string sql : {"delete from event", "insert into mark values(1, 1, 'x', 'y')", "create temp table t(x)", "attach '/tmp/x' as y",
             "pragma journal_mode = wal", "pragma user_version = 9", "pragma writable_schema = on", "select load_extension('x')", "drop table event",
             "update event set ret = 1", "vacuum into '/tmp/ringside-never'", "begin immediate", "select * from nothing", "selec"}) {
        INFO(sql);
        CHECK_THROWS_AS(column(trace, sql), Error);
    }
    CHECK(column(trace, "select count(*) from event; select 5; -- that is all").size() == 2);
    CHECK(column(trace, "pragma table_info(event)").size() == 23);
    CHECK(read_file(path) == before);
}

TEST_CASE("store: an existing file is never overwritten unless forced")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    write_file(path, "precious");
    CHECK_THROWS_WITH(test::record_synthetic({.events = 10}, path), Catch::Contains("exists already"));
    CHECK(read_file(path) == "precious");
    RecorderOptions options;
    options.path = path;
    options.force = true;
    CHECK(test::record_synthetic({.events = 10}, options).end == RecordingEnd::exited);
    CHECK(error_of(path) == "");
    std::filesystem::remove(path);
    std::filesystem::create_symlink(folder / "elsewhere", path);
    CHECK_THROWS_AS(test::record_synthetic({.events = 10}, path), Error); // a dangling link is not followed
    CHECK(!std::filesystem::exists(folder / "elsewhere"));
    CHECK_THROWS_AS(test::record_synthetic({.events = 10}, folder / "no/such/folder/a.ringside"), Error);
}

TEST_CASE("store: what is no trace is refused in one line")
{
    test::TemporaryFolder folder;
    using namespace std::string_literals;
    CHECK_THAT(error_of(folder / "missing"), Catch::Contains("No such file"));
    CHECK_THAT(error_of(folder / ""), Catch::Contains("directory"));
    write_file(folder / "empty", "");
    CHECK_THAT(error_of(folder / "empty"), Catch::Contains("empty"));
    write_file(folder / "gzip", "\x1f\x8b\x08"s + std::string(5000, 'x'));
    CHECK(error_of(folder / "gzip") == "This is not a Ringside trace. It starts like a gzip file.");
    write_file(folder / "text", "read(3, \"\", 5) = 0\n" + std::string(5000, 'x'));
    CHECK(error_of(folder / "text") == "This is not a Ringside trace. It starts like text.");
    write_file(folder / "short", "hello");
    CHECK_THAT(error_of(folder / "short"), Catch::Contains("not a Ringside trace"));
    Database(folder / "other.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).exec("CREATE TABLE t(x)");
    CHECK(error_of(folder / "other.db") == "This is not a Ringside trace. It is an SQLite database of another program.");
    test::record_synthetic({.events = 5000}, folder / "a");
    std::string whole = read_file(folder / "a");
    write_file(folder / "half", whole.substr(0, whole.size() / 2));
    CHECK_THAT(error_of(folder / "half"), Catch::Contains("damaged"));
    write_file(folder / "start", whole.substr(0, 100));
    CHECK(error_of(folder / "start") != "");
    Database(folder / "a", SQLITE_OPEN_READWRITE).exec("PRAGMA user_version = 7");
    CHECK(error_of(folder / "a") == "This trace is from a newer Ringside (format 7; this one reads up to 1). Update Ringside to open it.");
}

TEST_CASE("store: a schema that is not ours is refused")
{
    test::TemporaryFolder folder;
    test::record_synthetic({.events = 100}, folder / "a");
    int number = 0;
    for (std::string change : {"DROP TABLE string; CREATE VIEW string AS SELECT 1 AS id, 'x' AS text", "CREATE TRIGGER t AFTER INSERT ON mark BEGIN SELECT 1; END",
             "DROP VIEW syscalls; CREATE VIEW syscalls AS SELECT 1", "DROP TABLE blob", "ALTER TABLE event ADD COLUMN more"}) {
        INFO(change);
        std::string path = folder / fmt::format("changed{}", ++number);
        std::filesystem::copy_file(folder / "a", path);
        Database(path, SQLITE_OPEN_READWRITE).exec(change);
        CHECK_THAT(error_of(path), Catch::Contains("damaged"));
    }
    Database(folder / "a", SQLITE_OPEN_READWRITE).exec("CREATE TABLE notes(x); CREATE INDEX more ON event(nr)");
    CHECK(error_of(folder / "a") == ""); // what a person adds does no harm
}

TEST_CASE("store: a trace is read while it is being recorded, and becomes one file although it is open")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    test::RingMemory ring;
    RecorderOptions options;
    options.path = path;
    Recorder recorder(ring.span(), options);
    recorder.start();
    TraceFile trace(path);
    CHECK(trace.running());
    CHECK(trace.last_event() == 0);
    CHECK(trace.info().end == "running");
    RingProducer producer = test::make_producer(ring);
    EventId seen = 0;
    std::uint64_t count = 0;
    Synthetic synthetic({.events = 10'000}, [&](std::span<const std::byte> record) {
        if (++count == 5000)
            for (int i = 0; i < 3000 && seen == 0; ++i) {
                usleep(1000);
                seen = trace.last_event();
            }
        return test::put(producer, record);
    });
    synthetic.run();
    CHECK(seen > 0);
    CHECK(trace.event(1)->kind == EventKind::exec);
    RecorderStatus status = recorder.finish(RecordingEnd::exited);
    CHECK(status.finished);
    CHECK(!std::filesystem::exists(path + "-wal"));
    CHECK(trace.last_event() == 10'000); // it opens the file again by itself
    CHECK(!trace.running());
}

TEST_CASE("store: the log starts anew past its limit, although a reader is there")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    test::RingMemory ring(ring_default_capacity);
    RecorderOptions options;
    options.path = path;
    options.wal_limit = 4 << 20;
    Recorder recorder(ring.span(), options);
    std::atomic<std::uintmax_t> longest{0};
    recorder.on_change([&](const RecorderStatus&) {
        std::error_code ignored;
        std::uintmax_t size = std::filesystem::file_size(path + "-wal", ignored);
        if (!ignored)
            longest = std::max(longest.load(), size);
    });
    recorder.start();
    TraceFile trace(path);
    RingProducer producer = test::make_producer(ring);
    std::uint64_t count = 0;
    Synthetic synthetic({.events = 600'000, .payload = false}, [&](std::span<const std::byte> record) {
        if (++count % 50'000 == 0)
            (void)trace.events(1);
        return test::put(producer, record);
    });
    synthetic.run();
    CHECK(recorder.finish(RecordingEnd::exited).end == RecordingEnd::exited);
    std::uintmax_t whole = std::filesystem::file_size(path);
    CHECK(whole > (30u << 20));
    CHECK(longest > 0);
    CHECK(longest < whole / 2); // it was used again, several times
    CHECK(trace.last_event() == 600'000);
}

TEST_CASE("store: a limit of bytes ends the recording as a full disk does")
{
    test::TemporaryFolder folder;
    RecorderOptions options;
    options.path = folder / "a.ringside";
    options.max_bytes = 1 << 20;
    RecorderStatus status = test::record_synthetic({.events = 1'000'000}, options);
    CHECK(status.end == RecordingEnd::disk_full);
    CHECK_THAT(status.message, Catch::Contains("limit"));
    CHECK(std::filesystem::file_size(options.path) < (64u << 20));
    TraceInfo info = TraceFile(options.path).info();
    CHECK(info.end == "disk full");
    CHECK(info.events == status.events);
    CHECK(info.events > 1000);
}

TEST_CASE("store: a record that cannot be ends the recording, and says why")
{
    test::TemporaryFolder folder;
    RecorderOptions options;
    options.path = folder / "a.ringside";
    test::RingMemory ring;
    Recorder recorder(ring.span(), options);
    recorder.start();
    RingProducer producer = test::make_producer(ring);
    std::uint64_t count = 0;
    Synthetic synthetic({.events = 500}, [&](std::span<const std::byte> record) {
        RecordHeader header;
        std::memcpy(&header, record.data(), sizeof header);
        if (header.kind != RecordKind::event || ++count != 200)
            return test::put(producer, record);
        EventRecord event;
        std::memcpy(&event, record.data(), sizeof event);
        event.thread = 4711;
        event.header.size = sizeof event;
        return test::put(producer, std::as_bytes(std::span(&event, 1)));
    });
    synthetic.run();
    RecorderStatus status = recorder.finish(RecordingEnd::exited);
    CHECK(status.end == RecordingEnd::bad_record);
    TraceInfo info = TraceFile(options.path).info();
    CHECK(info.end == "bad record");
    CHECK(info.events == 199);
    CHECK(info.end_message
        == "Recording ended: the sandbox sent a record that cannot be (thread 4711 was not introduced). The trace up to event 199 is complete.");
    CHECK(producer.closed());
}

TEST_CASE("store: how a recording ends is in the file")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    auto record = [&](RecordingEnd end, bool whole) {
        test::RingMemory ring;
        RecorderOptions options;
        options.path = path;
        options.force = true;
        Recorder recorder(ring.span(), options);
        recorder.start();
        RingProducer producer = test::make_producer(ring);
        std::uint64_t count = 0;
        Synthetic synthetic({.events = 500}, [&](std::span<const std::byte> bytes) { return (whole || ++count < 400) && test::put(producer, bytes); });
        synthetic.run();
        return recorder.finish(end, "Recording ended: the sandbox stopped unexpectedly (signal 11).");
    };
    RecorderStatus lost = record(RecordingEnd::recorder_lost, false);
    CHECK(lost.end == RecordingEnd::recorder_lost);
    TraceInfo info = TraceFile(path).info();
    CHECK(info.end == "recorder lost");
    CHECK(!info.complete);
    CHECK(info.end_message == fmt::format("Recording ended: the sandbox stopped unexpectedly (signal 11). The trace up to event {} is complete.", info.events));
    CHECK(info.events == lost.events);
    CHECK(record(RecordingEnd::killed, false).end == RecordingEnd::killed);
    CHECK(TraceFile(path).info().end == "killed");
    CHECK(record(RecordingEnd::recorder_lost, true).end == RecordingEnd::exited); // its end record was there
    CHECK(TraceFile(path).info().end == "exited");
}

TEST_CASE("store: a recorder that is killed leaves a trace that opens and says that it was cut")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_t child = fork();
    if (child == 0) {
        test::RingMemory ring;
        RecorderOptions options;
        options.path = path;
        Recorder recorder(ring.span(), options);
        recorder.on_change([&](const RecorderStatus& status) {
            if (status.events > 5000)
                (void)!write(ready[1], "x", 1);
        });
        recorder.start();
        RingProducer producer = test::make_producer(ring);
        Synthetic synthetic({.events = 100'000'000}, [&](std::span<const std::byte> record) { return test::put(producer, record); });
        synthetic.run();
        _exit(0);
    }
    close(ready[1]);
    char byte;
    REQUIRE(read(ready[0], &byte, 1) == 1);
    {
        TraceFile trace(path); // another process sees it run
        CHECK(trace.running());
        CHECK(trace.info().end == "running");
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    TraceFile trace(path);
    CHECK(!trace.running());
    TraceInfo info = trace.info();
    CHECK(info.end == "cut");
    CHECK(info.events > 5000);
    CHECK(!info.complete);
    CHECK(trace.event(info.events).has_value());
    CHECK(column(trace, "select count(*) from event").front() == std::to_string(info.events));
    CHECK(!std::filesystem::exists(path + ".reserve"));
}

TEST_CASE("store: a full disk ends the recording; what fitted is there")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    // A limit on the size of files is what an ordinary user can have; the error that SQLite sees differs from a full disk's
    // only in its number. The tmpfs below is the real thing, for root.
    SmallDisk disk(folder / "");
    pid_t child = fork();
    if (child == 0) {
        if (!disk.mounted()) {
            rlimit limit{2 << 20, 2 << 20};
            setrlimit(RLIMIT_FSIZE, &limit);
        }
        RecorderOptions options;
        options.path = path;
        RecorderStatus status = test::record_synthetic({.events = 1'000'000, .largest = 3000}, options);
        bool good = status.end == RecordingEnd::disk_full && status.events > 100 && status.message.starts_with("Recording ended: the disk ");
        if (!good)
            fmt::print(stderr, "{} {} {}\n", end_name(status.end), status.events, status.message);
        _exit(good ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    {
        TraceFile trace(path);
        TraceInfo info = trace.info();
        CHECK(info.end == "disk full");
        CHECK_THAT(info.end_message, Catch::Contains(std::to_string(info.events)));
        CHECK(info.events > 100);
        CHECK(column(trace, "select count(*) from event").front() == std::to_string(info.events));
        CHECK(trace.event(info.events).has_value());
    }
    Database database(path, SQLITE_OPEN_READWRITE);
    Statement check = database.prepare("PRAGMA integrity_check");
    REQUIRE(check.step());
    CHECK(check.text(0) == "ok");
}

TEST_CASE("store: replay reads every event with its bytes, by thread and in order")
{
    test::TemporaryFolder folder;
    SyntheticOptions options{.events = 5000, .seed = 9};
    test::record_synthetic(options, folder / "a");
    Sent sent = everything_sent(options);
    TraceFile trace(folder / "a");
    ReplayLog log(trace);
    REQUIRE(log.last_event() == 5000);
    REQUIRE(log.threads().size() == 4);
    std::size_t total = 0;
    for (ThreadId thread : log.threads()) {
        EventId last = 0;
        while (const ReplayEvent* event = log.next(thread)) {
            REQUIRE(event->event.thread == thread);
            REQUIRE(event->event.id > last);
            last = event->event.id;
            REQUIRE(bytes_of(event->data) == sent.data[last]);
            ++total;
        }
    }
    CHECK(total == 5000);
    EventId id = 0;
    while (const ReplayEvent* event = log.next_of_all(id))
        REQUIRE(event->event.id == ++id);
    CHECK(id == 5000);
    log.seek(1, 100);
    CHECK(log.peek(1)->event.id > 100);
    CHECK(log.at(5001) == nullptr);
    CHECK(log.next(77) == nullptr);
}

TEST_CASE("store: state at an event: descriptors, mappings, processes, names")
{
    test::TemporaryFolder folder;
    SyntheticOptions options{.events = 8000, .seed = 5};
    test::record_synthetic(options, folder / "a");
    // The same changes, followed naively.
    struct State {
        std::map<int, std::uint64_t> descriptors;
        std::map<std::uint64_t, std::uint64_t> pages; ///< page -> event that mapped it
    };
    std::map<ProcessId, State> states;
    std::map<EventId, std::map<ProcessId, State>> snapshots;
    EventId last = 0;
    Synthetic synthetic(options, [&](std::span<const std::byte> record) {
        RecordHeader header;
        std::memcpy(&header, record.data(), sizeof header);
        auto as = [&]<typename T>(T& to) { std::memcpy(&to, record.data(), sizeof to); };
        if (header.kind == RecordKind::event) {
            if (last % 1000 == 0)
                snapshots[last] = states;
            ++last;
        } else if (header.kind == RecordKind::process) {
            ProcessRecord process;
            as(process);
            states[process.pid] = states[process.parent];
        } else if (header.kind == RecordKind::fd_open || header.kind == RecordKind::fd_close) {
            FdRecord fd;
            as(fd);
            if (header.kind == RecordKind::fd_open)
                states[fd.pid].descriptors[fd.fd] = fd.object;
            else
                states[fd.pid].descriptors.erase(fd.fd);
        } else if (header.kind == RecordKind::mapping) {
            MappingRecord mapping;
            as(mapping);
            for (std::uint64_t page = mapping.start; page < mapping.end; page += 4096) {
                if (mapping.prot < 0)
                    states[mapping.pid].pages.erase(page);
                else
                    states[mapping.pid].pages[page] = 1;
            }
        }
        return true;
    });
    synthetic.run();
    TraceFile trace(folder / "a");
    Queries queries(trace);
    REQUIRE(snapshots.size() == 8);
    for (const auto& [event, processes] : snapshots) {
        for (const auto& [pid, state] : processes) {
            if (pid == 0 || event == 0)
                continue;
            INFO("event " << event << ", process " << pid);
            std::map<int, std::uint64_t> open;
            for (const OpenDescriptor& descriptor : queries.descriptors_at(pid, event))
                open[descriptor.number] = descriptor.object.id;
            CHECK(open == state.descriptors);
            std::uint64_t pages = 0, end = 0;
            for (const MappingInfo& mapping : queries.mappings_at(pid, event)) {
                CHECK(mapping.start >= end); // in order, not overlapping
                end = mapping.end;
                for (std::uint64_t page = mapping.start; page < mapping.end; page += 4096)
                    pages += state.pages.contains(page) ? 1 : 1'000'000;
            }
            CHECK(pages == state.pages.size());
        }
    }
    CHECK(snapshots[7000][1].pages.size() > 100);
    auto processes = queries.processes();
    REQUIRE(processes.size() == 4);
    CHECK(processes[0].argv == std::vector<std::string>{"prog", "--all"});
    CHECK(processes[0].name == "prog");
    CHECK(processes[3].name == "prog"); // inherited
    CHECK(processes[3].parent != 0);
    CHECK(processes[3].ended == 8000);
    CHECK(processes[3].ts_ended > processes[3].ts_started);
    CHECK(trace.comm(1, 5000) == "prog");
    CHECK(trace.process_of(4) == 4);
    CHECK(trace.process_of(99) == 0);
    CHECK(trace.exec(1)->path == "/usr/bin/prog");
    CHECK(!trace.exec(500));
    CHECK(trace.fd_path(1, 0, 500) == "/dev/pts/3");
    CHECK(trace.fd_path(1, 900, 500) == "");
    auto host = queries.host_calls();
    REQUIRE(!host.empty());
    CHECK(host[0].nr == nr_of("openat2"));
    CHECK(host[0].cause_nr == nr_of("openat"));
}

TEST_CASE("store: hot columns are what the rows say, and can be topped up")
{
    test::TemporaryFolder folder;
    test::record_synthetic({.events = 3000, .seed = 2}, folder / "a");
    HotColumns columns;
    REQUIRE(load_hot_columns(folder / "a", columns, std::atomic<bool>(false)));
    REQUIRE(columns.size() == 3000);
    TraceFile trace(folder / "a");
    std::uint64_t failed = 0;
    for (EventId first = 1; first <= 3000; first += 256)
        for (const Event& event : trace.events(first)) {
            std::size_t row = event.id - 1;
            REQUIRE(columns.ts[row] == event.ts);
            REQUIRE(columns.thread[row] == event.thread);
            REQUIRE(columns.has_ret(row) == event.has_ret());
            REQUIRE(columns.error(row) == event.error());
            REQUIRE(columns.path[row] == event.path);
            REQUIRE(columns.kind[row] == static_cast<std::uint8_t>(event.kind));
            failed += event.kind == EventKind::syscall && event.failed();
        }
    std::uint64_t counted = 0, errors = 0;
    for (const CallStatistics& call : call_statistics(columns)) {
        counted += call.count;
        errors += call.errors;
        CHECK(call.median_ns <= call.p99_ns);
        CHECK(call.p99_ns <= call.max_ns);
    }
    CHECK(errors == failed);
    CHECK(std::to_string(counted) == column(trace, "select count(*) from syscalls").front());
    REQUIRE(load_hot_columns(folder / "a", columns, std::atomic<bool>(false)));
    CHECK(columns.size() == 3000);
    HotColumns none;
    CHECK(!load_hot_columns(folder / "a", none, std::atomic<bool>(true)));
}
