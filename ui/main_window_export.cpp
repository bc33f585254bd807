// The window's export: what to write, where, and how far it has come.
#include "ui/main_window.h"

#include "ui/events_view.h"
#include "ui/filter_line.h"
#include "ui/message_bar.h"
#include "ui/run_form.h"
#include "ui/status_line.h"
#include "ui/summary_panel.h"
#include "ui/trace_document.h"

#include <QActionGroup>
#include <QDesktopServices>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>
#include <QUrl>

namespace ringside::ui {

namespace {

struct Format {
    QString text;
    trace::ExportFormat format;
    const char* suffix;
};

std::vector<Format> formats()
{
    using trace::ExportFormat;
    auto words = [](const char* text) { return MainWindow::tr(text); };
    return {{words("Report (HTML)…"), ExportFormat::html, "html"}, {words("strace Text…"), ExportFormat::strace, "txt"}, {words("JSON Lines…"), ExportFormat::jsonl, "jsonl"},
        {words("CSV…"), ExportFormat::csv, "csv"}, {words("Perfetto…"), ExportFormat::perfetto, "json"}, {words("Packets (pcapng)…"), ExportFormat::pcapng, "pcapng"}};
}

}

void MainWindow::make_export_menu(QMenu* file)
{
    exporter_ = new Exporter(this);
    QMenu* menu = file->addMenu(tr("&Export"));
    for (const Format& each : formats()) {
        QAction* action = menu->addAction(each.text);
        trace_actions_ += action;
        connect(action, &QAction::triggered, this, [this, each] { choose_export(each.format, QString::fromLatin1(each.suffix)); });
        if (each.format == trace::ExportFormat::html)
            action->setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_E);
    }
    menu->addSection(tr("What"));
    auto* group = new QActionGroup(this);
    const std::pair<QString, Exporter::Scope> scopes[] = {{tr("Selected Rows"), Exporter::Scope::selection}, {tr("Rows in the Filter"), Exporter::Scope::filter}, {tr("All Events"), Exporter::Scope::all}};
    for (const auto& [text, scope] : scopes) {
        QAction* action = menu->addAction(text);
        action->setCheckable(true);
        action->setChecked(scope == export_scope_);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, scope = scope] { export_scope_ = scope; });
    }
    connect(summary_, &SummaryPanel::export_asked, this, [this] { choose_export(trace::ExportFormat::html, "html"); });
    connect(exporter_, &Exporter::progress, this, [this](int percent) { status_->set_work(tr("Exporting %1 %").arg(percent)); });
    connect(status_, &StatusLine::work_stopped, exporter_, &Exporter::cancel);
    connect(exporter_, &Exporter::done, this, [this](bool written, const QString& message) {
        status_->set_work({});
        if (written)
            messages_->show_message(MessageBar::Kind::note, tr("Written: %1").arg(QFileInfo(export_target_).fileName()), tr("It holds what the program read and wrote; think before you pass it on."), tr("Open"),
                [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(export_target_)); });
        else
            messages_->show_message(MessageBar::Kind::mistake, message);
        Q_EMIT export_done();
    });
}

void MainWindow::choose_export(trace::ExportFormat format, const QString& suffix)
{
    if (!document_)
        return;
    QFileInfo from(QString::fromStdString(document_->path()));
    QString target = QFileDialog::getSaveFileName(this, tr("Export"), from.path() + '/' + from.completeBaseName() + '.' + suffix, QStringLiteral("*.%1").arg(suffix));
    if (!target.isEmpty())
        export_to(format, target);
}

void MainWindow::export_to(trace::ExportFormat format, const QString& target)
{
    if (!document_ || exporter_->busy())
        return;
    Exporter::Job job {document_->path(), document_->scanner().columns(), target, format, export_scope_, whole_filter(filter_->applied()), {}};
    if (job.scope == Exporter::Scope::filter && filter_->applied().isEmpty())
        job.scope = Exporter::Scope::all;
    if (job.scope == Exporter::Scope::selection)
        for (trace::EventId event : view_->selected_events(SIZE_MAX))
            job.selected.push_back(static_cast<std::uint32_t>(event - 1));
    export_target_ = target;
    status_->set_work(tr("Exporting…"));
    exporter_->start(std::move(job));
}

}
