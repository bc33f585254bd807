// ringside replay: the recorded program runs again, from the trace alone, checked at every call.

#include "app/cli/command.h"
#include "app/cli/guest_options.h"
#include "app/cli/reading.h"
#include "engine/session/session.h"

#include <fmt/format.h>
#include <unistd.h>

namespace ringside::cli {

void add_replay(CLI::App& app, Context& context)
{
    CLI::App* command = app.add_subcommand("replay", "Run a recorded program again from the trace alone, and compare every call");
    auto file = std::make_shared<std::string>();
    command->add_option("FILE", *file, "The trace")->required();
    command->footer("Exit status: 0 where all events are identical, 1 where the program did something else, 125 where the trace could not be replayed.");
    auto patch = std::make_shared<PatchOptions>();
    patch->add_to(*command);
    command->callback([file, patch, &context] {
        context.action = [file, patch] {
            session::SessionOptions options;
            options.mode = session::Mode::replay;
            options.trace.path = *file;
            options.cwd = "/";
            options.patch_after = patch->value();
            options.stdio = {-1, -1, -1}; // the trace holds what was read and written
#ifdef RINGSIDE_ASAN
            options.stdio.back() = STDERR_FILENO; // for what a sanitizer reports
#endif
            auto session = session::Session::start(options);
            session->wait();
            const session::Outcome& outcome = session->outcome();
            if (!outcome.message.empty())
                throw Failure(about(*file, outcome.message));
            fmt::print("{}", outcome.report);
            return outcome.exit_status();
        };
    });
}

}
