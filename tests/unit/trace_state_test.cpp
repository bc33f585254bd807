// Questions about a trace's state at an event, and the hot columns.
#include "tests/unit/trace_contents.h"

#include "trace/hot_columns.h"
#include "trace/queries.h"
#include "trace/syscall_table.h"

#include <atomic>

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace ringside;
using namespace ringside::trace;
using namespace ringside::test;

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
