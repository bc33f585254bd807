// getrandom(2).

#include "engine/kernel/io_buffer.h"
#include "engine/kernel/kernel.h"
#include "engine/syscalls/handler.h"

#include <sys/random.h>

namespace ringside::syscalls {

namespace {

Result<long> getrandom(Task& task, GuestAddr buffer, std::size_t length, unsigned flags)
{
    constexpr unsigned insecure = 4; // GRND_INSECURE
    TRY(check_flags(flags, GRND_NONBLOCK | GRND_RANDOM | insecure));
    if ((flags & (GRND_RANDOM | insecure)) == (GRND_RANDOM | insecure))
        return Errno(EINVAL);
    length = std::min<std::size_t>(length, INT_MAX);
    kernel::IoBuffer to(task, buffer, length);
    std::array<std::byte, 256> bytes;
    while (to.remaining() > 0) {
        auto piece = std::span(bytes).first(static_cast<std::size_t>(std::min<std::uint64_t>(to.remaining(), bytes.size())));
        task.kernel().random(piece);
        auto moved = to.put(piece);
        if (!moved.ok() && to.done() == 0)
            return moved.error();
        if (!moved.ok() || moved.value() < piece.size())
            break;
        if (length > bytes.size() && task.signal_pending())
            break;
    }
    return static_cast<long>(to.done());
}

const Register<SYS_getrandom, getrandom> r_getrandom;

}

}
