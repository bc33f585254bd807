// See futex.h.
#include "trace/futex.h"

#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ringside::trace {

void futex_wait(std::atomic<std::uint32_t>* word, std::uint32_t expected, std::chrono::milliseconds timeout)
{
    timespec relative{timeout.count() / 1000, (timeout.count() % 1000) * 1'000'000};
    syscall(SYS_futex, word, FUTEX_WAIT, expected, &relative, nullptr, 0); // shared: FUTEX_PRIVATE fails between processes
}

void futex_wake(std::atomic<std::uint32_t>* word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}
