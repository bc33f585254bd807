// See fitting_limits.h.

#include "engine/session/fitting_limits.h"

#include "engine/base/raise_limit.h"

#include <fmt/format.h>

namespace ringside::session {

std::string unfit_limit()
{
    // The guest's memory is a file without a name, as long as its address spaces may become, and mapped as such.
    constexpr std::uint64_t least_span = std::uint64_t {1} << 42;
    constexpr std::uint64_t least_files = 96; // what the Sentry holds for itself (up to number 70), and some for the program
    if (std::uint64_t most = RaisedLimit(RLIMIT_FSIZE).now(); most < least_span)
        return fmt::format("files may grow to {} bytes only (ulimit -f), and the sandbox's memory is a file: run it under ulimit -f unlimited", most);
    if (std::uint64_t most = RaisedLimit(RLIMIT_AS).now(); most < least_span)
        return fmt::format("a process may map {} bytes only (ulimit -v), and the sandbox maps all of the program's memory: run it under ulimit -v unlimited, with --memory for the program", most);
    if (std::uint64_t most = RaisedLimit(RLIMIT_NOFILE).now(); most < least_files)
        return fmt::format("only {} files may be open at once (ulimit -n), and the sandbox needs {}: run it under ulimit -n {} or more", most, least_files, least_files);
    return {};
}

}
