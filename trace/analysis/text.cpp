// See text.h: words for sums and files; the pictures of processes and time are in text_time.cpp.
#include "trace/analysis/text.h"

#include "trace/names.h"

#include <algorithm>
#include <fmt/format.h>

namespace ringside::trace::analysis {

namespace {

void line(std::string& out, std::string_view label, std::string_view text)
{
    out += fmt::format("{:<13}{}\n", label, printable(text));
}

std::string joined(const std::vector<std::string>& words, std::size_t most)
{
    std::string text;
    for (std::size_t i = 0; i < std::min(words.size(), most); ++i)
        text += (i ? ", " : "") + words[i];
    return words.size() > most ? fmt::format("{} and {} more", text, words.size() - most) : text;
}

std::string count_text(std::uint64_t count, std::string_view one, std::string_view many)
{
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string failure_text(const Step& step)
{
    return fmt::format("{}: {}  (event {})", step_text(step), errno_text(step.error), step.event);
}

void add_why(std::string& out, const Why& why)
{
    using Kind = Why::Kind;
    if (why.kind == Kind::running || why.kind == Kind::unknown) {
        out += why.name + (why.kind == Kind::running ? " is running.\n" : " was running when the recording stopped.\n");
    } else {
        out += fmt::format("{} {}\n", printable(why.name), ending_sentence(why.status));
        if (why.failed != why.program && why.kind != Kind::unclear)
            line(out, "Began in", fmt::format("{}, which {}", why.failed_name, ending_sentence(why.failed_status)));
    }
    if (why.kind == Kind::call)
        line(out, "Likely cause", failure_text(why.cause));
    else if (why.kind == Kind::signal || why.kind == Kind::killed)
        line(out, "Cause", why.cause.event ? fmt::format("{}  (event {})", cause_phrase(why), why.cause.event) : cause_phrase(why));
    else if (why.kind == Kind::unclear)
        out += "No single cause found.\n";
    for (std::size_t i = 0; i < why.tried.size(); ++i)
        line(out, i ? "" : "Tried first", fmt::format("{}  (event {})", why.tried[i].target, why.tried[i].event));
    for (std::size_t i = 0; i < why.last.size(); ++i)
        line(out, i ? "" : "Failed last", failure_text(why.last[i]));
    if (!why.said.empty())
        line(out, "It said", fmt::format("{}  (event {})", why.said, why.said_event));
    for (std::size_t i = 0; i < why.sandbox.size(); ++i) {
        const SandboxFailure& failure = why.sandbox[i];
        std::string text = fmt::format("{} of {}{} failed because of the sandbox, not the program: {}", count_text(failure.count, "call", "calls"), failure.call,
            failure.target.empty() ? "" : " to " + failure.target, reason_text(failure.reason));
        if (!failure.option.empty())
            text += fmt::format(" (record with {})", failure.option);
        line(out, i ? "" : "Sandbox", fmt::format("{}  (event {})", text, failure.event));
    }
}

void add_touched(std::string& out, const Touched& touched)
{
    out += "\nTouched\n";
    line(out, "Read", fmt::format("{}, {}", count_text(touched.files.read, "file", "files"), count_text(touched.files.libraries, "library", "libraries")));
    line(out, "Written", count_text(touched.files.written, "file", "files") + (touched.written.empty() ? "" : ": " + joined(touched.written, 5)));
    if (touched.files.removed)
        line(out, "Removed", count_text(touched.files.removed, "file", "files"));
    line(out, "Run", fmt::format("{}: {}", count_text(touched.programs_run, "program", "programs"), joined(touched.programs, 12)));
    if (!touched.connected.empty())
        line(out, "Connected", joined(touched.connected, 12));
    if (!touched.listening.empty())
        line(out, "Listening", joined(touched.listening, 12));
    if (!touched.refused.empty())
        line(out, "Refused", joined(touched.refused, 12));
}

}

std::string printable(std::string_view text)
{
    std::string out;
    for (char c : text)
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
    return out;
}

std::string duration_text(std::uint64_t ns)
{
    double value = static_cast<double>(ns);
    if (ns < 100'000)
        return fmt::format("{:.1f} µs", value / 1e3);
    if (ns < 1'000'000)
        return fmt::format("{:.0f} µs", value / 1e3);
    return ns < 1'000'000'000 ? fmt::format("{:.1f} ms", value / 1e6) : fmt::format("{:.2f} s", value / 1e9);
}

std::string size_text(std::uint64_t bytes)
{
    if (bytes < 1024)
        return fmt::format("{} bytes", bytes);
    double value = static_cast<double>(bytes) / 1024;
    for (const char* unit : {"KiB", "MiB", "GiB"}) {
        if (value < 1024)
            return fmt::format("{:.1f} {}", value, unit);
        value /= 1024;
    }
    return fmt::format("{:.1f} TiB", value);
}

std::string uses_text(const FileUse& file)
{
    using namespace file_use;
    std::string text;
    constexpr std::pair<std::uint16_t, std::string_view> names[] = {{read, "read"}, {mapped, "mapped"}, {listed, "listed"}, {written, "written"}, {created, "created"},
        {removed, "removed"}, {changed, "changed"}, {executed, "run"}};
    for (auto [use, name] : names)
        if (file.is(use))
            text += (text.empty() ? "" : ", ") + std::string(name);
    if (text.empty())
        text = file.is(opened) ? "opened" : file.is(looked_at) ? "looked at" : fmt::format("tried: {}", errno_name(file.error));
    return text;
}

std::string text_of(const Summary& summary)
{
    std::string out;
    add_why(out, summary.why);
    add_touched(out, summary.touched);
    out += "\nWorth a look\n";
    for (const Notice& notice : summary.worth) {
        out += fmt::format("△ {} ({})\n", notice.title, notice.count);
        for (std::size_t i = 0; i < std::min<std::size_t>(notice.details.size(), 5); ++i)
            out += fmt::format("    {}  (event {})\n", printable(notice.details[i]), notice.events[i]);
    }
    if (summary.worth.empty())
        out += "Nothing that the rules know of.\n";
    return out;
}

std::string text_of(const Statistics& statistics)
{
    std::string out = fmt::format("{:>10} {:>8} {:>11} {:>10} {:>10} {:>11} {:>7}  {:<20} {}\n", "calls", "errors", "total", "median", "p99", "waiting", "host", "call", "errors by name");
    for (const CallLine& call : statistics.calls) {
        std::string errors;
        for (auto [error, count] : call.errors)
            errors += fmt::format("{}{} {}", errors.empty() ? "" : ", ", errno_name(error), count);
        // µ is one character and two bytes: the width is made here, not by fmt.
        out += fmt::format("{:>10} {:>8} {:>11} {:>10} {:>10} {:>11} {:>7}  {:<20} {}\n", call.sum.count, call.sum.errors, duration_text(call.sum.total_ns), duration_text(call.sum.median_ns),
            duration_text(call.sum.p99_ns), duration_text(call.waiting_ns), call.sum.host_calls, call.name, errors);
    }
    out += fmt::format("\n{:>10} {:>8} {:>11} {:>11} {:>7}  {}\n", "events", "problems", "total", "waiting", "host", "process");
    for (const ProcessLine& process : statistics.processes)
        out += fmt::format("{:>10} {:>8} {:>11} {:>11} {:>7}  {}\n", process.events, process.problems, duration_text(process.total_ns), duration_text(process.waiting_ns), process.host_calls,
            printable(process.name));
    out += fmt::format("\n{} events, {} calls, {} problems, {} host calls\n", statistics.events, statistics.system_calls, statistics.problems, statistics.host_calls);
    return out;
}

std::string text_of(const std::vector<FileUse>& files, const Processes& processes)
{
    std::string out = fmt::format("{:>12} {:>12} {:>8}  {:<28} {:<18} {}\n", "read", "written", "event", "what", "by", "path");
    for (const FileUse& file : files) {
        std::string by = file.by.empty() ? "" : processes.label(file.by.front());
        if (file.by.size() > 1)
            by += fmt::format(" +{}", file.by.size() - 1);
        out += fmt::format("{:>12} {:>12} {:>8}  {:<28} {:<18} {}\n", file.read_bytes ? std::to_string(file.read_bytes) : "", file.written_bytes ? std::to_string(file.written_bytes) : "",
            file.first, uses_text(file), printable(by), printable(file.path));
    }
    FileCounts counts = count(files);
    out += fmt::format("\n{} read, {} libraries, {} written, {} created, {} removed, {} tried and not found\n", counts.read, counts.libraries, counts.written, counts.created, counts.removed, counts.tried);
    return out;
}

std::string text_of(const std::vector<Connection>& connections, const Processes& processes)
{
    if (connections.empty())
        return "It made no sockets.\n";
    std::string out = fmt::format("{:<9} {:<24} {:<24} {:<12} {:>10} {:>10} {:>8}  {}\n", "protocol", "local", "peer", "state", "sent", "received", "event", "by");
    for (const Connection& c : connections) {
        out += fmt::format("{:<9} {:<24} {:<24} {:<12} {:>10} {:>10} {:>8}  {}\n", c.protocol, printable(c.local), printable(c.peer), outcome(c), c.sent, c.received, c.first, printable(processes.label(c.process)));
    }
    return out;
}

std::string text_of(const HostLedger& ledger)
{
    std::string out = fmt::format("{:>10} {:>11} {:>9}  {:<22} {}\n", "count", "time", "events", "host call", "caused by");
    for (const HostLine& host : ledger.lines)
        out += fmt::format("{:>10} {:>11} {:>9}  {:<22} {}\n", host.count, duration_text(host.ns), host.start_up ? 0 : host.events, host.call, host.cause);
    return out + fmt::format("\n{} host calls by {} of {} events; {} at start-up\n{}\n", ledger.caused, ledger.reaching, ledger.events, ledger.start_up, comparison(ledger));
}

}
