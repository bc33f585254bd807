// What the supervisor tells the Sentry at its start. CBOR through nlohmann-json: names as in JSON, and arguments may hold any byte.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ringside::control {

struct ConfigBind {
    std::string source, target;
    bool read_only = false;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ConfigBind, source, target, read_only)

struct SentryConfig {
    std::string mode;              ///< run, record, replay, boundary, self-test
    std::vector<std::string> argv, env;
    std::string cwd, root;
    std::vector<ConfigBind> binds;
    std::uint64_t memory = 0;      ///< bytes, 0: no limit
    std::uint32_t pids = 0;
    bool reduced = false;
    std::uint64_t data_cap = 4096;
    std::uint32_t patch_after = 0;
    int cpu = -1;                  ///< -1: chosen by the Sentry
    std::uint64_t soft_files = 0, hard_files = 0; ///< the guest's RLIMIT_NOFILE; hard 0: as the Sentry starts with
    std::string hand_over;         ///< hidden: a fixed way, for benchmarks; empty: chosen as it goes
    bool native_cpuid = false;     ///< tests: as on a processor that cannot make CPUID trap
    std::vector<std::string> self_test;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(SentryConfig, mode, argv, env, cwd, root, binds, memory, pids, reduced, data_cap, patch_after, cpu, soft_files, hard_files, hand_over, native_cpuid, self_test)

}
