// Replay in the Sentry: the recording that the supervisor hands in is played to real guest code.
#pragma once

#include "engine/base/result.h"
#include "engine/replay/log.h"

#include <string>

namespace ringside::kernel {
class Kernel;
}

namespace ringside::sentry {

/// Maps and indexes what lies at control::input_fd. EINVAL where it is damaged.
Result<replay::Log> read_recording();

/// Plays it. `identical`: every event was as recorded; `text` says so, or where it stopped and why, in one line.
struct ReplayResult {
    bool identical;
    std::string text;
};
Result<ReplayResult> play(kernel::Kernel& kernel, const replay::Log& log);

}
