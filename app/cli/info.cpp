// ringside info: what a trace is, and how its recording ended.

#include "app/cli/command.h"
#include "app/cli/reading.h"
#include "trace/analysis/text.h"
#include "trace/trace_file.h"

#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>

namespace ringside::cli {

namespace {

std::string ending(const trace::TraceInfo& info)
{
    // The rest are words of their own: exited, killed, disk full, …
    std::string text = info.end == "running" ? "still being recorded" : info.end == "cut" ? "cut: the recording ringside was killed or the machine stopped"
        : info.end == "recorder lost" ? "cut: the sandbox (ringside-sentry) was killed or crashed" : info.end;
    if (info.exit_status && WIFEXITED(*info.exit_status))
        text += fmt::format(", status {}", WEXITSTATUS(*info.exit_status));
    else if (info.exit_status && WIFSIGNALED(*info.exit_status))
        text += fmt::format(", by signal {} ({})", WTERMSIG(*info.exit_status), strsignal(WTERMSIG(*info.exit_status)));
    return info.end_message.empty() ? text : text + ": " + info.end_message;
}

/// A JSON list of strings as a shell would take them; anything else as it is.
std::string command_line(const std::string& json)
{
    auto list = nlohmann::json::parse(json, nullptr, false);
    if (!list.is_array())
        return json;
    std::string text;
    for (const auto& word : list) {
        std::string value = word.is_string() ? word.get<std::string>() : word.dump();
        bool plain = !value.empty() && value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%") == std::string::npos;
        if (!plain) {
            std::string quoted = "'";
            for (char c : value)
                quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
            value = quoted + "'";
        }
        text += (text.empty() ? "" : " ") + value;
    }
    return text;
}

void print_text(const trace::TraceInfo& info)
{
    // A trace may be a stranger's: nothing that a terminal would obey.
    auto line = [](std::string_view name, const std::string& value) { fmt::print("{:<14}{}\n", name, trace::analysis::printable(value)); };
    auto meta = [&](const char* key) {
        auto found = info.meta.find(key);
        return found == info.meta.end() ? std::string() : found->second;
    };
    line("command", command_line(meta("command")));
    line("directory", meta("cwd"));
    line("host", meta("host"));
    line("confinement", meta("confinement"));
    line("recorded", meta("start") + (meta("end_time").empty() ? "" : " to " + meta("end_time")));
    line("ended", ending(info));
    line("events", fmt::format("{}", info.events));
    line("time", fmt::format("{:.6f} s", static_cast<double>(info.last_ts) / 1e9));
    line("processes", fmt::format("{}, {} threads", info.processes, info.threads));
    line("data", fmt::format("{} rows, {} blobs", info.data_rows, info.blobs));
    if (!meta("calls_patched").empty())
        line("calls", fmt::format("{} by patched sites, {} by traps", meta("calls_patched"), meta("calls_trapped")));
    line("size", fmt::format("{} bytes", info.file_bytes));
    line("format", fmt::format("{}, by ringside {}", info.format, meta("ringside")));
}

void print_json(const trace::TraceInfo& info)
{
    nlohmann::json json {{"format", info.format}, {"events", info.events}, {"processes", info.processes}, {"threads", info.threads}, {"data_rows", info.data_rows},
        {"blobs", info.blobs}, {"file_bytes", info.file_bytes}, {"last_ts", info.last_ts}, {"end", info.end}, {"end_message", info.end_message},
        {"complete", info.complete}, {"meta", info.meta}};
    json["exit_status"] = info.exit_status ? nlohmann::json(*info.exit_status) : nlohmann::json();
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

}

void add_info(CLI::App& app, Context& context)
{
    struct Options {
        std::string file;
        bool json = false;
    };
    CLI::App* command = app.add_subcommand("info", "Say what a trace is, and how its recording ended");
    auto options = std::make_shared<Options>();
    command->add_option("FILE", options->file, "The trace")->required();
    command->add_flag("--json", options->json, "As JSON");
    command->footer("Exit status: 0, or 125 where the trace could not be read.");
    command->callback([options, &context] {
        context.action = [options] {
            auto trace = open_trace(options->file);
            trace::TraceFile& file = *trace;
            trace::TraceInfo info;
            reading(options->file, [&] { info = file.info(); });
            if (options->json)
                print_json(info);
            else
                print_text(info);
            return 0;
        };
    });
}

}
