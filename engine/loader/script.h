// The first line of a `#!` script.
#pragma once

#include "engine/base/result.h"

#include <array>
#include <optional>
#include <string>

namespace ringside::loader {

/// BINPRM_BUF_SIZE: what the kernel reads of a program to see what it is. Shorter files are filled up with NULs.
constexpr std::size_t head_size = 256;
using Head = std::array<char, head_size>;

struct ScriptLine {
    std::string interpreter;
    std::optional<std::string> argument; ///< all that follows, as one string
};

/// Reads `#! interpreter [argument]`. ENOEXEC where it is no script, names nothing, or the name may be cut off.
Result<ScriptLine> parse_script(const Head& head);

}
