// A recording as the session sees it: the ring, and the recorder's thread that drains it into the trace.
#pragma once

#include "engine/session/ring_memory.h"
#include "engine/session/session.h"

#include <memory>
#include <string>

namespace ringside::session {

class Recording {
public:
    /// The event ring alone. Null: `why` is one line for the person.
    static std::unique_ptr<Recording> create(std::string& why);
    /// Creates the trace file and starts to drain. False: `why` is one line for the person.
    bool begin(const SessionOptions& options, std::string& why);
    ~Recording();
    /// The ring's memfd, for the Sentry.
    int descriptor() const;
    /// Takes what is left in the ring and completes the file. One line where the trace is not whole, else empty.
    std::string finish(bool sentry_lost, bool killed);
    /// After finish(): removes the file.
    void discard();
    Progress progress() const;

private:
    struct State;
    explicit Recording(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}
