// See guest_data.h.
#include "trace/decode/guest_data.h"

#include <algorithm>
#include <sys/uio.h>
#include <tuple>

namespace ringside::trace {

GuestData::GuestData(std::vector<DataChunk> chunks) : chunks_(std::move(chunks))
{
    // Stable: of two copies to one place the later stays behind the earlier and is found first.
    std::ranges::stable_sort(chunks_, {}, [](const DataChunk& chunk) { return std::tuple(chunk.direction, chunk.address); });
}

const DataChunk* GuestData::covering(std::uint64_t address, Direction direction) const
{
    auto at = std::ranges::upper_bound(chunks_, std::tuple(direction, address), {},
                                       [](const DataChunk& chunk) { return std::tuple(chunk.direction, chunk.address); });
    // Chunks may overlap; looking back a little finds the enclosing one without letting a hostile trace make this slow.
    for (int tries = 0; tries < 16 && at != chunks_.begin(); ++tries) {
        --at;
        if (at->direction != direction)
            return nullptr;
        if (address - at->address < at->bytes.size())
            return &*at;
    }
    return nullptr;
}

std::string GuestData::read(std::uint64_t address, std::size_t most, Direction direction) const
{
    std::string bytes;
    while (bytes.size() < most) {
        std::uint64_t at = address + bytes.size();
        const DataChunk* chunk = at < address ? nullptr : covering(at, direction);
        if (!chunk)
            break;
        auto begin = static_cast<std::size_t>(at - chunk->address);
        std::size_t count = std::min(most - bytes.size(), chunk->bytes.size() - begin);
        bytes.append(reinterpret_cast<const char*>(chunk->bytes.data()) + begin, count);
    }
    return bytes;
}

std::string GuestData::read_vector(std::uint64_t vector, std::uint64_t count, std::size_t most, Direction direction) const
{
    std::string bytes;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, UIO_MAXIOV) && most > 0; ++i) {
        auto piece = read_as<iovec>(vector + i * sizeof(iovec), Direction::in);
        if (!piece)
            break;
        std::size_t length = std::min(most, piece->iov_len);
        bytes += read(reinterpret_cast<std::uint64_t>(piece->iov_base), length, direction);
        most -= length;
    }
    return bytes;
}

}
