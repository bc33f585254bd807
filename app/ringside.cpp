// ringside: the command line. Parses, hands over to the subcommand (app/cli/), and turns what goes wrong into one line.

#include "app/cli/command.h"
#include "engine/base/raise_limit.h"
#include "trace/error.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <map>
#include <memory>
#include <system_error>

namespace {

using namespace ringside;

/// CLI11's messages, as one line that says where to read on.
int usage_error(const CLI::App& app, const CLI::ParseError& error)
{
    std::string name = "ringside";
    for (const CLI::App* sub : app.get_subcommands())
        name += " " + sub->get_name();
    cli::complain(std::string(error.what()) + " (see " + name + " --help)");
    return 125;
}

/// CLI11 knows neither what stands behind `--` nor that FILE comes first.
class Formatter final : public CLI::Formatter {
public:
    std::string make_usage(const CLI::App* app, std::string name) const override
    {
        static const std::map<std::string, std::string, std::less<>> usages {{"run", "[options] -- CMD [ARG]..."}, {"record", "[options] -- CMD [ARG]..."},
            {"show", "FILE [options]"}, {"info", "FILE [--json]"}, {"export", "FILE --format FORMAT [options]"}, {"query", "FILE SQL [options]"},
            {"replay", "FILE"}, {"boundary", "[options]"}};
        auto known = usages.find(app->get_name());
        return known == usages.end() ? CLI::Formatter::make_usage(app, name) : "Usage: ringside " + known->first + " " + known->second + "\n";
    }
};

void describe(CLI::App& app)
{
    app.formatter(std::make_shared<Formatter>());
    app.description("Run a program inside a user-space kernel, and see every system call it makes.");
    app.footer("Exit status: the program's own; 128+N where signal N ended it; 127 where it was not found, 126 where it could not be executed;\n"
               "125 for a failure of ringside itself.\n\n"
               "Examples:\n"
               "  ringside run -- ls -l /etc\n"
               "  ringside record -o build.ringside -- make\n"
               "  ringside show build.ringside -f 'group == file && ret < 0'");
    app.set_version_flag("--version", "ringside " RINGSIDE_VERSION);
    app.require_subcommand(0, 1); // with 1, a wrong word would be reported as a missing command
    app.get_formatter()->column_width(34);
}

/// Descriptors 0-2 that the caller has closed are held, so that no file of ours gets their numbers, by what can be neither read nor
/// written: text that nobody gets is an error.
std::array<int, 3> standard_descriptors()
{
    std::array<int, 3> result {0, 1, 2};
    for (int fd : {0, 1, 2}) {
        if (fcntl(fd, F_GETFD) < 0) {
            result[static_cast<std::size_t>(fd)] = -1;
            static_cast<void>(open("/dev/null", O_PATH | O_CLOEXEC));
        }
    }
    return result;
}

/// Our own processes may open as many as they can; the program in the sandbox gets what the caller has.
session::OpenFiles raise_open_files()
{
    rlimit before {};
    getrlimit(RLIMIT_NOFILE, &before);
    raise_limit(RLIMIT_NOFILE);
    return {before.rlim_cur, before.rlim_max};
}

/// What to say where the first word is none of our commands; else empty.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& arguments)
{
    if (arguments.empty() || arguments.front().starts_with('-'))
        return {};
    const std::string& word = arguments.front();
    std::string names;
    for (const CLI::App* each : app.get_subcommands({})) {
        if (each->get_name() == word)
            return {};
        names += (names.empty() ? "" : ", ") + each->get_name();
    }
    return "unknown command '" + word + "': there are " + names + " (see ringside --help)";
}

/// Throws Failure where what was printed could not be written.
void flush_output()
{
    errno = 0;
    std::cout.flush();
    bool ok = !std::ferror(stdout);
    if (std::fflush(stdout) != 0 || !ok)
        throw cli::Failure(std::string("standard output: ") + (errno != 0 ? std::strerror(errno) : "it could not be written"));
}

int run(int argc, char** argv)
{
    cli::Context context;
    context.open_files = raise_open_files();
    context.stdio = standard_descriptors(); // before anything else is opened
    CLI::App app;
    describe(app);
    app.name("ringside");
    cli::add_run(app, context);
    cli::add_record(app, context);
    cli::add_show(app, context);
    cli::add_info(app, context);
    cli::add_views(app, context);
    cli::add_export(app, context);
    cli::add_query(app, context);
    cli::add_replay(app, context);
    cli::add_boundary(app, context);

    // What stands behind `--` is the guest's: CLI11 does not look at it.
    std::vector<std::string> arguments(argv + 1, argv + argc);
    auto separator = std::find(arguments.begin(), arguments.end(), "--");
    if (separator != arguments.end()) {
        context.has_command = true;
        context.command.assign(separator + 1, arguments.end());
        arguments.erase(separator, arguments.end());
    }
    if (std::string unknown = unknown_command(app, arguments); !unknown.empty()) {
        cli::complain(unknown);
        return 125;
    }
    std::reverse(arguments.begin(), arguments.end()); // CLI11 takes them from the back
    try {
        app.parse(arguments);
    } catch (const CLI::Success& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        return usage_error(app, error);
    }
    if (!context.action) {
        cli::complain("no command given (see ringside --help)");
        return 125;
    }
    return context.action();
}

}

void ringside::cli::complain(std::string_view text)
{
    std::string line = "ringside: ";
    for (char c : text)
        line += c == '\n' ? ' ' : c;
    line += '\n';
    std::fflush(stdout);
    std::fwrite(line.data(), 1, line.size(), stderr);
}

int main(int argc, char** argv)
{
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of write(2), which says which file it was
    try {
        int status = run(argc, argv);
        if (status != 125)
            flush_output();
        return status;
    } catch (const cli::Failure& failure) {
        cli::complain(failure.what());
    } catch (const trace::Error& error) {
        cli::complain(error.what());
    } catch (const std::system_error& error) { // of printing
        cli::complain(std::string("standard output: ") + error.code().message());
    } catch (const std::bad_alloc&) {
        cli::complain("out of memory");
    }
    return 125;
}
