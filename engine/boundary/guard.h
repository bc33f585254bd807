// The process that stays outside of the new pid namespace: it waits for the Sentry, kills it when the supervisor is gone, and puts
// the terminal's settings back where nobody else is left to do it.
#pragma once

#include "engine/boundary/channel.h"

#include <sys/types.h>

namespace ringside::boundary {

/// Ends as the Sentry (`child`) ends: with its status, or 128 + its signal. Drops every right before it waits.
[[noreturn]] void guard(const Channel& channel, pid_t child);

}
