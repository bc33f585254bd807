// ringside show, ringside export: events as text.

#include "app/cli/command.h"
#include "app/cli/reading.h"
#include "trace/export/export.h"
#include "trace/trace_file.h"

#include <ctime>
#include <fmt/format.h>

namespace ringside::cli {

namespace {

/// meta's "start" ("2026-11-23T17:59:00Z") as nanoseconds since 1970; 0 where it is none.
std::uint64_t started_ns(trace::TraceFile& file)
{
    std::tm parts {};
    std::string start = file.meta("start");
    const char* end = strptime(start.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    return end ? static_cast<std::uint64_t>(timegm(&parts)) * 1'000'000'000 : 0;
}

struct Options {
    std::string file, filter, format, output;
    std::size_t string_limit = 32;
    bool verbose = false, timestamps = false, force = false;
};

int write_events(const Options& options, trace::ExportFormat format)
{
    trace::Filter filter = compile_filter(options.filter);
    auto trace = open_trace(options.file);
    trace::TraceFile& file = *trace;
    Output output(options.output, options.force);
    trace::ExportOptions wanted;
    wanted.format = format;
    wanted.decode.string_limit = options.string_limit;
    wanted.decode.verbose = options.verbose;
    wanted.timestamps = options.timestamps;
    reading(options.file, [&] {
        wanted.started_ns = started_ns(file);
        trace::export_events(file, filter, wanted, [&](std::string_view text) { return output.write(text); });
    });
    output.finish();
    return 0;
}

void add_common(CLI::App& command, Options& options)
{
    command.add_option("FILE", options.file, "The trace")->required();
    command.add_option("-f,--filter", options.filter, "Only events that match, e.g. 'syscall == openat && ret < 0'")->type_name("FILTER");
    command.add_option("-s,--string-limit", options.string_limit, "Bytes of strings that are shown (default: 32)")->type_name("N");
    command.add_flag("-v,--verbose", options.verbose, "Environments and long structures in full");
    command.footer("Exit status: 0, or 125 where the trace could not be read or the text not be written.");
    command.add_flag("-t,--timestamps", options.timestamps, "The time of each event, in seconds since 1970");
}

}

void add_show(CLI::App& app, Context& context)
{
    CLI::App* command = app.add_subcommand("show", "Print a trace as strace would");
    auto options = std::make_shared<Options>();
    add_common(*command, *options);
    command->callback([options, &context] { context.action = [options] { return write_events(*options, trace::ExportFormat::strace); }; });
}

void add_export(CLI::App& app, Context& context)
{
    CLI::App* command = app.add_subcommand("export", "Write a trace's events as text, JSON Lines or CSV");
    auto options = std::make_shared<Options>();
    add_common(*command, *options);
    command->add_option("--format", options->format, "strace, jsonl or csv")->required()->type_name("FORMAT")->check(CLI::IsMember({"strace", "jsonl", "csv"}));
    command->add_option("-o,--output", options->output, "Write to FILE instead of the standard output")->type_name("FILE");
    command->add_flag("--force", options->force, "Overwrite an existing file");
    command->callback([options, &context] {
        context.action = [options] {
            complain("note: the export holds what the program read and wrote; think before you pass it on");
            return write_events(*options, *trace::export_format(options->format));
        };
    });
}

}
