// A trace made by a stranger: bytes changed, cut off, or a database that is sound for SQLite and says nonsense. Opening and
// reading it may fail with one line, never crash or hang.
#include "tests/fuzz/fuzz.h"
#include "tests/unit/recording.h"

#include "engine/replay/log.h"
#include "engine/session/replay_input.h"
#include "trace/hot_columns.h"
#include "trace/queries.h"
#include "trace/trace_file.h"

#include <fstream>
#include <sys/mman.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::trace;
using test::Random;

namespace {

struct Outcome {
    bool opened = false;
    bool read = false;
    std::string message;
};

/// What replay makes of it: the supervisor's half, and the player's index over that.
void read_for_replay(const std::string& path)
{
    auto input = session::make_replay_input(path);
    struct stat status {};
    REQUIRE(fstat(input.get(), &status) == 0);
    auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0)
        return;
    void* bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, input.get(), 0);
    REQUIRE(bytes != MAP_FAILED);
    auto log = replay::Log::parse({static_cast<const std::byte*>(bytes), size});
    for (EventId id = 1; log.ok() && id <= std::min<EventId>(log.value().last(), 2000); ++id)
        log.value().load(id);
    munmap(bytes, size);
}

/// Reads a trace by every way there is.
Outcome read_all(const std::string& path)
{
    Outcome outcome;
    try {
        TraceFile trace(path);
        outcome.opened = true;
        EventId last = std::min<EventId>(trace.last_event(), 3000);
        for (EventId first = 1; first <= last; first += TraceFile::page_rows) {
            for (const Event& event : trace.events(first)) {
                for (const DataChunk& chunk : trace.data(event))
                    if (chunk.bytes.size() > ring_max_record)
                        FAIL("a chunk larger than any record");
                trace.string(event.path);
                trace.object(event.object);
                trace.comm(event.thread, event.id);
                trace.fd_path(trace.process_of(event.thread), static_cast<int>(event.args[0]), event.id);
                trace.exec(event.id);
            }
        }
        trace.event_at(1'000'000);
        trace.info();
        trace.query("select name, count(*), max(arguments), max(result) from syscalls group by 1", [](const auto&) {}, [](const auto&) { return true; });
        Queries queries(trace);
        for (const ProcessNode& process : queries.processes()) {
            queries.descriptors_at(process.id, last / 2);
            queries.mappings_at(process.id, last / 2);
        }
        queries.host_calls();
        HotColumns columns;
        load_hot_columns(path, columns, std::atomic<bool>(false));
        call_statistics(columns);
        read_for_replay(path);
        outcome.read = true;
    } catch (const Error& error) {
        outcome.message = error.what();
    }
    return outcome;
}

std::string content_of(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_to(const std::string& path, std::string_view content)
{
    std::ofstream(path, std::ios::binary) << content;
}

}

TEST_CASE("a trace with changed bytes, or cut off, is read or refused")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    test::record_synthetic({.events = 400, .largest = 3000}, path);
    REQUIRE(read_all(path).read);
    std::string sound = content_of(path);
    Random random(Catch::rngSeed());
    int rounds = 0, opened = 0, read = 0;
    for (test::Budget budget; budget.left(); ++rounds) {
        std::string changed = sound;
        std::size_t area = random.one_in(2) ? changed.size() : std::size_t{8192} * (1 + random.below(4));
        for (std::uint64_t n = 1 + random.below(12); n > 0; --n)
            test::damage(std::as_writable_bytes(std::span(changed)).first(std::min(area, changed.size())), random);
        if (random.one_in(10))
            changed.resize(random.below(changed.size()));
        write_to(path, changed);
        INFO("seed " << Catch::rngSeed() << ", round " << rounds);
        Outcome outcome = read_all(path);
        opened += outcome.opened;
        read += outcome.read;
        REQUIRE((outcome.read || !outcome.message.empty()));
        REQUIRE(outcome.message.find('\n') == std::string::npos);
    }
    CHECK(rounds > 5);
    CHECK(opened < rounds); // some damage must have been seen
    CHECK(opened > 0);
}

TEST_CASE("a trace whose rows are nonsense is read or refused")
{
    test::TemporaryFolder folder;
    std::string path = folder / "a.ringside";
    test::record_synthetic({.events = 300}, path);
    std::string sound = content_of(path);
    Random random(Catch::rngSeed());
    static constexpr const char* columns[][2] = {{"event", "kind"}, {"event", "ts"}, {"event", "dur"}, {"event", "thread"}, {"event", "nr"}, {"event", "ret"},
        {"event", "verdict"}, {"event", "flags"}, {"event", "a0"}, {"event", "path"}, {"event", "object"}, {"event", "of"}, {"event", "done"},
        {"data", "arg"}, {"data", "length"}, {"data", "offset"}, {"data", "blob"}, {"data", "bytes"}, {"blob", "length"}, {"blob", "coding"}, {"blob", "bytes"},
        {"string", "text"}, {"process", "parent"}, {"process", "started"}, {"process", "ended"}, {"thread", "process"}, {"comm", "thread"}, {"comm", "name"},
        {"exec", "argv"}, {"exec", "path"}, {"object", "kind"}, {"object", "path"}, {"fd", "opened"}, {"fd", "closed"}, {"fd", "number"}, {"mapping", "start"},
        {"mapping", "from"}, {"host_call", "nr"}, {"host_call", "count"}, {"host_call", "ns"}, {"meta", "value"}, {"event", "id"}, {"data", "id"}};
    int rounds = 0, read = 0;
    for (test::Budget budget; budget.left(); ++rounds) {
        write_to(path, sound);
        {
            Database database(path, SQLITE_OPEN_READWRITE);
            for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
                const auto& [table, column] = columns[random.below(std::size(columns))];
                static constexpr const char* odd[] = {"'text'", "x'00ff'", "1e300", "NULL", "zeroblob(3000000)"};
                std::string value = random.one_in(3) ? odd[random.below(std::size(odd))] : std::to_string(static_cast<std::int64_t>(random.odd_number()));
                std::string sql = fmt::format("UPDATE OR IGNORE \"{}\" SET \"{}\" = {} WHERE random() % {} = 0", table, column, value, 1 + random.below(8));
                sqlite3_exec(database.handle(), sql.c_str(), nullptr, nullptr, nullptr); // some are refused: NULL as an id
            }
        }
        INFO("seed " << Catch::rngSeed() << ", round " << rounds);
        Outcome outcome = read_all(path);
        read += outcome.read;
        REQUIRE((outcome.read || !outcome.message.empty()));
    }
    CHECK(rounds > 3);
    CHECK(read > 0);
}
