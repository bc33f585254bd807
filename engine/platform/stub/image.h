// The stub's ELF file, carried inside the Sentry.
#pragma once

#include <cstddef>
#include <span>

namespace ringside::platform::stub {

std::span<const std::byte> image();

}
