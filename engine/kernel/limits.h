// Resource limits of a thread group (man 2 getrlimit). Shared by its threads, copied at fork.
#pragma once

#include "engine/base/result.h"

#include <array>
#include <cstdint>
#include <sys/resource.h>

namespace ringside::kernel {

class Limits {
public:
    static constexpr std::uint64_t infinity = ~std::uint64_t {0};
    struct Limit {
        std::uint64_t soft = infinity;
        std::uint64_t hard = infinity;
    };
    /// What a Linux system gives a login session by default.
    Limits();

    /// `resource` is one of RLIMIT_*, below count.
    const Limit& get(int resource) const { return limits_[static_cast<std::size_t>(resource)]; }
    std::uint64_t soft(int resource) const { return get(resource).soft; }
    /// Checked as man 2 setrlimit says: EINVAL soft > hard, EPERM where the hard limit would rise and the caller may not.
    Result<void> set(int resource, Limit limit, bool may_raise);

    static constexpr int count = 16;

private:
    std::array<Limit, count> limits_;
};

}
