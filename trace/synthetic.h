// Makes plausible records without a Sentry: for the recorder's tests, its benchmark, and whoever needs a trace to look at. The
// same seed gives the same records.
#pragma once

#include "trace/ring.h"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::trace {

struct SyntheticOptions {
    std::uint64_t events = 1000;
    std::uint64_t seed = 1;
    bool payload = true;       ///< false: syscall events alone, for the benchmark
    unsigned processes = 4;    ///< that are forked in the course
    std::size_t largest = 20'000; ///< bytes of the largest data
};

class Synthetic {
public:
    /// Gets whole records, header included; false stops the generator.
    using Sink = std::function<bool(std::span<const std::byte>)>;

    Synthetic(SyntheticOptions options, Sink sink)
        : options_(options)
        , sink_(std::move(sink))
        , random_(options.seed * 0x9e3779b97f4a7c15 + 1)
    {
    }

    /// All records, from the first process to the end record. False: the sink said so.
    bool run();

    EventId events() const { return last_event_; }

private:
    struct Thread {
        ThreadId tid;
        ProcessId pid;
        EventId blocked = 0; ///< the call that it waits in
        std::vector<int> open;
    };

    std::uint64_t random();
    std::uint64_t below(std::uint64_t bound) { return random() % bound; }
    template <typename Record>
    void emit(RecordKind kind, Record record, std::string_view payload = {});
    EventRecord base(Thread& thread, int nr);
    EventId event(EventRecord record, std::string_view path = {});
    void data(EventId event, unsigned arg, Direction direction, std::uint64_t address, std::string_view bytes, bool as_blob = false);
    std::string bytes(std::size_t size);

    void first_process();
    void step();
    void open_file(Thread& thread);
    void close_file(Thread& thread);
    void read_file(Thread& thread);
    void fork(Thread& thread);
    void block(Thread& thread);
    void resume(Thread& thread);
    void map(Thread& thread);
    void trap(Thread& thread);

    SyntheticOptions options_;
    Sink sink_;
    std::uint64_t random_;
    std::vector<std::byte> buffer_;
    std::vector<Thread> threads_;
    EventId last_event_ = 0;
    std::uint64_t time_ = 0;
    std::uint64_t last_object_ = 0;
    ProcessId last_pid_ = 0;
    bool stopped_ = false;
};

}
