// What the Inspector's own thread has open. Part of the Inspector.
#pragma once

#include "ui/inspector.h"

namespace ringside::ui {

struct Inspector::State {
    explicit State(const std::string& path) : trace(path), queries(trace) { }
    trace::TraceFile trace;
    trace::analysis::StateQueries queries;
};

}
