// What a person does with a trace: sorts it, marks it, asks for what occurs in it.
#include "tests/unit/recording.h"
#include "trace/filter/known_values.h"
#include "trace/hot_columns.h"
#include "trace/marks.h"
#include "trace/sort_rows.h"

#include <catch2/catch.hpp>

#include <sys/stat.h>

namespace ringside::test {

using namespace ringside::trace;

namespace {

const std::atomic<bool> go_on = false;

struct Loaded {
    explicit Loaded(std::uint64_t events)
        : path(folder / "t.ringside")
    {
        record_synthetic({.events = events}, path);
        load_hot_columns(path, columns, go_on);
        file = std::make_unique<TraceFile>(path);
    }
    TemporaryFolder folder;
    std::string path;
    HotColumns columns;
    std::unique_ptr<TraceFile> file;
};

}

TEST_CASE("rows are sorted by a column, equal ones by time")
{
    Loaded t(20'000);
    for (SortBy by : {SortBy::id, SortBy::process, SortBy::call, SortBy::path, SortBy::result, SortBy::duration, SortBy::host_calls}) {
        for (bool descending : {false, true}) {
            auto rows = sort_rows(by, descending, t.columns, *t.file, nullptr, go_on);
            REQUIRE(rows.size() == t.columns.size());
            auto all = rows;
            std::ranges::sort(all);
            for (std::size_t i = 0; i < all.size(); ++i)
                REQUIRE(all[i] == i); // each once
        }
    }
    auto longest = sort_rows(SortBy::duration, true, t.columns, *t.file, nullptr, go_on);
    auto timed = [&](std::uint32_t row) { return t.columns.is_call(row) && t.columns.has_ret(row); };
    std::size_t with = static_cast<std::size_t>(std::ranges::count_if(longest, timed));
    REQUIRE(with > 100);
    for (std::size_t i = 1; i < with; ++i) {
        std::uint32_t a = longest[i - 1], b = longest[i];
        REQUIRE((t.columns.dur[a] > t.columns.dur[b] || (t.columns.dur[a] == t.columns.dur[b] && a < b)));
    }
    auto by_result = sort_rows(SortBy::result, false, t.columns, *t.file, nullptr, go_on);
    REQUIRE(t.columns.error(by_result.front()) != 0); // errors first
    auto by_path = sort_rows(SortBy::path, false, t.columns, *t.file, nullptr, go_on);
    for (std::size_t i = 1; i < by_path.size() && t.columns.path[by_path[i]]; ++i)
        REQUIRE(t.file->string(t.columns.path[by_path[i - 1]]) <= t.file->string(t.columns.path[by_path[i]]));
    auto by_process = sort_rows(SortBy::process, false, t.columns, *t.file, nullptr, go_on);
    for (std::size_t i = 1; i < 1000; ++i)
        REQUIRE(t.file->comm(t.columns.thread[by_process[i - 1]], by_process[i - 1] + 1) <= t.file->comm(t.columns.thread[by_process[i]], by_process[i] + 1));
}

TEST_CASE("rows of a filter are sorted among themselves")
{
    Loaded t(5'000);
    std::vector<std::uint32_t> some;
    for (std::uint32_t row = 3; row < t.columns.size(); row += 7)
        some.push_back(row);
    auto sorted = sort_rows(SortBy::duration, false, t.columns, *t.file, &some, go_on);
    auto back = sorted;
    std::ranges::sort(back);
    REQUIRE(back == some);
    REQUIRE(t.columns.dur[sorted[0]] <= t.columns.dur[sorted[1]]);
    std::atomic<bool> stop = true;
    REQUIRE(sort_rows(SortBy::call, false, t.columns, *t.file, &some, stop).empty());
}

TEST_CASE("marks are kept in the trace, and read again")
{
    Loaded t(1'000);
    REQUIRE(read_marks(*t.file).empty());
    Marks marks;
    marks[5].marked = true;
    marks[9].time_reference = true;
    marks[9].note = "here it \"begins\"; DROP TABLE mark";
    write_marks(t.path, marks);
    REQUIRE(read_marks(*t.file) == marks);
    REQUIRE(TraceFile(t.path).last_event() == t.columns.size()); // still a trace as Ringside writes it
    marks.erase(5);
    write_marks(t.path, marks);
    REQUIRE(read_marks(*t.file) == marks);
}

TEST_CASE("marks of a trace that cannot be written say so, and the trace opens")
{
    TemporaryFolder folder;
    REQUIRE_THROWS_WITH(write_marks(folder / "none", {}), Catch::Contains("cannot be opened"));
    Loaded t(100);
    chmod(t.path.c_str(), 0400);
    Marks marks;
    marks[1].marked = true;
    if (geteuid() == 0)
        REQUIRE_NOTHROW(write_marks(t.path, marks));
    else
        REQUIRE_THROWS_WITH(write_marks(t.path, marks), Catch::Contains("cannot be written"));
    REQUIRE(TraceFile(t.path).last_event() == t.columns.size());
}

TEST_CASE("what occurs in the trace is offered where a value is written")
{
    Loaded t(3'000);
    KnownValues known = known_values(*t.file, t.columns, go_on);
    auto first = [&](std::string_view text) {
        auto found = complete_filter(text, text.size(), &known);
        REQUIRE_FALSE(found.candidates.empty());
        return std::string(text.substr(0, found.begin)) + found.candidates.front().text;
    };
    REQUIRE_FALSE(known["path"].empty());
    std::string path = known["path"].front().text;
    // In quotes, by its beginning and by a piece from its middle.
    REQUIRE(first("path == \"" + path.substr(0, path.size() - 2)) == "path == \"" + path + "\"");
    auto inside = complete_filter("path == \"" + path.substr(2), 9 + path.size() - 2, &known);
    REQUIRE(std::ranges::any_of(inside.candidates, [&](const Completion& each) { return each.text == "\"" + path + "\""; }));
    REQUIRE(first("comm == ") == "comm == \"" + known["comm"].front().text + "\"");
    REQUIRE(first("syscall == ") == "syscall == " + known["syscall"].front().text); // the most frequent one
    REQUIRE(first("ret < 0 && pid == ") == "ret < 0 && pid == " + known["pid"].front().text);
    for (const std::string& text : {first("path == \""), first("comm in {"), first("errno == ")})
        REQUIRE(std::holds_alternative<Filter>(Filter::compile(text + (text.find('{') != text.npos ? "}" : ""))));
    REQUIRE(complete_filter("path == \"x", 10).candidates.empty()); // nothing is known of a trace
}

TEST_CASE("a filter is taken apart where && joins it")
{
    using Parts = std::vector<std::string>;
    REQUIRE(filter_parts("ret < 0 && path ~ \"a && b\" and !(pid == 1 || pid == 2)") == Parts {"ret < 0", "path ~ \"a && b\"", "!(pid == 1 || pid == 2)"});
    REQUIRE(filter_parts("problem") == Parts {"problem"});
    REQUIRE(filter_parts("problem && ret < 0 || fatal") == Parts {"problem && ret < 0 || fatal"});
    REQUIRE(filter_parts("  ").empty());
    REQUIRE(filter_parts("nonsense &&").empty());
}

}
