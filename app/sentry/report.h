// What the Sentry tells of its own confinement, for `ringside boundary`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ringside::sentry {

struct Report {
    bool full;
    bool writable_binds;
    int landlock;                      ///< ABI in force, 0: none
    std::vector<std::uint64_t> filter; ///< the Sentry's seccomp program as installed (struct sock_filter)
    /// JSON: level, landlock, host_calls [{name, purpose, arguments}], filter.
    std::string text() const;
};

}
