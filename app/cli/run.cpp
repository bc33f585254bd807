// ringside run, ringside record.

#include "app/cli/command.h"
#include "app/cli/guest_options.h"
#include "app/cli/privacy_note.h"
#include "app/cli/supervise.h"

#include <ctime>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace ringside::cli {

namespace {

/// "CMD-20261123-175900.ringside", in the current directory.
std::string default_name(const std::string& program)
{
    std::string name = program.substr(program.rfind('/') + 1);
    std::time_t now = std::time(nullptr);
    std::tm local {};
    localtime_r(&now, &local);
    char stamp[32];
    std::strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &local);
    return fmt::format("{}-{}.ringside", name, stamp);
}

}

void add_run(CLI::App& app, Context& context)
{
    CLI::App* command = app.add_subcommand("run", "Run a program in the sandbox, without recording");
    auto guest = std::make_shared<GuestOptions>();
    guest->add_to(*command);
    command->callback([command, guest, &context] {
        context.action = [command, guest, &context] { return supervise(guest->build(*command, context)).exit_status(); };
    });
}

void add_record(CLI::App& app, Context& context)
{
    struct Options {
        GuestOptions guest;
        session::TraceOptions trace;
    };
    CLI::App* command = app.add_subcommand("record", "Run a program and record all it does into a trace");
    auto options = std::make_shared<Options>();
    CLI::Option* output = command->add_option("-o,--output", options->trace.path, "The trace (default: CMD-TIME.ringside in the current directory)")->type_name("FILE");
    command->add_flag("--force", options->trace.force, "Overwrite an existing file");
    command->add_option("--data-cap", options->trace.data_cap, "Bytes kept of each argument that a call reads (default: 4096)")->type_name("N");
    options->guest.add_to(*command);
    command->callback([command, options, output, &context] {
        if (output->count() > 0 && options->trace.path.empty())
            throw Failure("--output: the trace's name is empty");
        context.action = [command, options, &context] {
            session::SessionOptions session = options->guest.build(*command, context);
            session.mode = session::Mode::record;
            session.trace = options->trace;
            if (session.trace.path.empty()) {
                session.trace.path = default_name(session.argv.front());
                session.trace.numbered = true; // of two within a second
            }
            session::Outcome outcome = supervise(session);
            if (outcome.kind == session::Outcome::Kind::exited || outcome.kind == session::Outcome::Kind::killed)
                note_privacy_once();
            return outcome.exit_status();
        };
    });
}

}
