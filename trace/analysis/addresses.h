// Socket addresses that a call took or gave, as people write them.
#pragma once

#include "trace/trace_file.h"

#include <optional>
#include <string>

namespace ringside::trace::analysis {

struct Endpoint {
    int family = 0;
    std::string text;      ///< "127.0.0.1:8080", "[::1]:80", "/run/socket", "@abstract"
    std::string host;      ///< "127.0.0.1"; empty for unix
    std::uint16_t port = 0;
    bool outside = false;  ///< an internet address that is not this machine
};

/// The address in these bytes of a sockaddr; nothing where they are none.
std::optional<Endpoint> endpoint_of(std::string_view sockaddr);
/// What the call was given (connect, bind, sendto, sendmsg), or gave (accept, getsockname, getpeername, recvfrom).
std::optional<Endpoint> endpoint_of(TraceFile& trace, const Event& event);

}
