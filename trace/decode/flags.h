// Named numbers: sets of flags and enumerations, by the names that syscall_table.def uses for them.
#pragma once

#include "trace/decode/node.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace ringside::trace {

struct FlagName {
    std::uint64_t value;
    std::string_view name;
    std::uint64_t mask = 0; ///< 0: the value's own bits; else the field that holds the value (O_RDONLY in O_ACCMODE)
};

struct FlagSet {
    std::string_view name;
    std::span<const FlagName> names;
    std::string_view unknown; ///< what strace writes for a number without a name: "O_???"
    bool enumeration;         ///< one of the values, not bits
};

/// The set of this name, or nullptr.
const FlagSet* flag_set(std::string_view name);
/// All sets, for completion.
std::span<const FlagSet* const> all_flag_sets();

/// The name of exactly this value; empty when there is none.
std::string_view flag_name(const FlagSet& set, std::uint64_t value);

/// "O_RDONLY|O_CLOEXEC", "0", "0x40000000 /* O_??? */": one child for each flag.
Node flags_node(const FlagSet& set, std::uint64_t value);
Node flags_node(std::string_view set, std::uint64_t value);

/// The families of sets, one file each.
std::span<const FlagSet> file_flags();
std::span<const FlagSet> memory_flags();
std::span<const FlagSet> network_flags();
std::span<const FlagSet> system_flags();

}
