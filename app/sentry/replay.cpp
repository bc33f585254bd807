// The player's program part: input, and the result in words.

#include "app/sentry/replay.h"

#include "engine/boundary/protocol.h"
#include "engine/replay/player.h"
#include "trace/syscall_table.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ringside::sentry {

namespace {

std::string with_commas(std::uint64_t number)
{
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, ",");
    }
    return digits;
}

}

Result<replay::Log> read_recording()
{
    struct stat status {};
    if (fstat(control::input_fd, &status) != 0)
        return Errno(errno);
    if (status.st_size == 0)
        return Errno(EINVAL);
    auto size = static_cast<std::size_t>(status.st_size);
    void* address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, control::input_fd, 0);
    if (address == MAP_FAILED)
        return Errno(errno);
    close(control::input_fd);
    // Stays mapped as long as this process lives: the log points into it.
    return replay::Log::parse({static_cast<const std::byte*>(address), size});
}

Result<ReplayResult> play(kernel::Kernel& kernel, const replay::Log& log)
{
    replay::Player player(kernel, log);
    TRY(player.play());
    if (!player.divergence())
        return ReplayResult {true, fmt::format("{} events, all identical", with_commas(player.events()))};
    const replay::Divergence& divergence = *player.divergence();
    return ReplayResult {false, fmt::format("Replay stopped at event {} of {}, thread {}: {}", with_commas(divergence.event), with_commas(log.last()), divergence.thread, divergence.text)};
}

}
