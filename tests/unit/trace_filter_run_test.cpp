// Filters over a whole trace give what asking every event gives.
#include "tests/unit/recording.h"

#include "trace/filter_run.h"

#include <catch2/catch.hpp>

using namespace ringside;
using namespace ringside::trace;

TEST_CASE("filter run: the columns and the rows agree")
{
    test::TemporaryFolder folder;
    test::record_synthetic({.events = 6000, .seed = 4}, folder / "a");
    TraceFile trace(folder / "a");
    HotColumns columns;
    load_hot_columns(folder / "a", columns, std::atomic<bool>(false));
    std::size_t some = 0;
    for (std::string text : {"", "syscall == openat", "errno == ENOENT", "ret < 0 && syscall == openat", "pid == 2", "dur > 20us", "path ~ \"^/usr/share/1/\"",
             "!(syscall in {read, openat})", "group == file", "host_calls > 1", "verdict == denied", "path glob \"*.txt\" && ret >= 0", "size > 1000", "fd == 0", "problem", "comm == prog"}) {
        INFO(text);
        auto compiled = Filter::compile(text);
        REQUIRE(std::holds_alternative<Filter>(compiled));
        const Filter& filter = std::get<Filter>(compiled);
        std::vector<std::uint32_t> expected;
        for (EventId first = 1; first <= 6000; first += TraceFile::page_rows)
            for (const Event& event : trace.events(first))
                if (filter.matches(event, trace))
                    expected.push_back(static_cast<std::uint32_t>(event.id - 1));
        CHECK(filter_rows(filter, columns, trace) == expected);
        some += !expected.empty() && expected.size() < 6000;
    }
    CHECK(some > 10);
}

TEST_CASE("filter run: stops when told, and goes on where it was")
{
    test::TemporaryFolder folder;
    test::record_synthetic({.events = 10'000, .seed = 4}, folder / "a");
    TraceFile trace(folder / "a");
    HotColumns columns;
    load_hot_columns(folder / "a", columns, std::atomic<bool>(false));
    Filter filter = std::get<Filter>(Filter::compile("syscall == read"));
    std::atomic<bool> cancel{false};
    std::vector<std::uint32_t> rows;
    std::size_t reached = 0;
    CHECK(!run_filter(filter, columns, trace, 0, cancel, [&](auto found, std::size_t done) {
        rows.insert(rows.end(), found.begin(), found.end());
        reached = done;
        cancel = true;
    }));
    CHECK(reached == 4096);
    CHECK(!rows.empty());
    cancel = false;
    CHECK(run_filter(filter, columns, trace, reached, cancel, [&](auto found, std::size_t) { rows.insert(rows.end(), found.begin(), found.end()); }));
    CHECK(rows == filter_rows(filter, columns, trace));
}
