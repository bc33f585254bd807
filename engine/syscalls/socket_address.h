// Socket addresses in guest memory (net/socket.c, move_addr_to_kernel and move_addr_to_user).
#pragma once

#include "engine/kernel/task.h"
#include "engine/net/address.h"

namespace ringside::syscalls {

using kernel::Task;

/// EINVAL where the length is negative or past sockaddr_storage's, EFAULT.
Result<net::SocketAddress> copy_in_address(Task& task, GuestAddr address, int length);
/// As much as fits; the length says the whole. EINVAL where `*length` is negative.
Result<void> copy_out_address(Task& task, const net::SocketAddress& name, GuestAddr address, GuestPtr<int> length);

}
