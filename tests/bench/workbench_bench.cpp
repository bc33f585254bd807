// What the window waits for, on a large trace: first rows, jumps, filters, statistics, the timeline at every zoom, memory. Medians of
// one run: workbench-bench [EVENTS, default 10,000,000]. Rows have no payload; the payload's filter is measured on a tenth with it.
#include "tests/unit/recording.h"
#include "trace/analysis/statistics.h"
#include "trace/analysis/timeline.h"
#include "trace/filter/known_values.h"
#include "trace/filter_run.h"
#include "trace/sort_rows.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>

namespace {

using namespace ringside;
using namespace ringside::trace;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> times)
{
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
    return times[times.size() / 2];
}

template <typename Work>
double timed(int rounds, Work&& work)
{
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        auto start = Clock::now();
        work(round);
        times.push_back(ms_since(start));
    }
    return median(std::move(times));
}

void report(const char* what, double ms, double target, const std::string& note = {})
{
    fmt::print("{:<44} {:>9.2f} ms   target {:>5.0f}   {} {}\n", what, ms, target, ms <= target ? "met  " : "MISSED", note);
}

std::uint64_t resident_mb()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:"))
            return std::strtoull(line.c_str() + 6, nullptr, 10) / 1024;
    return 0;
}

void first_rows_and_jumps(const std::string& path)
{
    report("open, first rows", timed(5, [&](int) { TraceFile trace(path); trace.events(1); }), 300);
    TraceFile trace(path);
    EventId last = trace.last_event();
    report("a jump anywhere", timed(200, [&](int round) { trace.events(1 + static_cast<EventId>(round) * 7'919'131 % last); }), 16);
}

void filters(const HotColumns& columns, TraceFile& trace)
{
    for (const char* text : {"syscall == lseek", "errno == ENOENT", "pid == 3", "path ~ \"conf\"", "dur > 30us && ret >= 0", "problem"}) {
        auto filter = std::get<Filter>(Filter::compile(text));
        std::size_t count = 0;
        double ms = timed(3, [&](int) { count = filter_rows(filter, columns, trace).size(); });
        report(fmt::format("filter {}", text).c_str(), ms, 500, fmt::format("{} match", count));
    }
}

void orders(const HotColumns& columns, TraceFile& trace)
{
    const std::atomic<bool> go_on = false;
    const std::pair<SortBy, const char*> all[] = {{SortBy::process, "process"}, {SortBy::call, "call"}, {SortBy::path, "path"}, {SortBy::result, "result"}, {SortBy::duration, "duration"}, {SortBy::host_calls, "host calls"}};
    for (auto [by, name] : all)
        report(fmt::format("sort by {}", name).c_str(), timed(3, [&](int) { sort_rows(by, true, columns, trace, nullptr, go_on); }), 1000);
    report("names for completion, in the background", timed(1, [&](int) { known_values(trace, columns, go_on); }), 1000);
}

void payload(const std::string& path)
{
    TraceFile trace(path);
    HotColumns columns;
    load_hot_columns(path, columns, false);
    auto filter = std::get<Filter>(Filter::compile("args contains \"e\""));
    double first = 0;
    auto start = Clock::now();
    std::atomic<bool> enough = false;
    run_filter(filter, columns, trace, 0, enough, [&](std::span<const std::uint32_t> rows, std::size_t) {
        if (!rows.empty() && first == 0) {
            first = ms_since(start);
            enough = true;
        }
    });
    report("filter on payload, first matches", first, 200);
}

void timeline(const HotColumns& columns)
{
    using namespace trace::analysis;
    auto start = Clock::now();
    TimelineIndex index;
    index.update(columns);
    fmt::print("{:<44} {:>9.2f} ms, {} threads\n", "the timeline's index, once", ms_since(start), index.lanes().size());
    TimeRange whole = whole_range(columns);
    double worst = 0;
    for (std::uint64_t zoom = 1; whole.length() / zoom > 10'000; zoom *= 8) {
        double ms = timed(9, [&](int round) {
            std::uint64_t length = whole.length() / zoom, begin = whole.begin + (whole.length() - length) * static_cast<std::uint64_t>(round) / 9;
            density(columns, index, {begin, begin + length}, 400);
            for (std::size_t lane = 0; lane < std::min<std::size_t>(index.lanes().size(), 20); ++lane)
                bars(columns, index.lanes()[lane], {begin, begin + length}, 1200);
        });
        worst = std::max(worst, ms);
    }
    report("timeline frame, worst of all zooms", worst, 8);
}

}

int main(int argc, char** argv)
{
    std::uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
    test::TemporaryFolder folder;
    std::string plain = folder / "plain.ringside", with_payload = folder / "payload.ringside";
    auto start = Clock::now();
    test::record_synthetic({.events = events, .payload = false}, plain);
    fmt::print("{} events, made in {:.1f} s\n", events, ms_since(start) / 1000);
    first_rows_and_jumps(plain);
    HotColumns columns;
    start = Clock::now();
    load_hot_columns(plain, columns, false);
    fmt::print("{:<44} {:>9.2f} ms\n", "hot columns loaded, in the background", ms_since(start));
    TraceFile trace(plain);
    filters(columns, trace);
    orders(columns, trace);
    report("statistics by call", timed(3, [&](int) { call_statistics(columns); }), 100);
    report("statistics dock: calls, errors, processes", timed(3, [&](int) { analysis::statistics({trace, columns, nullptr, nullptr}, analysis::Processes(trace)); }), 300);
    timeline(columns);
    fmt::print("{:<44} {:>9} MB   target   600   {}\n", "memory of all this", resident_mb(), resident_mb() <= 600 ? "met" : "MISSED");
    columns = {};
    test::record_synthetic({.events = events / 10}, with_payload);
    payload(with_payload);
}
