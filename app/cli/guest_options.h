// The options of `run` and `record` that describe the guest, and their values checked.
#pragma once

#include "app/cli/command.h"
#include "engine/session/session.h"

namespace ringside::cli {

/// Whether hot system calls are patched. For replay as well.
struct PatchOptions {
    bool never = false;
    std::uint32_t after = session::default_patch_after;

    void add_to(CLI::App& command);
    std::uint32_t value() const { return never ? 0 : after; }
};

struct GuestOptions {
    PatchOptions patch;
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
