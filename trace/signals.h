// Threads of ours that write files leave signals to the program's other threads.
#pragma once

#include <csignal>

namespace ringside::trace {

/// Blocks every signal in the calling thread. SIGXFSZ above all: past `ulimit -f` a write then fails with EFBIG and the trace
/// can be ended well, where the signal would kill the process (setrlimit(2)).
inline void block_signals()
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}
