// Why becoming confined failed, as the one line that the person reads. Nothing: it worked.
#pragma once

#include <optional>
#include <string>

namespace ringside::boundary {

using Failure = std::optional<std::string>;

/// "WHAT: strerror (ERRNO NAME)" with an optional piece of advice behind it.
std::string because(const std::string& what, int error, const std::string& advice = {});

}
