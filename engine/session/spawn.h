// Starting the Sentry's process, and writing its id maps.
#pragma once

#include "engine/session/session.h"
#include "engine/session/unique_fd.h"

#include <string>
#include <sys/types.h>

namespace ringside::session {

/// The descriptors that the Sentry gets besides the guest's; -1: none. The numbers it sees are in boundary/protocol.h.
struct Passed {
    int control = -1;
    int config = -1;
    int ring = -1;
    int owner = -1;
    int input = -1;
};

/// posix_spawn of the Sentry with those descriptors and no other, an empty environment, signals at their defaults. The process id, or
/// a negative errno.
pid_t spawn_sentry(const std::string& program, const std::array<int, 3>& stdio, const Passed& passed);

/// The options as the Sentry reads them, in a sealed memfd.
UniqueFd write_config(const SessionOptions& options);

enum class IdMaps { failed = -1, own_id = 0, all_ids = 1 };
/// Maps ids into the user namespace of `pid`: every id of our own where we may (root), else our own alone.
IdMaps write_id_maps(pid_t pid);

}
