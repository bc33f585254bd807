// What the player reads, made from a trace: the records of trace/record.h in the order of ids. The Sentry is confined and has no
// SQLite, so the supervisor reads the trace for it.
#pragma once

#include "engine/session/unique_fd.h"

#include <functional>
#include <string>

namespace ringside::session {

/// An unnamed file with what replay needs of the trace at `path`. Throws as write_replay_input.
UniqueFd make_replay_input(const std::string& path);

/// Writes what replay needs of the trace at `path` to the descriptor `to` (an unnamed file). Throws trace::Error with one line for a
/// person: no trace, damaged, the disk is full. `progress` is called now and then with 0..1; false stops.
void write_replay_input(const std::string& path, int to, const std::function<bool(double)>& progress = {});

}
