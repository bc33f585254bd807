// JSON Lines and CSV: one object or row an event, with raw values for machines and rendered ones for people.
#include "trace/export/writers.h"

#include <fmt/format.h>

namespace ringside::trace {

namespace {

/// The length of the UTF-8 character at the front, 0 where there is none (overlong forms and surrogates are none).
std::size_t utf8_length(std::string_view text)
{
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    unsigned first = byte(0);
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0 && tail(1))
        return 2;
    if (first >= 0xe0 && first < 0xf0 && tail(1) && tail(2)) {
        unsigned code = (first & 0xf) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
        return code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? 3 : 0;
    }
    if (first >= 0xf0 && first < 0xf5 && tail(1) && tail(2) && tail(3)) {
        unsigned code = (first & 7) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
        return code >= 0x10000 && code <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

/// What both formats say of an event.
struct Row {
    std::string name, arguments, result, comm, path;
    ProcessId process = 0;
};

Row describe(EventSource& source, Decoder& decoder, const Event& event)
{
    Row row;
    row.name = event_name(event);
    Decoded decoded = decoder.decode(event);
    for (const Node& node : decoded.args) {
        if (!row.arguments.empty())
            row.arguments += ", ";
        Line line;
        render(node, line);
        row.arguments += line.text;
    }
    if (decoded.has_result)
        row.result = to_text(decoded.result);
    row.process = source.process_of(event.thread);
    row.comm = source.comm(event.thread, event.id);
    if (event.path)
        row.path = source.string(event.path);
    return row;
}

class JsonlWriter : public EventWriter {
public:
    JsonlWriter(EventSource& source, const ExportOptions& options) : source_(source), decoder_(source, options.decode), options_(options) {}

    void write(const Event& event, std::string& out) override
    {
        Row row = describe(source_, decoder_, event);
        out += fmt::format("{{\"id\":{},\"kind\":\"{}\",\"t\":{},", event.id, event_kind_name(event.kind), event.ts);
        if (options_.started_ns)
            out += fmt::format("\"time\":{},", options_.started_ns + event.ts);
        out += fmt::format("\"dur\":{},\"pid\":{},\"tid\":{},\"comm\":", event.dur, row.process, event.thread);
        append_json_string(row.comm, out);
        out += ",\"name\":";
        append_json_string(row.name, out);
        if (event.kind == EventKind::syscall) {
            // 64-bit values as text: JSON readers keep 53 bits.
            out += ",\"raw\":[";
            for (std::size_t i = 0; i < std::min<std::size_t>(event.arity, event.args.size()); ++i)
                out += fmt::format("{}\"{:#x}\"", i ? "," : "", event.args[i]);
            out += ']';
        }
        out += ",\"args\":";
        append_json_string(row.arguments, out);
        if (event.has_ret())
            out += fmt::format(",\"ret\":{}", event.ret);
        if (event.failed()) {
            out += ",\"errno\":";
            append_json_string(errno_name(event.error()), out);
        }
        if (!row.result.empty()) {
            out += ",\"result\":";
            append_json_string(row.result, out);
        }
        if (!row.path.empty()) {
            out += ",\"path\":";
            append_json_string(row.path, out);
        }
        if (event.of)
            out += fmt::format(",\"of\":{}", event.of);
        if (event.done)
            out += fmt::format(",\"done\":{}", event.done);
        if (event.waker)
            out += fmt::format(",\"waker\":{}", event.waker);
        out += fmt::format(",\"verdict\":\"{}\",\"host_calls\":{}}}\n", verdict_name(event.verdict), event.host_calls);
    }

private:
    EventSource& source_;
    Decoder decoder_;
    ExportOptions options_;
};

class CsvWriter : public EventWriter {
public:
    CsvWriter(EventSource& source, const ExportOptions& options) : source_(source), decoder_(source, options.decode) {}

    void begin(std::string& out) override { out += "id,kind,t,dur,pid,tid,comm,name,args,ret,errno,result,path,verdict,host_calls\r\n"; }

    void write(const Event& event, std::string& out) override
    {
        Row row = describe(source_, decoder_, event);
        out += fmt::format("{},{},{},{},{},{},", event.id, event_kind_name(event.kind), event.ts, event.dur, row.process, event.thread);
        for (std::string_view field : {std::string_view(row.comm), std::string_view(row.name), std::string_view(row.arguments)}) {
            append_csv_field(field, out);
            out += ',';
        }
        if (event.has_ret())
            out += std::to_string(event.ret);
        out += ',';
        out += errno_name(event.error());
        out += ',';
        append_csv_field(row.result, out);
        out += ',';
        append_csv_field(row.path, out);
        out += fmt::format(",{},{}\r\n", verdict_name(event.verdict), event.host_calls);
    }

private:
    EventSource& source_;
    Decoder decoder_;
};

}

void append_json_string(std::string_view bytes, std::string& out)
{
    out += '"';
    while (!bytes.empty()) {
        auto byte = static_cast<unsigned char>(bytes.front());
        std::size_t length = utf8_length(bytes);
        if (byte == '"' || byte == '\\') {
            out += '\\';
            out += bytes.front();
        } else if (byte == '\n') {
            out += "\\n";
        } else if (byte == '\t') {
            out += "\\t";
        } else if (length == 0 || byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
            length = 1;
        } else {
            out += bytes.substr(0, length);
        }
        bytes.remove_prefix(length);
    }
    out += '"';
}

void append_csv_field(std::string_view text, std::string& out)
{
    // A line stays one line: newlines cannot be in what the decoder renders, but can be in names.
    bool quotes = text.find_first_of(",\"\r\n") != std::string_view::npos;
    if (quotes)
        out += '"';
    for (char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\r') {
            out += "\\r";
            continue;
        }
        if (c == '"')
            out += '"';
        out += c;
    }
    if (quotes)
        out += '"';
}

std::unique_ptr<EventWriter> make_jsonl_writer(EventSource& source, const ExportOptions& options) { return std::make_unique<JsonlWriter>(source, options); }
std::unique_ptr<EventWriter> make_csv_writer(EventSource& source, const ExportOptions& options) { return std::make_unique<CsvWriter>(source, options); }

}
