// What the sandbox asked of the host and for whom: the ledger of host calls, by call and by cause.
#pragma once

#include "trace/analysis/input.h"

#include <string>
#include <vector>

namespace ringside::trace::analysis {

struct HostLine {
    std::string call;   ///< "preadv2"
    std::string cause;  ///< "openat", "page_in", "start-up"
    std::uint64_t count = 0, ns = 0, events = 0;
    bool start_up = false;
};

struct HostLedger {
    std::vector<HostLine> lines;      ///< the most frequent first
    std::uint64_t caused = 0;         ///< host calls that events caused
    std::uint64_t start_up = 0;       ///< beside them: for no event of the program
    std::uint64_t events = 0;         ///< events looked at
    std::uint64_t reaching = 0;       ///< events of the program that caused any
    std::uint64_t system_calls = 0;   ///< calls of the program: what strace would have let through
    std::uint64_t runc_allows = 0;    ///< of these, what runc's default seccomp profile lets through
};

/// One scan of the ledger's rows beside the rows asked about.
HostLedger host(const Input& input);
/// Those that events caused, by call alone: the most frequent first.
std::vector<std::pair<std::string, std::uint64_t>> by_call(const HostLedger& ledger);
/// "The program made 12,480 calls. Under strace all of them would have reached the host, under runc's default profile 12,470; here 214 did."
std::string comparison(const HostLedger& ledger);

}
