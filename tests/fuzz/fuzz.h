// What the fuzz tests share: random numbers that a seed repeats, a budget of time, and damage to bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>

namespace ringside::test {

class Random {
public:
    explicit Random(std::uint64_t seed)
        : engine_(seed)
    {
    }
    std::uint64_t operator()() { return engine_(); }
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : engine_() % bound; }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

    /// Numbers at which checks go wrong, or any.
    std::uint64_t odd_number()
    {
        static constexpr std::uint64_t odd[] = {0, 1, 7, 8, 255, 4095, 4096, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 0x100000000,
            0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000, 0xffffffffffffffff};
        return one_in(3) ? engine_() : odd[below(std::size(odd))] + below(3) - 1;
    }

private:
    std::mt19937_64 engine_;
};

/// Seconds for one test: few in ctest, more where RINGSIDE_FUZZ_SECONDS says so.
class Budget {
public:
    bool left() const { return std::chrono::steady_clock::now() < end_; }

private:
    static double seconds()
    {
        const char* text = std::getenv("RINGSIDE_FUZZ_SECONDS");
        return text ? std::atof(text) : 3.0;
    }
    std::chrono::steady_clock::time_point end_ = std::chrono::steady_clock::now()
        + std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds()));
};

/// Changes a bit, a byte, or an aligned number somewhere in `bytes`.
inline void damage(std::span<std::byte> bytes, Random& random)
{
    if (bytes.empty())
        return;
    std::size_t at = random.below(bytes.size());
    switch (random.below(4)) {
    case 0: bytes[at] ^= std::byte{1} << random.below(8); break;
    case 1: bytes[at] = static_cast<std::byte>(random()); break;
    default: {
        std::size_t width = std::size_t{1} << random.below(4);
        at = at / width * width;
        std::uint64_t number = random.odd_number();
        std::memcpy(bytes.data() + at, &number, std::min(width, bytes.size() - at));
    }
    }
}

}
