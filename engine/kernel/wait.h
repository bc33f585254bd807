// Waiting for children (kernel/exit.c, do_wait).
#pragma once

#include "engine/kernel/thread_group.h"

namespace ringside::kernel {

struct WaitRequest {
    enum class Which { any, pid, process_group } which = Which::any;
    Pid id = 0;
    unsigned options = 0; ///< WEXITED, WUNTRACED, WCONTINUED, WNOHANG, WNOWAIT, __WALL, __WCLONE, __WNOTHREAD
};

struct Waited {
    Pid pid = 0;         ///< 0: WNOHANG and nothing there
    std::uint32_t uid = 0;
    int status = 0;      ///< as wait4 gives it
    int code = 0;        ///< CLD_*
    int code_status = 0; ///< si_status
    Usage usage;
};

/// ECHILD where there is none to wait for, ERESTARTSYS.
Result<Waited> wait_for_child(Task& task, const WaitRequest& request);

}
