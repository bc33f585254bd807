// The bytes that an event recorded, found by their address in the guest.
#pragma once

#include "trace/event_view.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace ringside::trace {

class GuestData {
public:
    GuestData() = default;
    explicit GuestData(std::vector<DataChunk> chunks);

    /// Up to `most` bytes from `address` on, as far as they were recorded without a gap.
    std::string read(std::uint64_t address, std::size_t most, Direction direction) const;
    /// Up to `most` bytes behind the `count` iovecs at `vector`, which the program gave: what readv(2) filled or writev(2) wrote.
    std::string read_vector(std::uint64_t vector, std::uint64_t count, std::size_t most, Direction direction) const;
    /// A whole object, or nothing.
    template <class T>
    std::optional<T> read_as(std::uint64_t address, Direction direction) const
    {
        static_assert(std::is_trivially_copyable_v<T>);
        std::string bytes = read(address, sizeof(T), direction);
        if (bytes.size() != sizeof(T))
            return std::nullopt;
        T value;
        std::memcpy(&value, bytes.data(), sizeof(T));
        return value;
    }
    /// Whether anything was recorded at this address.
    bool has(std::uint64_t address, Direction direction) const { return !read(address, 1, direction).empty(); }
    const std::vector<DataChunk>& chunks() const { return chunks_; }

private:
    const DataChunk* covering(std::uint64_t address, Direction direction) const;

    std::vector<DataChunk> chunks_; ///< by direction, then address
};

}
