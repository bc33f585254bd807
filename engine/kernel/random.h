// The sandbox's random generator: ChaCha20 over a seed, so that a run can be made again with the same seed. It is the guest's only
// source of randomness besides the processor's own instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside::kernel {

class Random {
public:
    explicit Random(const std::array<std::byte, 32>& seed);
    void fill(std::span<std::byte> to);

private:
    void block();
    std::array<std::uint32_t, 16> state_ {};
    std::array<std::byte, 64> output_ {};
    std::size_t used_ = 64;
};

}
