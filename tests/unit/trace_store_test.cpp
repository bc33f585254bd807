// The recorder and what is read back: contents, files, and traces that are none.
#include "tests/unit/trace_contents.h"

#include "trace/syscall_table.h"

#include <atomic>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::trace;
using namespace ringside::test;

namespace {

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
    CHECK(error_of(folder / "gzip") == (folder / "gzip") + " is not a Ringside trace. It starts like a gzip file.");
    write_file(folder / "text", "read(3, \"\", 5) = 0\n" + std::string(5000, 'x'));
    CHECK(error_of(folder / "text") == (folder / "text") + " is not a Ringside trace. It starts like text.");
    write_file(folder / "short", "hello");
    CHECK_THAT(error_of(folder / "short"), Catch::Contains("not a Ringside trace"));
    Database(folder / "other.db", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).exec("CREATE TABLE t(x)");
    CHECK(error_of(folder / "other.db") == (folder / "other.db") + " is not a Ringside trace. It is an SQLite database of another program.");
    test::record_synthetic({.events = 5000}, folder / "a");
    std::string whole = read_file(folder / "a");
    write_file(folder / "half", whole.substr(0, whole.size() / 2));
    CHECK_THAT(error_of(folder / "half"), Catch::Contains("damaged"));
    write_file(folder / "start", whole.substr(0, 100));
    CHECK(error_of(folder / "start") != "");
    Database(folder / "a", SQLITE_OPEN_READWRITE).exec("PRAGMA user_version = 7");
    CHECK(error_of(folder / "a") == (folder / "a") + " is from a newer Ringside (format 7; this one reads up to 1). Update Ringside to open it.");
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
