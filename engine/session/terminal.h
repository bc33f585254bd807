// The caller's terminal as it was before the guest: its settings are put back at the end, however that comes.
#pragma once

#include <array>
#include <termios.h>

namespace ringside::session {

class SavedTerminal {
public:
    /// Remembers the first of the descriptors that is a terminal.
    explicit SavedTerminal(const std::array<int, 3>& stdio);
    /// Only where our process group has the terminal: whoever has it otherwise has put its own settings there.
    void restore() const;

private:
    int fd_ = -1;
    termios settings_ {};
};

}
