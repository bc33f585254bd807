// Our own vDSO: the functions that libc looks for in the kernel's shared object. It makes real system calls, so that their answers are
// recorded; the host's vDSO and its pages are not there for the guest.
#pragma once

#include "engine/mm/address_space.h"

#include <span>

namespace ringside::loader {

/// The shared object, as built from engine/loader/vdso.
std::span<const std::byte> vdso_image();
/// Maps it, r-x, as [vdso]. Its address (AT_SYSINFO_EHDR).
Result<GuestAddr> map_vdso(kernel::Task& task, mm::AddressSpace& space);

}
