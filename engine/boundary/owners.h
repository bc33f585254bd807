// True owners of host files. In a user namespace of one id everybody else's files look like 65534's; the supervisor, outside, answers
// for a directory's descriptor: name -> uid, gid. Once a directory: the caller caches.
#pragma once

#include "engine/base/result.h"

#include <cstdint>
#include <map>
#include <string>

namespace ringside::boundary {

struct Owner {
    std::uint32_t uid;
    std::uint32_t gid;
};

class OwnerClient {
public:
    /// `socket`: to the supervisor, for this alone. -1: the host's answers are true already.
    explicit OwnerClient(int socket) : socket_(socket) { }
    /// Whether to ask at all.
    bool needed() const { return socket_ >= 0; }
    /// Owners of what lies in the directory, "." included; for a file its own, under ".". May block: call it from an I/O helper
    /// (offload). Calls from several threads wait for one another. EIO when the supervisor does not answer.
    Result<std::map<std::string, Owner>> list(int dirfd);

private:
    int socket_;
};

}
