// strace's text: one line an event, calls that block in two halves when something else happens in between.
#include "trace/export/writers.h"

#include <fmt/format.h>

namespace ringside::trace {

namespace {

class StraceWriter : public EventWriter {
public:
    StraceWriter(EventSource& source, const ExportOptions& options) : decoder_(source, options.decode), source_(source), options_(options) {}

    void write(const Event& event, std::string& out) override
    {
        if (event.kind == EventKind::resume) {
            resume(event, out);
            return;
        }
        if (is_hidden(event) && !options_.whole_lines)
            return;
        flush(out);
        std::string start = prefix(event.thread, event.ts);
        if (event.kind == EventKind::syscall && event.done != 0 && !options_.whole_lines) {
            // Written when something else happens first; whole when it comes back first.
            pending_ = event;
            return;
        }
        if (event.kind == EventKind::syscall && !event.has_ret() && !ends_here(event)) {
            out += start + decoder_.unfinished(event).text + '\n';
            return;
        }
        out += start + decoder_.line_at(event, start.size()).text + '\n';
    }

    void finish(std::string& out) override { flush(out); }
    bool wants_resumes() const override { return true; }

private:
    /// What strace has no line for.
    static bool is_hidden(const Event& event)
    {
        switch (event.kind) {
        case EventKind::syscall:
        case EventKind::signal:
        case EventKind::stop:
        case EventKind::exit: return false;
        default: return true;
        }
    }

    static bool ends_here(const Event& event)
    {
        const SyscallInfo* info = find_syscall(event.nr);
        return info && info->ret == ReturnKind::never;
    }

    void flush(std::string& out)
    {
        if (!pending_)
            return;
        out += prefix(pending_->thread, pending_->ts) + decoder_.unfinished(*pending_).text + '\n';
        pending_.reset();
    }

    void resume(const Event& event, std::string& out)
    {
        if (pending_ && pending_->id == event.of) {
            std::string start = prefix(pending_->thread, pending_->ts);
            out += start + decoder_.line_at(*pending_, start.size()).text + '\n';
            pending_.reset();
            return;
        }
        flush(out);
        auto call = source_.event(event.of);
        if (!call || call->kind != EventKind::syscall)
            return;
        std::string start = prefix(event.thread, event.ts);
        out += start + decoder_.resumed(*call, start.size()).text + '\n';
    }

    std::string prefix(ThreadId thread, std::uint64_t ts) const
    {
        std::string text;
        if (options_.pids)
            text = fmt::format("{:<5} ", thread);
        if (options_.timestamps) {
            std::uint64_t now = options_.started_ns + ts;
            text += fmt::format("{}.{:06} ", now / 1'000'000'000, now % 1'000'000'000 / 1000);
        }
        return text;
    }

    Decoder decoder_;
    EventSource& source_;
    ExportOptions options_;
    std::optional<Event> pending_;
};

}

std::unique_ptr<EventWriter> make_strace_writer(EventSource& source, const ExportOptions& options)
{
    return std::make_unique<StraceWriter>(source, options);
}

}
