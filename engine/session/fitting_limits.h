// Whether a sandbox can start under the caller's resource limits.
#pragma once

#include <string>

namespace ringside::session {

/// Empty, or one line: which limit is too small even where it is raised as far as we may, and what to do.
std::string unfit_limit();

}
