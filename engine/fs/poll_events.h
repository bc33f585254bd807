// What a file without priorities tells pollers: Linux sets each of these together.
#pragma once

#include "engine/kernel/wait_queue.h"

#include <sys/epoll.h>

namespace ringside::fs {

constexpr kernel::PollMask readable_events = EPOLLIN | EPOLLRDNORM;
constexpr kernel::PollMask writable_events = EPOLLOUT | EPOLLWRNORM;

}
