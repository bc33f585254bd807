// See guest_data.h.
#include "trace/decode/guest_data.h"

#include <algorithm>
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

}
