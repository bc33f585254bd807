// Whether the process that records a trace is still there: a trace that says "running" without one was cut.
#pragma once

#include <string>

namespace ringside::trace {

/// Names this process so that its end can be seen, even after its number went to another: "PID START BOOT".
std::string recorder_identity();

/// Whether the process so named still runs on this machine.
bool recorder_alive(const std::string& identity);

}
