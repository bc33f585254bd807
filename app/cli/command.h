// What the subcommands of `ringside` share: each adds itself to the parser and leaves behind what is to be done.
#pragma once

#include "engine/session/session.h"

#include <CLI/CLI.hpp>
#include <array>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::cli {

/// A failure of ours: what() is the one line that follows "ringside: " on stderr, and the exit status is 125.
class Failure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What the command line asks for: set by the subcommand that was named. Returns the exit status.
using Action = std::function<int()>;

struct Context {
    Action action;
    std::vector<std::string> command; ///< what stood behind `--`
    bool has_command = false;         ///< there was a `--`
    std::array<int, 3> stdio {0, 1, 2}; ///< -1: the caller had closed it
    session::OpenFiles open_files {};   ///< the caller's limit, before ours was raised
};

void add_run(CLI::App& app, Context& context);
void add_record(CLI::App& app, Context& context);
void add_show(CLI::App& app, Context& context);
void add_info(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_query(CLI::App& app, Context& context);
void add_boundary(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
/// why, stats, files, net, host, tree, timeline.
void add_views(CLI::App& app, Context& context);

/// "ringside: TEXT" on stderr; a newline in it becomes a space.
void complain(std::string_view text);

}
