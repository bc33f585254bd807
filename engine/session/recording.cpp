// The recorder of a session.

#include "engine/session/recording.h"

#include "trace/error.h"
#include "trace/recorder.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>
#include <unistd.h>

namespace ringside::session {

namespace {

std::string as_json(const std::vector<std::string>& list)
{
    return nlohmann::json(list).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::map<std::string, std::string> metadata(const SessionOptions& options)
{
    utsname host {};
    uname(&host);
    std::map<std::string, std::string> meta {
        {"mode", "record"},
        {"command", as_json(options.argv)},
        {"environment", as_json(options.env)},
        {"cwd", options.cwd},
        {"root", options.root},
        {"host", fmt::format("{} {} {} {}", host.nodename, host.sysname, host.release, host.machine)},
        {"confinement", options.confinement == Confinement::full ? "full" : "reduced"},
        {"data_cap", std::to_string(options.trace.data_cap)},
        {"memory_limit", std::to_string(options.memory)},
        {"pid_limit", std::to_string(options.pids)},
    };
    std::vector<std::string> binds;
    for (const Bind& bind : options.binds)
        binds.push_back(bind.source + ":" + bind.target + (bind.read_only ? ":ro" : ""));
    meta["binds"] = as_json(binds);
    return meta;
}

/// "ls-20261123-175900-2.ringside", for the second of that name.
std::string numbered(const std::string& path, int number)
{
    std::filesystem::path name(path);
    return number == 1 ? path : fmt::format("{}-{}{}", (name.parent_path() / name.stem()).string(), number, name.extension().string());
}

/// Makes the trace. Throws trace::Error.
std::unique_ptr<trace::Recorder> make_recorder(std::span<std::byte> ring, trace::RecorderOptions& wanted, const TraceOptions& options)
{
    constexpr int most_names = 1000;
    for (int number = 1;; ++number) {
        wanted.path = numbered(options.path, number);
        try {
            return std::make_unique<trace::Recorder>(ring, wanted);
        } catch (const trace::FileExists&) {
            if (!options.numbered || number == most_names)
                throw;
        }
    }
}

}

struct Recording::State {
    RingMemory ring; ///< outlives the recorder
    std::unique_ptr<trace::Recorder> recorder;
    std::string path;
};

Recording::Recording(std::unique_ptr<State> state) : state_(std::move(state)) { }
Recording::~Recording() = default;

std::unique_ptr<Recording> Recording::create(std::string& why)
{
    auto state = std::make_unique<State>();
    state->ring = RingMemory::create();
    if (!state->ring.valid()) {
        why = fmt::format("cannot make the event ring: {}", strerror(errno));
        return nullptr;
    }
    return std::unique_ptr<Recording>(new Recording(std::move(state)));
}

bool Recording::begin(const SessionOptions& options, std::string& why)
{
    trace::RecorderOptions wanted;
    wanted.force = options.trace.force;
    wanted.meta = metadata(options);
    try {
        auto recorder = make_recorder(state_->ring.bytes(), wanted, options.trace);
        recorder->start();
        state_->recorder = std::move(recorder);
        state_->path = wanted.path;
    } catch (const trace::Error& error) {
        why = error.what();
        return false;
    }
    return true;
}

int Recording::descriptor() const
{
    return state_->ring.descriptor();
}

std::string Recording::finish(bool sentry_lost, bool killed)
{
    using trace::RecordingEnd;
    if (!state_->recorder)
        return {}; // it could not begin
    auto status = state_->recorder->finish(sentry_lost && !killed ? RecordingEnd::recorder_lost : killed ? RecordingEnd::killed : RecordingEnd::exited);
    switch (status.end) {
    case RecordingEnd::disk_full:
    case RecordingEnd::bad_record:
    case RecordingEnd::failed:
        return status.message.empty() ? fmt::format("{}: the recording was cut", state_->path) : status.message;
    default:
        return {};
    }
}

void Recording::discard()
{
    if (!state_->path.empty())
        unlink(state_->path.c_str());
}

Progress Recording::progress() const
{
    if (!state_->recorder)
        return {};
    auto status = state_->recorder->status();
    return {status.events, status.file_bytes, !status.finished};
}

}
