// The only interface: lo, up, 127.0.0.1/8 and ::1/128. netdevice(7).
#pragma once

#include "engine/kernel/task.h"

#include <cstdint>

namespace ringside::net {

constexpr int loopback_index = 1;
constexpr int loopback_mtu = 65536;

/// SIOCGIF* on any socket. ENODEV for other names; what would change the interface is EPERM; ENOTTY for no such request.
Result<long> interface_ioctl(kernel::Task& task, std::uint32_t request, GuestAddr argument);

}
