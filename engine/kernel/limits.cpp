// Limits: the defaults and the rules of setrlimit(2).

#include "engine/kernel/limits.h"

namespace ringside::kernel {

Limits::Limits()
{
    auto set = [this](int resource, std::uint64_t soft, std::uint64_t hard) { limits_[static_cast<std::size_t>(resource)] = {soft, hard}; };
    set(RLIMIT_STACK, 8 * 1024 * 1024, infinity);
    set(RLIMIT_CORE, 0, infinity);
    set(RLIMIT_NPROC, 31'000, 31'000);
    set(RLIMIT_NOFILE, 1024, 1024 * 1024);
    set(RLIMIT_MEMLOCK, 8 * 1024 * 1024, 8 * 1024 * 1024);
    set(RLIMIT_SIGPENDING, 31'000, 31'000);
    set(RLIMIT_MSGQUEUE, 819'200, 819'200);
    set(RLIMIT_NICE, 0, 0);
    set(RLIMIT_RTPRIO, 0, 0);
}

Result<void> Limits::set(int resource, Limit limit, bool may_raise)
{
    if (resource < 0 || resource >= count || limit.soft > limit.hard)
        return Errno(EINVAL);
    Limit& old = limits_[static_cast<std::size_t>(resource)];
    if (limit.hard > old.hard && !may_raise)
        return Errno(EPERM);
    old = limit;
    return {};
}

}
