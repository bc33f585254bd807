// Reading the seccomp filters of running processes back from the host's kernel, and what else /proc says of their rights.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringside::session {

struct LiveThread {
    int tid = 0;
    /// Programs in force, newest first (struct sock_filter each); none: the host does not let us read them (needs CAP_SYS_ADMIN).
    std::optional<std::vector<std::vector<std::uint64_t>>> filters;
};

struct LiveProcess {
    int pid = 0;
    std::string name;
    std::string capabilities; ///< permitted set, hexadecimal
    bool no_new_privs = false;
    std::string seccomp;      ///< "2" with a filter
    std::vector<std::string> own_namespaces; ///< those that differ from ours: "user", "mnt", …; empty also where we may not look
    std::vector<LiveThread> threads;
};

/// The process and all below it. Stops each thread for a moment.
std::vector<LiveProcess> inspect_processes(int root_pid);

}
