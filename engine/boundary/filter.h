// Step 9 of becoming confined: the seccomp filter over the Sentry's own host calls. One table says what is let through, with which
// arguments, and why; `ringside boundary` prints it.
#pragma once

#include "engine/boundary/failure.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ringside::boundary {

/// One condition on an argument. All conditions of a rule must hold; rules for the same call are alternatives.
struct Condition {
    enum class Test : std::uint8_t {
        equal,        ///< argument == value
        at_least,     ///< argument >= value
        without_bits, ///< (argument & value) == 0
    };
    std::uint8_t argument;
    Test test;
    std::uint64_t value;
};

struct HostCall {
    int nr;
    const char* name;
    const char* purpose;
    bool for_writable_binds; ///< only where a bind may be written
    std::vector<std::vector<Condition>> rules; ///< empty: any arguments
};

/// The host calls in force. At most max_host_calls kinds without a writable bind.
std::vector<HostCall> host_calls(bool writable_binds);
constexpr std::size_t max_host_calls = 32;

struct FilterOptions {
    bool writable_binds = false;
    int report_fd = -1;     ///< control socket: a refused call is reported there as a failure, then the Sentry ends
    bool only_count = false; ///< self-test: a refused call gives EPERM and is counted
};

/// For all threads of the process. prepare_open_how() has been called. Fills `program` with what was installed (struct sock_filter).
Failure install_filter(const FilterOptions& options, std::vector<std::uint64_t>* program);

/// Self-test: how many calls were refused so far.
unsigned refused_calls();

}
