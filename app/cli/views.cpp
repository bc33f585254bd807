// ringside why, stats, files, net, tree, timeline, host: what the docks of the window show, as text or JSON.

#include "app/cli/command.h"
#include "app/cli/reading.h"
#include "trace/analysis/json.h"
#include "trace/analysis/text.h"
#include "trace/filter_run.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ringside::cli {

namespace {

using namespace trace::analysis;

struct Options {
    std::string file, filter;
    bool json = false;
};

/// A trace with its columns, and the rows that the filter leaves.
class View {
public:
    explicit View(const Options& options) : trace_(open_trace(options.file))
    {
        trace::Filter filter = compile_filter(options.filter);
        trace::load_hot_columns(options.file, columns_, false);
        if (!filter.matches_all())
            rows_ = trace::filter_rows(filter, columns_, *trace_);
    }

    Input input() { return {*trace_, columns_, rows_ ? &*rows_ : nullptr, nullptr}; }
    Processes processes() { return Processes(*trace_); }
    const trace::HotColumns& columns() const { return columns_; }

private:
    std::unique_ptr<trace::TraceFile> trace_;
    trace::HotColumns columns_;
    std::optional<std::vector<std::uint32_t>> rows_;
};

int terminal_width()
{
    winsize size {};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 60 ? size.ws_col : 100;
}

std::string why_view(View& view, bool json)
{
    Summary what = summary(view.input(), view.processes());
    return json ? dumped(json_of(what)) : text_of(what);
}

std::string stats_view(View& view, bool json)
{
    Statistics what = statistics(view.input(), view.processes());
    return json ? dumped(json_of(what)) : text_of(what);
}

std::string files_view(View& view, bool json)
{
    Processes processes = view.processes();
    auto what = files(view.input(), processes);
    return json ? dumped(json_of(what)) : text_of(what, processes);
}

std::string net_view(View& view, bool json)
{
    Processes processes = view.processes();
    auto what = network(view.input(), processes);
    return json ? dumped(json_of(what)) : text_of(what, processes);
}

std::string host_view(View& view, bool json)
{
    HostLedger what = host(view.input());
    return json ? dumped(json_of(what)) : text_of(what);
}

std::string tree_view(View& view, bool json)
{
    Processes processes = view.processes();
    Statistics sums = statistics(view.input(), processes);
    return json ? dumped(tree_json(processes, sums)) : tree_text(processes, sums);
}

std::string timeline_view(View& view, bool json)
{
    Processes processes = view.processes();
    return json ? dumped(timeline_json(view.columns(), processes, 1000)) : timeline_text(view.columns(), processes, terminal_width() - 24);
}

void add(CLI::App& app, Context& context, const std::string& name, const std::string& description, std::string (*make)(View&, bool), bool filters, const std::string& example)
{
    CLI::App* command = app.add_subcommand(name, description);
    auto options = std::make_shared<Options>();
    command->add_option("FILE", options->file, "The trace")->required();
    if (filters)
        command->add_option("-f,--filter", options->filter, "Only of events that match")->type_name("FILTER");
    command->add_flag("--json", options->json, "As JSON");
    command->footer("Exit status: 0, or 125 where the trace could not be read or the text not be written.\n\nExample:\n  ringside " + example);
    command->callback([options, make, &context] {
        context.action = [options, make] {
            View view(*options);
            Output output({}, false);
            output.write(make(view, options->json));
            output.finish();
            return 0;
        };
    });
}

}

void add_views(CLI::App& app, Context& context)
{
    add(app, context, "why", "Say why the program failed, what it touched, and what is worth a look", why_view, false, "why build.ringside");
    add(app, context, "stats", "Count calls: errors, time, waiting; by call and by process", stats_view, true, "stats build.ringside -f 'group == file'");
    add(app, context, "files", "List the files that were read, written, run, tried", files_view, true, "files build.ringside -f 'path ~ \"^/etc\"'");
    add(app, context, "net", "List the sockets, their peers and what they carried", net_view, true, "net build.ringside --json");
    add(app, context, "host", "List what the sandbox asked of the host, and for which calls", host_view, true, "host build.ringside");
    add(app, context, "tree", "Show the processes: who started whom, how each ended", tree_view, true, "tree build.ringside");
    add(app, context, "timeline", "Show what each thread did over time", timeline_view, false, "timeline build.ringside");
}

}
