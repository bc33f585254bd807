// The first recording of a user says what a trace holds.
#pragma once

namespace ringside::cli {

/// Once a user: a file in $XDG_STATE_HOME/ringside remembers. A state folder that can't be written means: say it each time.
void note_privacy_once();

}
