// A session in the foreground of a terminal: signals go to the guest, Ctrl-Z stops both, the exit status is the guest's.
#pragma once

#include "engine/session/session.h"

namespace ringside::cli {

/// Runs it to its end; what went wrong is said on stderr.
session::Outcome supervise(const session::SessionOptions& options);

}
