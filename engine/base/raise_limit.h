// Resource limits of our own processes. The caller's are meant for the program that runs in the sandbox, where the kernel there keeps
// them; a Sentry under a small RLIMIT_NOFILE or RLIMIT_FSIZE could not hold that program's files and memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <sys/resource.h>

namespace ringside {

/// Raises a limit of this process as far as it may: the soft limit to the hard one, and both where we may do that. Returns the soft
/// limit that holds now, RLIM_INFINITY for none.
inline std::uint64_t raise_limit(int resource)
{
    constexpr rlim_t most_files = 1 << 20; // /proc/sys/fs/nr_open, where nobody changed it
    auto which = static_cast<__rlimit_resource_t>(resource);
    rlimit before {};
    if (getrlimit(which, &before) != 0)
        return 0;
    rlim_t wanted = resource == RLIMIT_NOFILE ? std::max(before.rlim_max, most_files) : RLIM_INFINITY;
    rlimit all {wanted, wanted}, own {before.rlim_max, before.rlim_max};
    if (setrlimit(which, &all) == 0)
        return wanted;
    return setrlimit(which, &own) == 0 ? own.rlim_cur : before.rlim_cur;
}

/// Raised for as long as this lives: for what is made on the way, before a child inherits the caller's limit.
class RaisedLimit {
public:
    explicit RaisedLimit(int resource) : resource_(static_cast<__rlimit_resource_t>(resource))
    {
        known_ = getrlimit(resource_, &before_) == 0;
        now_ = raise_limit(resource);
    }
    ~RaisedLimit()
    {
        if (known_)
            setrlimit(resource_, &before_);
    }
    RaisedLimit(const RaisedLimit&) = delete;
    RaisedLimit& operator=(const RaisedLimit&) = delete;
    std::uint64_t now() const { return now_; }

private:
    __rlimit_resource_t resource_;
    rlimit before_ {};
    bool known_ = false;
    std::uint64_t now_ = 0;
};

}
