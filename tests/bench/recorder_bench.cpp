// The recorder's figures: events a second from the ring into the file, bytes an event in the file, what an event costs the
// producer; opening a trace and reading in it. Usage: recorder-bench [EVENTS]
#include "tests/unit/recording.h"

#include "trace/filter_run.h"
#include "trace/hot_columns.h"
#include "trace/queries.h"
#include "trace/trace_file.h"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <thread>

#include <fmt/format.h>

using namespace ringside;
using namespace ringside::trace;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double cpu_seconds(clockid_t clock)
{
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::string processor()
{
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name"))
            return line.substr(line.find(':') + 2);
    return "unknown processor";
}

struct Made {
    std::vector<std::byte> bytes;
    std::vector<std::uint32_t> sizes;
};

/// Records are made beforehand: what is measured is the ring and the recorder, not the generator.
Made make(SyntheticOptions options)
{
    Made made;
    Synthetic synthetic(options, [&](std::span<const std::byte> record) {
        made.bytes.insert(made.bytes.end(), record.begin(), record.end());
        made.sizes.push_back(static_cast<std::uint32_t>(record.size()));
        return true;
    });
    synthetic.run();
    return made;
}

void write_and_report(const char* what, const Made& made, std::uint64_t events, const std::string& path)
{
    test::RingMemory ring(ring_default_capacity);
    RecorderOptions options;
    options.path = path;
    options.force = true;
    Recorder recorder(ring.span(), options);
    double process_before = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID), own_before = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    auto start = Clock::now();
    recorder.start();
    RingProducer producer = test::make_producer(ring);
    std::size_t at = 0;
    for (std::uint32_t size : made.sizes) {
        test::put(producer, std::span(made.bytes).subspan(at, size));
        at += size;
    }
    double produced = seconds_since(start);
    double own = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own_before;
    RecorderStatus status = recorder.finish(RecordingEnd::exited);
    double wall = seconds_since(start);
    double recorder_cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - process_before - own;
    if (status.end != RecordingEnd::exited)
        fmt::print("  {}\n", status.message);
    fmt::print("{:<34} {:>9.0f} events/s  ({:.0f} by the recorder's processor time)  {:>6.1f} bytes an event  {:>5.1f} ns an event in the producer\n", what,
        static_cast<double>(events) / wall, static_cast<double>(events) / recorder_cpu,
        static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(events), own * 1e9 / static_cast<double>(events));
    fmt::print("{:<34} producer done after {:.2f} s, file complete after {:.2f} s\n", "", produced, wall);
}

/// The producer alone, into a ring that has room for all.
void producer_alone()
{
    test::RingMemory ring(ring_default_capacity);
    RingProducer producer = test::make_producer(ring);
    constexpr int events = 300'000;
    EventRecord record{};
    record.header = {sizeof record, RecordKind::event, 0};
    std::memset(ring.span().data() + ring_data_offset, 1, ring.span().size() - ring_data_offset); // the pages are there
    double before = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < events; ++i) {
        record.id = static_cast<EventId>(i);
        test::put(producer, std::as_bytes(std::span(&record, 1)));
    }
    fmt::print("{:<34} {:>9.1f} ns an event\n", "reserve, copy, publish", (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - before) * 1e9 / events);
}

/// What recording costs a program that does nothing.
void empty_recording(const std::string& path)
{
    test::RingMemory ring(ring_default_capacity);
    RecorderOptions options;
    options.path = path;
    auto start = Clock::now();
    Recorder recorder(ring.span(), options);
    recorder.start();
    double begun = seconds_since(start);
    recorder.finish(RecordingEnd::exited);
    fmt::print("{:<34} {:>9.1f} ms to begin, {:.1f} ms to the end, {} bytes\n", "an empty recording", begun * 1e3, seconds_since(start) * 1e3, std::filesystem::file_size(path));
}

void reading(const std::string& path)
{
    auto start = Clock::now();
    TraceFile trace(path);
    std::size_t rows = trace.events(1).size();
    fmt::print("{:<34} {:>9.1f} ms\n", "open, first page", seconds_since(start) * 1e3);
    EventId last = trace.last_event();
    start = Clock::now();
    for (EventId i = 0; i < 100; ++i)
        rows += trace.events(1 + i * 7919 * 131 % last).size();
    fmt::print("{:<34} {:>9.3f} ms\n", "a page anywhere", seconds_since(start) * 10);
    start = Clock::now();
    HotColumns columns;
    load_hot_columns(path, columns, std::atomic<bool>(false));
    fmt::print("{:<34} {:>9.1f} ms for {} rows\n", "hot columns loaded", seconds_since(start) * 1e3, columns.size());
    start = Clock::now();
    std::size_t calls = call_statistics(columns).size();
    fmt::print("{:<34} {:>9.1f} ms, {} calls\n", "statistics by call", seconds_since(start) * 1e3, calls);
    for (const char* text : {"syscall == lseek && ret < 100", "dur > 30us && !(syscall in {futex, read})", "errno == ENOENT"}) {
        Filter filter = std::get<Filter>(Filter::compile(text));
        start = Clock::now();
        std::size_t matching = filter_rows(filter, columns, trace).size();
        fmt::print("{:<34} {:>9.1f} ms, {} match {}\n", "filter on all rows", seconds_since(start) * 1e3, matching, text);
    }
    if (rows == 0)
        std::exit(1);
}

}

int main(int argc, char** argv)
{
    std::uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    utsname host{};
    uname(&host);
    fmt::print("{}, {} processors, Linux {}; {} events\n", processor(), std::thread::hardware_concurrency(), host.release, events);
    test::TemporaryFolder folder;
    producer_alone();
    empty_recording(folder / "empty.ringside");
    SyntheticOptions options;
    options.events = events;
    options.payload = false;
    write_and_report("recorder, without payload", make(options), events, folder / "plain.ringside");
    reading(folder / "plain.ringside");
    options.payload = true;
    options.events = events / 10;
    write_and_report("recorder, with payload", make(options), options.events, folder / "payload.ringside");
}
