// Answers the Sentry's question who owns what lies in a directory. A thread of its own: a host file system that hangs holds up
// nothing but the answer.
#pragma once

#include "engine/session/unique_fd.h"

namespace ringside::session {

/// Serves until the other end of the socket is closed. What arrives is checked: only descriptors of directories and regular files are
/// looked at, and nothing is opened but the directory itself.
void serve_owners(UniqueFd socket);

}
