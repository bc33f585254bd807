// See exporter.h. It writes beside the target and renames at the end: what is there is whole.
#include "ui/exporter.h"

#include "trace/export/export_trace.h"
#include "trace/filter_run.h"
#include "ui/worker.h"

#include <QSaveFile>

namespace ringside::ui {

Exporter::Exporter(QObject* parent) : QObject(parent), worker_(std::make_unique<Worker>()) { }

Exporter::~Exporter()
{
    cancel_ = true;
}

void Exporter::cancel()
{
    cancel_ = true;
}

void Exporter::start(Job job)
{
    if (busy_)
        return;
    busy_ = true;
    cancel_ = false;
    worker_->post([this, job = std::move(job)] {
        QString message;
        try {
            message = run(job);
        } catch (const std::exception& error) {
            message = QString::fromUtf8(error.what());
        }
        deliver(this, [this, message] {
            busy_ = false;
            Q_EMIT done(message.isEmpty(), message);
        });
    });
}

/// Empty: it was written.
QString Exporter::run(const Job& job)
{
    QSaveFile file(job.target);
    if (!file.open(QIODevice::WriteOnly))
        return tr("%1 cannot be written: %2").arg(job.target, file.errorString());
    file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner); // as private as the trace
    trace::TraceFile trace(job.trace);
    std::shared_lock lock(job.columns->mutex);
    const trace::HotColumns& columns = job.columns->columns;
    std::vector<std::uint32_t> rows = job.selected;
    if (job.scope == Scope::filter) {
        auto compiled = trace::Filter::compile(job.filter.toStdString());
        if (auto* filter = std::get_if<trace::Filter>(&compiled))
            trace::run_filter(*filter, columns, trace, 0, cancel_, [&](std::span<const std::uint32_t> found, std::size_t) { rows.insert(rows.end(), found.begin(), found.end()); });
    }
    trace::ExportOptions options;
    options.format = job.format;
    options.timestamps = true;
    options.whole_lines = job.scope != Scope::all;
    auto sink = [&](std::string_view text) { return !cancel_ && file.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()); };
    auto told = std::chrono::steady_clock::now();
    auto seen = [&](trace::EventId event) {
        if (auto now = std::chrono::steady_clock::now(); now - told > std::chrono::milliseconds(100)) {
            told = now;
            int percent = static_cast<int>(event * 100 / std::max<std::size_t>(1, columns.size()));
            deliver(this, [this, percent] { Q_EMIT progress(percent); });
        }
        return !cancel_.load();
    };
    auto written = trace::export_trace({trace, columns, job.scope == Scope::all ? nullptr : &rows, &cancel_}, options, sink, seen);
    if (cancel_) {
        file.cancelWriting();
        return tr("The export was stopped. Nothing was written.");
    }
    if (!written || !file.commit())
        return tr("%1 cannot be written: %2").arg(job.target, file.errorString());
    return {};
}

}
