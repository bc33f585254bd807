// Which files a program read, wrote, created, removed, changed, ran, or tried and did not find; and by whom.
#pragma once

#include "trace/analysis/input.h"

#include <string>
#include <vector>

namespace ringside::trace::analysis {

namespace file_use {
constexpr std::uint16_t read = 1, written = 2, created = 4, removed = 8, changed = 16, executed = 32, mapped = 64, listed = 128, opened = 256, tried = 512, looked_at = 1024;
}

struct FileUse {
    std::string path;
    std::uint16_t uses = 0;         ///< of file_use
    std::uint64_t read_bytes = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t opens = 0;
    std::uint64_t failures = 0;     ///< calls about it that failed
    int error = 0;                  ///< the errno of the last
    EventId first = 0, last = 0;    ///< events about it
    std::vector<ProcessId> by;      ///< in order of their first use, at most 16

    bool is(std::uint16_t bits) const { return (uses & bits) != 0; }
    bool is_library() const; ///< a shared object
};

/// By path. One pass over the rows; opens and renames cost a look-up each. Pipes, sockets and terminals are no files.
std::vector<FileUse> files(const Input& input, const Processes& processes);

struct FileCounts {
    std::uint64_t read = 0, libraries = 0, written = 0, created = 0, removed = 0, tried = 0;
};
/// What Summary, status and the command line say of them. `read` is without libraries and programs' own files.
FileCounts count(const std::vector<FileUse>& files);

}
