// ChaCha20 (RFC 8439) as a stream of bytes.

#include "engine/kernel/random.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ringside::kernel {

namespace {

void quarter(std::array<std::uint32_t, 16>& x, std::size_t a, std::size_t b, std::size_t c, std::size_t d)
{
    x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 7);
}

}

Random::Random(const std::array<std::byte, 32>& seed)
{
    state_[0] = 0x61707865, state_[1] = 0x3320646e, state_[2] = 0x79622d32, state_[3] = 0x6b206574; // "expand 32-byte k"
    std::memcpy(&state_[4], seed.data(), seed.size());
}

void Random::block()
{
    auto x = state_;
    for (int round = 0; round < 10; ++round) {
        quarter(x, 0, 4, 8, 12), quarter(x, 1, 5, 9, 13), quarter(x, 2, 6, 10, 14), quarter(x, 3, 7, 11, 15);
        quarter(x, 0, 5, 10, 15), quarter(x, 1, 6, 11, 12), quarter(x, 2, 7, 8, 13), quarter(x, 3, 4, 9, 14);
    }
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] += state_[i];
    std::memcpy(output_.data(), x.data(), output_.size());
    used_ = 0;
    if (++state_[12] == 0)
        ++state_[13];
}

void Random::fill(std::span<std::byte> to)
{
    while (!to.empty()) {
        if (used_ == output_.size())
            block();
        std::size_t n = std::min(to.size(), output_.size() - used_);
        std::copy_n(output_.begin() + static_cast<std::ptrdiff_t>(used_), n, to.begin());
        used_ += n;
        to = to.subspan(n);
    }
}

}
