// The table behind errno_name(): all of it, for completion and for table `errno` of a trace.
#pragma once

#include <span>
#include <string_view>

namespace ringside::trace {

struct ErrnoEntry {
    int number;
    std::string_view name;
    std::string_view text;
};

/// All entries, by number.
std::span<const ErrnoEntry> errno_table();

}
