// A terminal that can control a session: one of the sandbox's pseudo-terminals, or the caller's own.
#pragma once

#include "engine/fs/file.h"
#include "engine/kernel/controlling_terminal.h"

namespace ringside::fs {

class Terminal : public kernel::ControllingTerminal {
public:
    /// open(2) of /dev/tty by a process that it controls. EIO where it cannot be opened so.
    virtual Result<Ref<File>> open_again(Task& task, int flags) = 0;
};

}
