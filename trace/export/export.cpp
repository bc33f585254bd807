// Goes over the events, filters, and hands lines to the sink in pieces.
#include "trace/export/export.h"

#include "trace/export/writers.h"

#include <set>

namespace ringside::trace {

namespace {

constexpr std::size_t piece_size = 64 * 1024;
constexpr EventId progress_step = 4096;

std::unique_ptr<EventWriter> make_writer(EventSource& source, const ExportOptions& options)
{
    switch (options.format) {
    case ExportFormat::strace: return make_strace_writer(source, options);
    case ExportFormat::jsonl: return make_jsonl_writer(source, options);
    case ExportFormat::csv: return make_csv_writer(source, options);
    case ExportFormat::perfetto: return make_perfetto_writer(source, options);
    case ExportFormat::pcapng:
    case ExportFormat::html: break; // of the whole trace: export_trace()
    }
    return make_strace_writer(source, options);
}

std::uint64_t lines_in(std::string_view text) { return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')); }

}

std::optional<ExportFormat> export_format(std::string_view name)
{
    constexpr std::string_view names[] = {"strace", "jsonl", "csv", "perfetto", "pcapng", "html"};
    for (std::size_t i = 0; i < std::size(names); ++i)
        if (names[i] == name)
            return static_cast<ExportFormat>(i);
    return std::nullopt;
}

std::optional<std::uint64_t> export_events(EventSource& source, const Filter& filter, const ExportOptions& options,
                                           const ExportSink& sink, const ExportProgress& progress)
{
    auto writer = make_writer(source, options);
    std::string out;
    std::uint64_t lines = 0;
    auto pass_on = [&](std::size_t at_least) {
        if (out.size() < at_least || out.empty())
            return true;
        lines += lines_in(out);
        bool good = sink(out);
        out.clear();
        return good;
    };
    writer->begin(out);
    std::uint64_t header = lines_in(out);
    std::set<EventId> awaited; // completing rows of calls that were written: as many as there are blocked threads
    EventId last = options.last ? std::min(options.last, source.last_event()) : source.last_event();
    bool resumes = writer->wants_resumes() && !options.whole_lines;
    std::size_t next_row = 0;
    auto next_after = [&](EventId id) { // of the rows that were asked for, and of what is awaited
        if (!options.rows)
            return id + 1;
        while (next_row < options.rows->size() && EventId {(*options.rows)[next_row]} + 1 <= id)
            ++next_row;
        EventId next = next_row < options.rows->size() ? EventId {(*options.rows)[next_row]} + 1 : last + 1;
        auto other = awaited.upper_bound(id);
        return other == awaited.end() ? next : std::min(next, *other);
    };
    EventId told = 0;
    for (EventId id = next_after(std::max<EventId>(options.first, 1) - 1); id <= last; id = next_after(id)) {
        if (progress && id >= told + progress_step) {
            told = id;
            if (!progress(id))
                return std::nullopt;
        }
        auto event = source.event(id);
        if (!event)
            continue;
        bool wanted = awaited.erase(id) > 0;
        if (!wanted && event->kind == EventKind::resume && writer->wants_resumes()) {
            // The second half of a line: shown where the first was, or was before the first event that is shown.
            auto call = resumes && !options.rows && event->of < options.first ? source.event(event->of) : std::nullopt;
            wanted = call && filter.matches(*call, source);
        } else if (!wanted) {
            wanted = options.rows || filter.matches_all() || filter.matches(*event, source);
        }
        if (!wanted)
            continue;
        if (event->done && resumes)
            awaited.insert(event->done);
        writer->write(*event, out);
        if (!pass_on(piece_size))
            return std::nullopt;
    }
    writer->finish(out);
    if (!pass_on(1))
        return std::nullopt;
    return lines - header;
}

}
