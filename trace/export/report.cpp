// The report: one HTML page about a run, for somebody who has no Ringside. Pictures are SVG in it; nothing is fetched from elsewhere,
// nothing in it is executed, and everything that came from the trace is escaped.
#include "trace/analysis/host.h"
#include "trace/analysis/statistics.h"
#include "trace/analysis/summary.h"
#include "trace/analysis/text.h"
#include "trace/analysis/timeline.h"
#include "trace/export/export_trace.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringside::trace {

namespace {

using namespace analysis;

constexpr std::string_view style = R"(<style>
:root{--panel:#fff;--window:#f4f5f7;--line:#d9dde3;--text:#1b1f24;--secondary:#5b6570;--accent:#0a5fb4;--error:#b42318;--denied:#8a4300;--host:#6b4fb3}
@media(prefers-color-scheme:dark){:root{--panel:#22262b;--window:#1a1d21;--line:#383e46;--text:#e6e9ed;--secondary:#a9b3be;--accent:#7cbaff;--error:#ff958c;--denied:#ffb366;--host:#bda9f7}}
body{margin:0;background:var(--window);color:var(--text);font:15px/1.45 system-ui,sans-serif}
main{max-width:1020px;margin:24px auto;padding:8px 32px 28px;background:var(--panel);border:1px solid var(--line);border-radius:8px}
h1{font-size:22px;margin:20px 0 2px}h2{font-size:17px;margin:30px 0 8px;border-top:1px solid var(--line);padding-top:16px}
.quiet,dt,th{color:var(--secondary)}.error{color:var(--error)}.denied{color:var(--denied)}code,td.m,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:130px 1fr;gap:4px 14px;margin:8px 0}dd{margin:0}
table{border-collapse:collapse;width:100%}td,th{padding:3px 10px 3px 0;text-align:left;vertical-align:top;font-weight:400}th{font-weight:600}td.n,th.n{text-align:right}
tr+tr td{border-top:1px solid var(--line)}svg{display:block;width:100%;margin:8px 0}pre{white-space:pre-wrap;margin:6px 0}
</style>)";

std::string escaped(std::string_view text)
{
    std::string out;
    for (char c : printable(text)) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += c;
        }
    }
    return out;
}

std::string code(std::string_view text) { return "<code>" + escaped(text) + "</code>"; }

std::string event_link(EventId event) { return fmt::format("<span class=quiet>event {}</span>", event); }

std::string row(std::string_view label, const std::string& html) { return fmt::format("<dt>{}</dt><dd>{}</dd>\n", label, html); }

std::string list(const std::vector<std::string>& items, std::size_t most)
{
    std::string html;
    for (std::size_t i = 0; i < std::min(items.size(), most); ++i)
        html += (i ? ", " : "") + code(items[i]);
    return items.size() > most ? html + fmt::format(" <span class=quiet>and {} more</span>", items.size() - most) : html;
}

std::string failure(const Step& step) { return fmt::format("{} → {} {}", code(step_text(step)), errno_text(step.error), event_link(step.event)); }

std::string command_of(TraceFile& trace)
{
    auto words = nlohmann::json::parse(trace.meta("command"), nullptr, false);
    std::string command;
    if (words.is_array())
        for (const auto& word : words)
            command += (command.empty() ? "" : " ") + (word.is_string() ? word.get<std::string>() : std::string());
    return command;
}

class Report {
public:
    explicit Report(const Input& input) : input_(input.whole()), processes_(input.trace) { }

    std::string make()
    {
        files_ = files(input_, processes_);
        connections_ = network(input_, processes_);
        summary_ = summary(input_, processes_, files_, connections_);
        statistics_ = statistics(input_, processes_);
        std::string title = escaped(command_of(input_.trace));
        html_ = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
                "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\"><title>" + title + " – Ringside report</title>" + std::string(style) + "<main>\n";
        head(title);
        worth();
        touched();
        processes();
        problems();
        files_used();
        sockets();
        host_calls();
        calls();
        html_ += fmt::format("<p class=quiet>Made by Ringside {}. The program ran inside a sandbox: what it wrote stayed there, but for folders that were shared with it.</p></main></html>\n", RINGSIDE_VERSION);
        return std::move(html_);
    }

private:
    void head(const std::string& title)
    {
        const Why& why = summary_.why;
        bool bad = why.status != 0;
        html_ += fmt::format("<h1>{}{}</h1><p class=quiet>{} · {} · {} events, {} problems, {} host calls</p>\n", bad ? "<span class=error>✕</span> " : "", title, escaped(input_.trace.meta("start")),
            why.kind == Why::Kind::unknown || why.kind == Why::Kind::running ? "end not recorded" : escaped(why.name + " " + ending_sentence(why.status)), summary_.events, summary_.problems, summary_.host_calls);
        picture_of_time();
        html_ += "<dl>\n";
        if (why.failed != why.program && why.cause.event)
            html_ += row("Began in", escaped(why.failed_name + ", which " + ending_sentence(why.failed_status)));
        if (why.kind == Why::Kind::call)
            html_ += row("Likely cause", failure(why.cause));
        else if (!cause_phrase(why).empty())
            html_ += row("Cause", escaped(cause_phrase(why)) + (why.cause.event ? " " + event_link(why.cause.event) : ""));
        else if (why.kind == Why::Kind::unclear)
            html_ += row("Cause", "No single cause found.");
        std::vector<std::string> tried;
        for (const Step& step : why.tried)
            tried.push_back(step.target);
        if (!tried.empty())
            html_ += row("Tried first", list(tried, 12));
        for (const Step& step : why.last)
            html_ += row("Failed last", failure(step));
        if (!why.said.empty())
            html_ += row("It said", code(why.said));
        for (const SandboxFailure& each : why.sandbox)
            html_ += row("Sandbox", fmt::format("<span class=denied>⊘</span> {} × {} {} by {}: {}, not the program's fault {}", each.count, code(each.call), escaped(each.target), escaped(each.process),
                reason_text(each.reason), event_link(each.event)));
        html_ += "</dl>\n";
    }

    void picture_of_time()
    {
        constexpr int parts = 240, height = 40;
        TimelineIndex index;
        index.update(input_.columns);
        Density made = density(input_.columns, index, whole_range(input_.columns), parts);
        std::string bars;
        for (int i = 0; i < parts; ++i) {
            auto at = static_cast<std::size_t>(i);
            if (made.events[at] == 0)
                continue;
            double tall = std::max(1.0, std::sqrt(double(made.events[at]) / std::max(1U, made.most)) * height);
            bars += fmt::format("<rect x='{}' y='{:.1f}' width='3' height='{:.1f}' fill='var(--{})'/>", i * 4, height - tall, tall, made.problems[at] ? "error" : "secondary");
        }
        html_ += fmt::format("<svg viewBox='0 0 {} {}' role=img aria-label='Events over time; red where there were problems'>{}</svg>\n", parts * 4, height, bars);
    }

    void worth()
    {
        html_ += "<h2>Worth a look</h2>\n";
        for (const Notice& notice : summary_.worth)
            html_ += fmt::format("<p><span class=denied>△</span> {} <span class=quiet>{}</span><br>{}</p>\n", escaped(notice.title), notice.count, list(notice.details, 10));
        if (summary_.worth.empty())
            html_ += "<p class=quiet>Nothing that the rules know of.</p>\n";
    }

    void touched()
    {
        const Touched& t = summary_.touched;
        html_ += "<h2>Touched</h2><dl>\n" + row("Read", fmt::format("{} files, {} libraries", t.files.read, t.files.libraries))
            + row("Written", fmt::format("{} files {}", t.files.written, list(t.written, 20))) + row("Removed", fmt::format("{} files", t.files.removed))
            + row("Run", fmt::format("{} programs: {}", t.programs_run, list(t.programs, 20)));
        if (!t.connected.empty())
            html_ += row("Connected", list(t.connected, 20));
        if (!t.listening.empty())
            html_ += row("Listening", list(t.listening, 20));
        if (!t.refused.empty())
            html_ += row("Refused", list(t.refused, 20));
        html_ += "</dl>\n";
    }

    void processes() { html_ += "<h2>Processes</h2><pre>" + escaped_lines(tree_text(processes_, statistics_)) + "</pre>\n"; }

    static std::string escaped_lines(std::string_view text)
    {
        std::string out;
        while (!text.empty()) {
            std::size_t end = text.find('\n');
            out += escaped(text.substr(0, end)) + '\n';
            text.remove_prefix(end == text.npos ? text.size() : end + 1);
        }
        return out;
    }

    void problems()
    {
        constexpr std::size_t most = 100;
        std::string rows;
        std::uint64_t shown = 0, all = 0;
        Decoder decoder(input_.trace, {.string_limit = 80, .align = 0});
        input_.each([&](std::size_t at) {
            if (!input_.columns.is_problem(at) || ++all > most)
                return;
            if (auto event = input_.trace.event(at + 1)) {
                ++shown;
                rows += fmt::format("<tr><td class=n>{}<td>{}<td class=m>{}", event->id, escaped(processes_.label(processes_.of(event->thread))), escaped(decoder.line(*event).text));
            }
        });
        html_ += fmt::format("<h2>Problems</h2><table><tr><th class=n>Event<th>Process<th>Call</tr>{}</table>\n", rows);
        if (all > shown)
            html_ += fmt::format("<p class=quiet>The first {} of {}.</p>\n", shown, all);
    }

    void files_used()
    {
        constexpr std::size_t most = 300;
        // What was altered first: it is what a reader wants to know.
        std::ranges::stable_sort(files_, std::ranges::greater(), [](const FileUse& file) { return file.is(file_use::written | file_use::created | file_use::removed | file_use::changed); });
        std::string rows;
        for (std::size_t i = 0; i < std::min(files_.size(), most); ++i)
            rows += fmt::format("<tr><td class=m>{}<td>{}<td class=n>{}<td class=n>{}<td>{}", escaped(files_[i].path), uses_text(files_[i]), files_[i].read_bytes ? size_text(files_[i].read_bytes) : "",
                files_[i].written_bytes ? size_text(files_[i].written_bytes) : "", files_[i].by.empty() ? "" : escaped(processes_.label(files_[i].by.front())));
        html_ += "<h2>Files</h2><table><tr><th>Path<th>What<th class=n>Read<th class=n>Written<th>By</tr>" + rows + "</table>\n";
        if (files_.size() > most)
            html_ += fmt::format("<p class=quiet>The first {} of {}.</p>\n", most, files_.size());
    }

    void sockets()
    {
        html_ += "<h2>Network</h2>\n";
        if (connections_.empty()) {
            html_ += "<p class=quiet>It made no sockets.</p>\n";
            return;
        }
        html_ += "<table><tr><th>Peer<th>Local<th>Protocol<th>State<th class=n>Sent<th class=n>Received<th>By</tr>";
        for (const Connection& c : connections_)
            html_ += fmt::format("<tr><td class=m>{}<td class=m>{}<td>{}<td>{}<td class=n>{}<td class=n>{}<td>{}", escaped(c.peer), escaped(c.local), escaped(c.protocol),
                outcome(c), size_text(c.sent), size_text(c.received), escaped(processes_.label(c.process)));
        html_ += "</table>\n";
    }

    void host_calls()
    {
        HostLedger ledger = analysis::host(input_);
        auto parts = by_call(ledger);
        std::string bars;
        double x = 0;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            double width = 960.0 * double(parts[i].second) / double(std::max<std::uint64_t>(1, ledger.caused));
            bars += fmt::format("<rect x='{:.1f}' y='0' width='{:.1f}' height='26' fill='var(--host)' opacity='{:.2f}'><title>{} {}</title></rect>", x, std::max(0.5, width - 1), std::max(0.2, 0.75 - 0.07 * double(i)),
                escaped(parts[i].first), parts[i].second);
            if (width > 90)
                bars += fmt::format("<text x='{:.1f}' y='17' font-size='12' fill='var(--text)'>{} {}</text>", x + 6, escaped(parts[i].first), parts[i].second);
            x += width;
        }
        html_ += "<h2>What the sandbox asked of the host</h2><p>" + escaped(comparison(ledger)) + fmt::format("</p><svg viewBox='0 0 960 26' role=img aria-label='Host calls'>{}</svg>\n", bars);
        html_ += "<table><tr><th>Host call<th>Caused by<th class=n>Count<th class=n>Time</tr>";
        for (std::size_t i = 0; i < std::min<std::size_t>(ledger.lines.size(), 30); ++i)
            html_ += fmt::format("<tr><td class=m>{}<td class=m>{}<td class=n>{}<td class=n>{}", ledger.lines[i].call, ledger.lines[i].cause, ledger.lines[i].count, duration_text(ledger.lines[i].ns));
        html_ += "</table>\n";
    }

    void calls()
    {
        html_ += "<h2>Calls</h2><table><tr><th>Call<th class=n>Count<th class=n>Errors<th class=n>Total<th class=n>Median<th class=n>99 %<th class=n>Waiting</tr>";
        for (std::size_t i = 0; i < std::min<std::size_t>(statistics_.calls.size(), 40); ++i) {
            const CallLine& call = statistics_.calls[i];
            html_ += fmt::format("<tr><td class=m>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}", call.name, call.sum.count, call.sum.errors, duration_text(call.sum.total_ns),
                duration_text(call.sum.median_ns), duration_text(call.sum.p99_ns), duration_text(call.waiting_ns));
        }
        html_ += "</table>\n";
    }

    Input input_;
    Processes processes_;
    std::vector<FileUse> files_;
    std::vector<Connection> connections_;
    Summary summary_;
    Statistics statistics_;
    std::string html_;
};

}

std::optional<std::uint64_t> export_report(const Input& input, const ExportOptions&, const ExportSink& sink)
{
    std::string html = Report(input).make();
    if (input.cancelled() || !sink(html))
        return std::nullopt;
    return static_cast<std::uint64_t>(std::count(html.begin(), html.end(), '\n'));
}

}
