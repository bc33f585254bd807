// execve: another program in the same process (fs/exec.c).
#pragma once

#include "engine/kernel/task.h"

#include <string>
#include <vector>

namespace ringside::kernel {

struct ExecRequest {
    int directory = -100;            ///< AT_FDCWD, or a descriptor
    std::string path;
    std::vector<std::string> argv;
    std::vector<std::string> environment;
    bool empty_path = false;         ///< AT_EMPTY_PATH
    bool follow = true;              ///< not AT_SYMLINK_NOFOLLOW
};

/// On success the task's registers are those of the new program's first instruction. Errors leave the old one as it was; past the
/// point of no return the task dies of SIGKILL or SIGSEGV as in Linux.
Result<long> exec_program(Task& task, const ExecRequest& request);

/// Opens a file as execve does: ENOENT, EACCES where it may not be executed, …
Result<Ref<fs::File>> open_program(Task& task, const std::string& path);

}
