// The JSON that Perfetto and chrome://tracing read: a slice for each call, instants for signals, arrows from what woke a wait to it.
#include "trace/export/writers.h"

#include <fmt/format.h>
#include <unordered_set>

namespace ringside::trace {

namespace {

class PerfettoWriter : public EventWriter {
public:
    PerfettoWriter(EventSource& source, const ExportOptions& options) : source_(source), decoder_(source, options.decode) { }

    void begin(std::string& out) override { out += "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"; }

    void write(const Event& event, std::string& out) override
    {
        ProcessId process = source_.process_of(event.thread);
        name_thread(event, process, out);
        if (event.kind == EventKind::resume)
            return arrow(event, process, out);
        if (event.kind == EventKind::syscall)
            return slice(event, process, out);
        next(out);
        out += fmt::format(R"({{"ph":"i","s":"t","ts":{},"pid":{},"tid":{},"name":)", micro(event.ts), process, event.thread);
        append_json_string(event_name(event), out);
        out += fmt::format(R"(,"cat":"{}","args":{{"event":{}}}}})", event_kind_name(event.kind), event.id);
    }

    void finish(std::string& out) override { out += "\n]}\n"; }
    bool wants_resumes() const override { return true; }

private:
    static std::string micro(std::uint64_t ns) { return fmt::format("{}.{:03}", ns / 1000, ns % 1000); }

    void next(std::string& out)
    {
        if (any_)
            out += ",\n";
        any_ = true;
    }

    void name_thread(const Event& event, ProcessId process, std::string& out)
    {
        if (!named_.insert(event.thread).second)
            return;
        for (bool is_process : {true, false}) {
            if (is_process && process != event.thread)
                continue;
            next(out);
            out += fmt::format(R"({{"ph":"M","pid":{},"tid":{},"name":"{}","args":{{"name":)", process, event.thread, is_process ? "process_name" : "thread_name");
            append_json_string(source_.comm(event.thread, source_.last_event()), out);
            out += "}}";
        }
    }

    void slice(const Event& event, ProcessId process, std::string& out)
    {
        next(out);
        out += fmt::format(R"({{"ph":"X","ts":{},"dur":{},"pid":{},"tid":{},"cat":"{}","name":)", micro(event.ts), micro(event.dur), process, event.thread, event.done ? "waited" : event.failed() ? "failed" : "call");
        append_json_string(event_name(event), out);
        out += fmt::format(R"(,"args":{{"event":{},"arguments":)", event.id);
        append_json_string(decoder_.arguments(event).text, out);
        if (event.has_ret()) {
            out += ",\"result\":";
            append_json_string(decoder_.result(event).text, out);
        }
        out += "}}";
    }

    /// From the event that ended the wait to the moment where the call went on.
    void arrow(const Event& event, ProcessId process, std::string& out)
    {
        auto waker = event.waker ? source_.event(event.waker) : std::nullopt;
        if (!waker)
            return;
        next(out);
        out += fmt::format(R"({{"ph":"s","id":{0},"cat":"wake","name":"wake","ts":{1},"pid":{2},"tid":{3}}},)", event.id, micro(waker->ts), source_.process_of(waker->thread), waker->thread);
        out += fmt::format("\n"
                           R"({{"ph":"f","bp":"e","id":{0},"cat":"wake","name":"wake","ts":{1},"pid":{2},"tid":{3}}})",
            event.id, micro(event.ts), process, event.thread);
    }

    EventSource& source_;
    Decoder decoder_;
    std::unordered_set<ThreadId> named_;
    bool any_ = false;
};

}

std::unique_ptr<EventWriter> make_perfetto_writer(EventSource& source, const ExportOptions& options)
{
    return std::make_unique<PerfettoWriter>(source, options);
}

}
