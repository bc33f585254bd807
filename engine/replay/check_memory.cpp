// Memory at a process' end, and where it runs another program: it must hold what it held when it was recorded.

#include "engine/kernel/task.h"
#include "engine/record/memory_digest.h"
#include "engine/replay/player.h"
#include "trace/special_data.h"

#include <cstring>
#include <fmt/format.h>

namespace ringside::replay {

using record::RangeDigest;

namespace {

constexpr std::uint64_t largest_range = 64 << 10;

}

Result<void> Player::check_memory_of(Thread& thread, trace::EventId row)
{
    std::vector<std::byte> digests; // a long one comes in several chunks
    for (const LogData& data : log_.load(row).data) {
        if (data.arg == trace::data_arg_digest)
            digests.insert(digests.end(), data.bytes.begin(), data.bytes.end());
    }
    return check_memory(thread, row, digests);
}

Result<void> Player::check_memory(Thread& thread, trace::EventId row, std::span<const std::byte> digests)
{
    std::vector<std::byte> bytes;
    for (; digests.size() >= sizeof(RangeDigest); digests = digests.subspan(sizeof(RangeDigest))) {
        RangeDigest expected {};
        std::memcpy(&expected, digests.data(), sizeof(expected));
        if (expected.length > largest_range)
            return Errno(EINVAL);
        bytes.assign(expected.length, {});
        auto read = thread.space->memory->peek(*thread.task, GuestAddr(expected.start), bytes, true);
        if (read.ok() && read.value() == expected.length && record::hash_memory(bytes) == expected.hash)
            continue;
        return diverged(thread, row, {}, fmt::format("memory differs at the end of process {}: first between {:#x} and {:#x}", log_.process_of(thread.id),
            expected.start, expected.start + expected.length));
    }
    return {};
}

}
