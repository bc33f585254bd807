// The Sentry's start-up, run and end.
#pragma once

#include "engine/boundary/channel.h"
#include "engine/boundary/failure.h"

namespace ringside::sentry {

/// All of it. A failure of ours is one line; how the guest ended has been sent over the channel.
boundary::Failure run(boundary::Channel& channel);

}
