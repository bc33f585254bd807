// The recorder: a thread of the supervisor that drains the event ring into a trace. It trusts nothing that the ring holds, it
// never drops, and whatever happens leaves a file that opens up to the last commit and says how it ended.
#pragma once

#include "trace/event_view.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace ringside::trace {

/// How a recording ended; end_name() is what `meta.end` says.
enum class RecordingEnd {
    running,       ///< it has not; in a file: the recorder was killed, and the trace is cut
    exited,        ///< the Sentry said that all is over
    killed,        ///< the same, after the person asked for it
    recorder_lost, ///< the Sentry died before its end record
    disk_full,
    bad_record,    ///< the Sentry sent what can't be: it is broken or hostile
    failed,        ///< the file could not be written for another reason
};
std::string_view end_name(RecordingEnd end);

struct RecorderOptions {
    std::string path;
    bool force = false;                        ///< overwrite an existing file
    std::map<std::string, std::string> meta;   ///< command, environment, cwd, host, mode, …: stored at the start
    std::size_t reserve = std::size_t{1} << 20; ///< bytes beside the trace that are given up when the disk is full
    std::size_t wal_limit = std::size_t{256} << 20;
    bool build_indexes = true;
    std::chrono::milliseconds durable_after {1000}; ///< how long a recording may be lost to a power cut as a whole
    std::uint64_t max_bytes = 0;               ///< the trace may grow so far (about), 0: no limit; ends as disk_full
};

struct RecorderStatus {
    RecordingEnd end = RecordingEnd::running;
    bool finished = false;        ///< the file is complete and closed; nothing changes any more
    EventId events = 0;           ///< committed
    std::uint64_t ring_bytes = 0; ///< drained so far
    std::uint64_t file_bytes = 0; ///< of the trace, its log included
    int exit_status = 0;          ///< as wait4(2), once the end record was seen
    std::string message;          ///< one line for a person where the end is not a clean one
};

class Recorder {
public:
    /// Creates the trace and its reserve; throws Error. `shared` is the ring, laid out by ring_init, and outlives the recorder.
    Recorder(std::span<std::byte> shared, RecorderOptions options);
    /// Finishes as recorder_lost unless finish() was called.
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    /// Called in the recorder's thread whenever the status may interest someone: after commits, and at the end.
    void on_change(std::function<void(const RecorderStatus&)> callback);

    void start();
    RecorderStatus status() const;

    /// Takes what the ring still holds, ends the trace and waits for that. `end` is why, unless the ring's content or the disk
    /// say otherwise first: call with exited or killed after the Sentry ended by itself, with recorder_lost after it died. `message`
    /// is kept for ends that are not clean. May be called more than once; the first counts.
    RecorderStatus finish(RecordingEnd end, std::string message = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

}
