// Many small copies that one call makes into the kernel (the strings of argv and of the environment): recorded together, as few rows,
// where they lie beside each other in the guest's memory.
#pragma once

#include "engine/base/guest_addr.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ringside::kernel {
class Task;
}

namespace ringside::record {

/// Belongs to the call that is being served. Inert when nothing is recorded.
class GatheredInput {
public:
    explicit GatheredInput(kernel::Task& task);
    /// Records what was added, whatever became of the call.
    ~GatheredInput();
    GatheredInput(const GatheredInput&) = delete;
    GatheredInput& operator=(const GatheredInput&) = delete;

    /// Bytes that were copied in. A piece longer than the recording keeps of one argument gets a row of its own, and is cut.
    void add(GuestAddr address, std::span<const std::byte> bytes);

private:
    struct Piece {
        std::uint64_t address;
        std::size_t at, size; ///< in bytes_
        std::uint64_t end() const { return address + size; }
    };
    void write();
    bool append_gap(std::uint64_t from, std::uint64_t to, std::vector<std::byte>& row);

    kernel::Task& task_;
    bool enabled_;
    std::vector<Piece> pieces_;
    std::vector<std::byte> bytes_;
};

}
