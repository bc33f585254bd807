// The texts of /proc/net: sockets of the sandbox, its one interface, its routes.
#pragma once

#include "engine/net/net_state.h"

#include <span>
#include <string>

namespace ringside::net {

struct ProcNetFile {
    const char* name;
    std::string (*text)(NetState& net);
};

/// The files of /proc/net, in alphabetical order.
std::span<const ProcNetFile> proc_net_files();

}
