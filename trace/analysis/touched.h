// What a program touched, in a few lines: files, programs, addresses, refusals. Summary shows it, and the report.
#pragma once

#include "trace/analysis/files.h"
#include "trace/analysis/network.h"
#include "trace/analysis/sandbox.h"

#include <string>
#include <vector>

namespace ringside::trace::analysis {

struct Touched {
    FileCounts files;
    std::vector<std::string> written;    ///< paths, the first of them
    std::vector<std::string> programs;   ///< names, each once: "sh", "python3"
    std::uint64_t programs_run = 0;      ///< successful execs, the first program's among them
    std::vector<std::string> connected;  ///< peers, each once
    std::vector<std::string> listening;
    std::vector<std::string> refused;    ///< peers that the sandbox or the other side refused
    std::uint64_t sockets = 0;
};

Touched touched(const Input& input, const std::vector<FileUse>& files, const std::vector<Connection>& connections);

}
