// Writing into the address space of a program that is being loaded: recorded like a copy-out, though the task does not have it yet.
#pragma once

#include "engine/mm/address_space.h"

#include <span>

namespace ringside::loader {

Result<void> write_guest(kernel::Task& task, mm::AddressSpace& space, GuestAddr to, std::span<const std::byte> bytes);

}
