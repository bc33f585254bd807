// See trace_document.h.
#include "ui/trace_document.h"

#include "trace/decode/decoder.h"
#include "trace/export/export.h"
#include "trace/syscall_table.h"
#include "ui/event_row.h"
#include "ui/scanner.h"
#include "ui/shell_words.h"
#include "ui/worker.h"

#include <QJsonArray>
#include <QJsonDocument>

namespace ringside::ui {

struct TraceDocument::State {
    explicit State(const std::string& path) : trace(path) { }
    trace::TraceFile trace;
};

struct TraceDocument::Snapshot {
    QString failure;
    bool running = false;
    bool waits_for_input = false;
    trace::EventId events = 0;
    std::optional<trace::TraceInfo> info; ///< at the start and at the end: its counts cost a scan
    std::optional<std::vector<trace::ProcessNode>> processes;
};

TraceDocument::TraceDocument(std::string path, QObject* parent)
    : QObject(parent)
    , path_(std::move(path))
    , scanner_(std::make_unique<Scanner>(path_))
    , worker_(std::make_unique<Worker>())
{
    timer_.setInterval(100);
    connect(&timer_, &QTimer::timeout, this, &TraceDocument::poll);
}

TraceDocument::~TraceDocument() = default;

void TraceDocument::open()
{
    poll();
}

void TraceDocument::recording_ended()
{
    poll();
}

void TraceDocument::poll()
{
    if (polling_)
        return;
    polling_ = true;
    bool first = !is_open_;
    bool with_processes = first || polls_++ % 5 == 0;
    worker_->post([this, first, with_processes] {
        auto snapshot = std::make_shared<Snapshot>();
        try {
            if (!state_)
                state_ = std::make_unique<State>(path_);
            snapshot->running = state_->trace.running();
            snapshot->events = state_->trace.last_event();
            if (auto last = snapshot->running ? state_->trace.event(snapshot->events) : std::nullopt)
                snapshot->waits_for_input = last->kind == trace::EventKind::syscall && last->nr == trace::nr_of("read") && last->args[0] == 0 && !last->has_ret();
            if (first || !snapshot->running)
                snapshot->info = state_->trace.info();
            if (with_processes || !snapshot->running)
                snapshot->processes = trace::Queries(state_->trace).processes();
        } catch (const trace::Error& error) {
            snapshot->failure = QString::fromUtf8(error.what());
        }
        deliver(this, [this, snapshot] { take(snapshot); });
    });
}

void TraceDocument::take(std::shared_ptr<const Snapshot> snapshot)
{
    polling_ = false;
    if (!snapshot->failure.isEmpty()) {
        timer_.stop();
        Q_EMIT failed(snapshot->failure);
        return;
    }
    bool was_running = running_, first = !is_open_;
    running_ = snapshot->running;
    waits_for_input_ = snapshot->waits_for_input && snapshot->events == events_; // for two polls at least
    is_open_ = true;
    if (snapshot->info)
        info_ = *snapshot->info;
    if (snapshot->processes)
        processes_ = *snapshot->processes;
    bool grew = snapshot->events > events_;
    events_ = snapshot->events;
    if (running_ && !timer_.isActive())
        timer_.start();
    if (!running_)
        timer_.stop();
    if (first)
        Q_EMIT opened();
    if (grew || first)
        Q_EMIT grown(events_);
    if (snapshot->processes)
        Q_EMIT processes_changed();
    if (grew || first || (was_running && !running_))
        scanner_->refresh();
    if (was_running && !running_)
        Q_EMIT ended();
}

void TraceDocument::event_at_time(std::uint64_t ts)
{
    worker_->post([this, ts] {
        try {
            if (!state_)
                return;
            trace::EventId event = std::min(state_->trace.event_at(ts), state_->trace.last_event());
            deliver(this, [this, event] { Q_EMIT time_found(event); });
        } catch (const trace::Error&) {
        }
    });
}

namespace {

QString as_lines(trace::TraceFile& trace, const std::vector<trace::EventId>& events, const std::atomic<bool>& stop)
{
    QString text;
    trace::Decoder decoder(trace, {.align = 0});
    for (trace::EventId id : events) {
        if (stop)
            return {};
        if (auto event = trace.event(id))
            text += QString::fromUtf8(decoder.line(*event).text) + '\n';
    }
    return text;
}

QString as_cells(trace::TraceFile& trace, const std::vector<trace::EventId>& events, const std::atomic<bool>& stop)
{
    auto cell = [](QString text) { return text.replace('\t', ' ').replace('\n', ' '); };
    auto tr = [](const char* name) { return TraceDocument::tr(name); };
    QStringList names {tr("No."), tr("Time"), tr("Process"), tr("Call"), tr("Arguments"), tr("Result"), tr("Duration"), tr("Host")};
    QString text = names.join('\t') + '\n';
    RowRenderer renderer(trace);
    for (trace::EventId id : events) {
        auto event = trace.event(id);
        if (stop)
            return {};
        if (!event)
            continue;
        EventRow row = renderer.render(*event, false);
        QStringList cells {QString::number(row.id), row.time, row.process, row.call, row.arguments.text, row.result, row.duration, row.host};
        for (QString& each : cells)
            each = cell(each);
        text += cells.join('\t') + '\n';
    }
    return text;
}

QString as_json(trace::TraceFile& trace, const std::vector<trace::EventId>& events)
{
    std::vector<std::uint32_t> rows;
    for (trace::EventId id : events)
        rows.push_back(static_cast<std::uint32_t>(id - 1));
    std::ranges::sort(rows);
    std::string lines;
    trace::ExportOptions options;
    options.format = trace::ExportFormat::jsonl;
    options.rows = &rows;
    trace::export_events(trace, trace::Filter(), options, [&](std::string_view piece) {
        lines += piece;
        return true;
    });
    QStringList objects = QString::fromStdString(lines).split('\n', Qt::SkipEmptyParts);
    return QStringLiteral("[\n") + objects.join(QStringLiteral(",\n")) + QStringLiteral("\n]\n");
}

}

void TraceDocument::copy(std::vector<trace::EventId> events, CopyForm form)
{
    worker_->post([this, form, events = std::move(events)] {
        QString text;
        try {
            if (!state_)
                return;
            text = form == CopyForm::text ? as_lines(state_->trace, events, worker_->stopping())
                : form == CopyForm::tsv   ? as_cells(state_->trace, events, worker_->stopping())
                                          : as_json(state_->trace, events);
        } catch (const trace::Error&) {
        }
        deliver(this, [this, text] { Q_EMIT text_ready(text); });
    });
}

QString command_text(const std::string& json)
{
    QJsonDocument document = QJsonDocument::fromJson(QByteArray::fromStdString(json));
    if (!document.isArray())
        return QString::fromStdString(json);
    QStringList words;
    const QJsonArray list = document.array();
    for (const QJsonValue& word : list)
        words.append(shell_quoted(word.toString()));
    return words.join(' ');
}

}
