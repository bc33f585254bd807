// Control messages in guest memory: cmsg(3).
#pragma once

#include "engine/net/socket_file.h"

namespace ringside::syscalls {

using kernel::Task;

/// What sendmsg's control data asks, put into `message`. EINVAL, EBADF, EPERM, ETOOMANYREFS, ENOBUFS.
Result<void> copy_in_control(Task& task, const net::Sock& sock, GuestAddr address, std::uint64_t length, net::Outgoing& message);
/// Gives the received control messages, and installs received descriptors. How many bytes were used; MSG_CTRUNC where room was short.
Result<std::uint64_t> copy_out_control(Task& task, GuestAddr address, std::uint64_t length, net::Incoming& message);

}
