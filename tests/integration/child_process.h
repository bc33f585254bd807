// Runs a command with its output caught and a limit on its time: what tests of the programs stand on.
#pragma once

#include <string>
#include <vector>

namespace ringside::tests {

struct Finished {
    int status = -1; ///< as a shell gives it: the exit status, or 128 + the signal's number
    bool timed_out = false;
    std::string out;
    std::string err;
};

/// Runs `command` with TMPDIR set to `directory`, in `directory`, standard input from /dev/null, in a process group of
/// its own; after `seconds` that group is killed. Output beyond 8 MiB is dropped.
Finished run_process(const std::vector<std::string>& command, const std::string& directory, int seconds);

/// A directory that is gone, with all below it, when the object is.
class ScratchDirectory {
public:
    ScratchDirectory();
    ~ScratchDirectory();
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

} // namespace ringside::tests
