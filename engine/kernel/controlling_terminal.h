// What a session's terminal is to the kernel. fs makes terminals; the kernel only knows whose session one belongs to.
#pragma once

#include <sys/types.h>

namespace ringside::kernel {

class Session;

class ControllingTerminal {
public:
    virtual ~ControllingTerminal() = default;
    /// As /proc/PID/stat shows it.
    virtual dev_t device() const = 0;
    /// Whose controlling terminal it is; null: nobody's.
    Session* session() const { return session_; }

private:
    friend class Session;
    Session* session_ = nullptr;
};

}
