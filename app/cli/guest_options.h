// The options of `run` and `record` that describe the guest, and their values checked.
#pragma once

#include "app/cli/command.h"
#include "engine/session/session.h"

namespace ringside::cli {

struct GuestOptions {
    std::string root = "/";
    std::vector<std::string> binds;
    std::string cwd;
    std::vector<std::string> env;
    std::string memory;
    std::uint32_t pids = 0;
    std::string confinement = "full";
    std::string hand_over = "auto";

    void add_to(CLI::App& command);
    /// Throws Failure with one line about the first value that can't be.
    session::SessionOptions build(const CLI::App& command, const Context& context) const;
};

/// "512M", "2G", "4096" (bytes). Throws Failure.
std::uint64_t parse_size(const std::string& text);
/// "SRC:DST[:ro]"; SRC must exist, both are made absolute and clean. Throws Failure.
session::Bind parse_bind(const std::string& text);

}
