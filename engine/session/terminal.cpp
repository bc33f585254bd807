// Saving and restoring the terminal's settings.

#include "engine/session/terminal.h"

#include <csignal>
#include <pthread.h>
#include <unistd.h>

namespace ringside::session {

SavedTerminal::SavedTerminal(const std::array<int, 3>& stdio)
{
    for (int fd : stdio) {
        if (fd >= 0 && tcgetattr(fd, &settings_) == 0) {
            fd_ = fd;
            return;
        }
    }
}

void SavedTerminal::restore() const
{
    if (fd_ < 0 || tcgetpgrp(fd_) != getpgrp())
        return;
    // The group may lose the terminal just now: then better no change than to be stopped by SIGTTOU.
    sigset_t output, before;
    sigemptyset(&output);
    sigaddset(&output, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &output, &before);
    tcsetattr(fd_, TCSANOW, &settings_); // draining could wait for ever on a terminal under Ctrl-S
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}
