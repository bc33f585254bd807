// The seccomp filters of stubs, as raw BPF: libseccomp cannot test the instruction pointer, on which everything here rests.
#pragma once

#include <linux/filter.h>
#include <span>
#include <vector>

namespace ringside::platform {

/// The filters in force in every stub, as installed. A guest thread runs under both, and the stricter answer counts.
struct StubFilters {
    std::vector<sock_filter> order; ///< of the order thread, inherited by the threads that it makes
    std::vector<sock_filter> guest; ///< installed by each guest thread before its first guest instruction
};
const StubFilters& stub_filters();

}
