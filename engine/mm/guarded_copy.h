// The copy routine that survives SIGBUS: the memory file's tmpfs is full, or a page cannot be had.
#pragma once

#include <cstddef>

namespace ringside::mm {

/// Installs the SIGBUS handler that knows the copy routine. Once a process is enough; other SIGBUSes keep their default action.
void install_copy_guard();

/// memcpy of `length` bytes; false when the host could not provide a page (what comes before it is copied).
bool guarded_copy(void* to, const void* from, std::size_t length);

}
