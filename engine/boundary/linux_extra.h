// Constants and structures of Linux that Debian 12's headers may lack. Values are the kernel's ABI (include/uapi).
#pragma once

#include <cstdint>
#include <linux/landlock.h>
#include <sys/syscall.h>

namespace ringside::boundary {

constexpr int nr_mseal = 462;

// include/uapi/linux/landlock.h; ABI 2: refer, 3: truncate, 4: TCP, 5: ioctl on devices, 6: scopes.
namespace landlock {
constexpr std::uint64_t refer = 1ULL << 13;
constexpr std::uint64_t truncate = 1ULL << 14;
constexpr std::uint64_t ioctl_device = 1ULL << 15;
constexpr std::uint64_t bind_tcp = 1ULL << 0;
constexpr std::uint64_t connect_tcp = 1ULL << 1;
constexpr std::uint64_t scope_abstract_unix = 1ULL << 0;

struct RulesetAttributes {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net;
    std::uint64_t scoped;
};
}

}
