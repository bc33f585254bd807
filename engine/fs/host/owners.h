// Who owns the host's files: in a user namespace of one id all others look like 65534, so the supervisor is asked.
#pragma once

#include "engine/base/result.h"

#include <map>
#include <string>
#include <sys/types.h>

namespace ringside::kernel {
class Task;
}

namespace ringside::fs {

struct Owner {
    uid_t uid;
    gid_t gid;
};

class OwnerLookup {
public:
    virtual ~OwnerLookup() = default;
    /// The owners of a directory's entries, by name; "." is the directory itself. `directory` is an O_PATH descriptor. May wait.
    virtual Result<std::map<std::string, Owner>> owners(kernel::Task& task, int directory) = 0;
};

}
