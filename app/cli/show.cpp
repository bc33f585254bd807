// ringside show, ringside export: events as text.

#include "app/cli/command.h"
#include "app/cli/reading.h"
#include "trace/export/export_trace.h"
#include "trace/filter_run.h"
#include "trace/trace_file.h"

#include <fmt/format.h>

namespace ringside::cli {

namespace {

struct Options {
    std::string file, filter, format, output;
    std::size_t string_limit = 32;
    bool verbose = false, timestamps = false, force = false;
};

int write_events(const Options& options, trace::ExportFormat format, bool show)
{
    trace::Filter filter = compile_filter(options.filter);
    auto trace = open_trace(options.file);
    Output output(options.output, options.force);
    trace::ExportOptions wanted;
    wanted.format = format;
    wanted.decode.string_limit = options.string_limit;
    wanted.decode.verbose = options.verbose;
    wanted.timestamps = options.timestamps;
    wanted.started_ns = trace::started_ns(*trace);
    auto sink = [&](std::string_view text) { return output.write(text); };
    bool all = filter.matches_all();
    if (all && format != trace::ExportFormat::pcapng && format != trace::ExportFormat::html) {
        trace::export_events(*trace, filter, wanted, sink); // needs no columns
    } else {
        trace::HotColumns columns;
        trace::load_hot_columns(options.file, columns, false);
        std::optional<std::vector<std::uint32_t>> rows;
        if (!all)
            rows = trace::filter_rows(compile_filter(show ? trace::shown_filter(options.filter) : options.filter), columns, *trace);
        wanted.whole_lines = show; // a line for each row that the window shows
        trace::export_trace({*trace, columns, rows ? &*rows : nullptr, nullptr}, wanted, sink);
    }
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
    command->callback([options, &context] { context.action = [options] { return write_events(*options, trace::ExportFormat::strace, true); }; });
}

void add_export(CLI::App& app, Context& context)
{
    CLI::App* command = app.add_subcommand("export", "Write a trace as text, JSON Lines, CSV, for Perfetto, as packets, or as a report");
    auto options = std::make_shared<Options>();
    add_common(*command, *options);
    command->add_option("--format", options->format, "strace, jsonl, csv, perfetto, pcapng (what sockets carried) or html (a report)")->required()->type_name("FORMAT")->check(CLI::IsMember({"strace", "jsonl", "csv", "perfetto", "pcapng", "html"}));
    command->add_option("-o,--output", options->output, "Write to FILE instead of the standard output")->type_name("FILE");
    command->add_flag("--force", options->force, "Overwrite an existing file");
    command->callback([options, &context] {
        context.action = [options] {
            int status = write_events(*options, *trace::export_format(options->format), false);
            complain("note: the export holds what the program read and wrote; think before you pass it on");
            return status;
        };
    });
}

}
