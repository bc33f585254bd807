// The window and its trace: opening, growing, filtering, focus.
#include "ui/main_window.h"

#include "ui/analyst.h"
#include "ui/event_conditions.h"
#include "ui/event_row.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/filter_line.h"
#include "ui/find_bar.h"
#include "ui/flat_button.h"
#include "ui/inspector.h"
#include "ui/mark_book.h"
#include "ui/message_bar.h"
#include "ui/output_panel.h"
#include "ui/overview_strip.h"
#include "ui/summary_panel.h"
#include "ui/timeline_panel.h"
#include "ui/processes_panel.h"
#include "ui/run_form.h"
#include "ui/running_program.h"
#include "ui/status_line.h"
#include "ui/trace_document.h"

#include <QAction>
#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QLocale>

#include <sys/wait.h>

namespace ringside::ui {

namespace {

QString number(std::uint64_t value)
{
    return QLocale().toString(static_cast<qulonglong>(value));
}

}

void MainWindow::choose_trace()
{
    QString path = QFileDialog::getOpenFileName(this, tr("Open a trace"), document_ ? QFileInfo(QString::fromStdString(document_->path())).path() : recordings_folder(),
        tr("Traces (*.ringside);;All files (*)"));
    if (!path.isEmpty())
        open_trace(path);
}

void MainWindow::open_trace(const QString& path)
{
    messages_->dismiss();
    auto document = std::make_unique<TraceDocument>(path.toStdString());
    TraceDocument* opening = document.get();
    document->setParent(this); // until one of the two is told
    connect(opening, &TraceDocument::opened, this, [this, opening] {
        opening->disconnect(this);
        if (program_ && !program_->is_over() && !may_stop_program()) {
            opening->deleteLater(); // it is its signal that is being served
            return;
        }
        program_.reset();
        if (!last_run_ || opening->path() != last_run_->trace.path) { // it was that of another trace
            outcome_.clear();
            sandbox_failed_ = false;
        }
        if (outcome_.isEmpty())
            output_->show_closed({});
        bool recorded_elsewhere = outcome_.isEmpty();
        adopt(taken(opening));
        if (recorded_elsewhere)
            document_->scanner().read_output();
    });
    connect(opening, &TraceDocument::failed, this, [this, opening](const QString& message) {
        opening->deleteLater();
        open_failed(message);
    });
    document.release()->open();
}

void MainWindow::open_failed(const QString& message)
{
    messages_->show_message(MessageBar::Kind::mistake, message);
    Q_EMIT trace_opened();
}

void MainWindow::close_trace()
{
    awaiting_recording_ = false;
    if (document_)
        save_layout();
    model_->set_trace({});
    inspector_->set_trace({});
    processes_->clear();
    focus_.clear();
    totals_ = {};
    filter_number_ = collect_number_ = sort_number_ = 0;
    sort_column_ = -1;
    view_->show_sorting(-1, Qt::AscendingOrder);
    parts_off_.clear();
    show_parts_off();
    filter_->set_values(nullptr);
    find_->hide();
    marks_->open({}, false);
    told_end_ = false;
    live_views_.stop();
    for (ViewPanel* dock : views())
        dock->set_analyst(nullptr);
    strip_->set_analyst(nullptr);
    analyst_.reset();
    filter_->clear();
    if (!filter_->applied().isEmpty())
        filter_->apply({});
    document_.reset();
}

std::unique_ptr<TraceDocument> MainWindow::taken(TraceDocument* opened)
{
    opened->setParent(nullptr);
    return std::unique_ptr<TraceDocument>(opened);
}

/// The document is open already: what it is has been read.
void MainWindow::adopt(std::unique_ptr<TraceDocument> document)
{
    close_trace();
    document_ = std::move(document);
    TraceDocument* doc = document_.get();
    connect(doc, &TraceDocument::grown, this, &MainWindow::grown);
    connect(doc, &TraceDocument::failed, this, [this](const QString& message) { messages_->show_message(MessageBar::Kind::mistake, message); });
    connect(doc, &TraceDocument::processes_changed, this, [this] { processes_->show_processes(document_->processes(), document_->running()); });
    connect(doc, &TraceDocument::ended, this, [this] {
        model_->set_running(false);
        model_->refresh_open();
        marks_->recording_ended();
        view_->set_live(false);
        update_status();
        await_whole_columns();
        refresh_views();
    });
    connect(doc, &TraceDocument::text_ready, this, [](const QString& text) { QGuiApplication::clipboard()->setText(text); });
    Scanner& scanner = doc->scanner();
    connect(&scanner, &Scanner::found, this, [this](quint64 filter, const std::vector<std::uint32_t>& rows, quint64, bool complete) { found(filter, rows, complete); });
    connect(&scanner, &Scanner::found_late, this, [this](quint64 filter, const std::vector<std::uint32_t>& rows) {
        if (filter != filter_number_)
            return;
        model_->insert_matches(rows);
        if (!view_->follows_end())
            view_->show_event(focus_.event());
    });
    connect(&scanner, &Scanner::stepped, this, &MainWindow::stepped);
    connect(&scanner, &Scanner::values_known, filter_, &FilterLine::set_values);
    connect(&scanner, &Scanner::collected, this, [this](quint64 number, const RowsPtr& rows) {
        if (number != collect_number_ || !marking_)
            return;
        model_->set_marked(rows);
        filter_->set_count(tr("%1 of %2").arg(ringside::ui::number(rows->size()), ringside::ui::number(document_->events())));
    });
    connect(&scanner, &Scanner::sorted, this, [this](quint64 number, const RowsPtr& order) {
        if (number != sort_number_)
            return;
        status_->set_work({});
        model_->set_order(order);
        view_->show_event(focus_.event());
    });
    connect(&scanner, &Scanner::totals_changed, this, [this](const Scanner::Totals& totals) {
        totals_ = totals;
        processes_->model().set_totals(totals);
        update_status();
        if (!document_->running() && totals.refresh >= whole_refresh_)
            analyst_->release();
    });
    connect(&scanner, &Scanner::printed, this, [this](const QByteArray& bytes) {
        if (bytes.isEmpty())
            output_->show_closed(tr("The program printed nothing that was recorded."));
        else
            output_->show_recorded(bytes);
    });
    connect(&scanner, &Scanner::failed, this, [this](const QString& message) {
        messages_->show_message(MessageBar::Kind::mistake, message);
        analyst_->release();
    });
    adopt_views();
    trace_is_open();
}

void MainWindow::trace_is_open()
{
    TraceDocument& doc = *document_;
    QString path = QString::fromStdString(doc.path());
    model_->set_trace(doc.path());
    model_->set_running(doc.running());
    inspector_->set_trace(doc.path(), doc.scanner().columns());
    marks_->open(doc.path(), doc.running());
    processes_->show_processes(doc.processes(), doc.running());
    remember_opened(path);
    show_events();
    view_->set_live(doc.running());
    trace_bytes_ = 0;
    growth_ = 0;
    told_disk_ = false;
    if (doc.running())
        disk_.start(1000);
    grown(doc.events());
    status_->set_file(QFileInfo(path).fileName(), path);
    QString command = command_text(doc.info().meta.contains("command") ? doc.info().meta.at("command") : std::string());
    setWindowTitle(tr("%1 – Ringside").arg(command.isEmpty() ? QFileInfo(path).fileName() : command.left(80)));
    if (!doc.running() && !doc.info().complete && !doc.info().end_message.empty() && !sandbox_failed_)
        messages_->show_message(MessageBar::Kind::note, QString::fromStdString(doc.info().end_message));
    if (!view_->hasFocus() && !filter_->hasFocus())
        view_->setFocus();
    update_status();
    if (first_filter_.isEmpty())
        filter_events({});
    else
        filter_->apply(std::exchange(first_filter_, {}));
    Q_EMIT trace_opened();
}

void MainWindow::grown(trace::EventId events)
{
    model_->set_event_count(events);
    if (document_->running())
        model_->refresh_open();
    update_status();
}

/// What the open trace says of itself; empty: nothing.
QString MainWindow::meta_text(const char* key) const
{
    return document_ && document_->info().meta.contains(key) ? QString::fromStdString(document_->info().meta.at(key)) : QString();
}

void MainWindow::update_status()
{
    if (!document_ && !program_)
        return;
    const trace::TraceInfo* info = document_ ? &document_->info() : nullptr;
    bool running = program_ ? !program_->is_over() : document_->running();
    if (running) {
        qint64 seconds = run_time_.isValid() ? run_time_.elapsed() / 1000 : 0;
        QString text = program_ && program_->stopping() ? tr("stopping") : tr("running");
        status_->set_state(StatusLine::State::running, program_ ? text + QString::asprintf(" %02lld:%02lld", seconds / 60, seconds % 60) : text);
    } else if (info && info->complete && info->exit_status) {
        int status = *info->exit_status;
        QString text = WIFSIGNALED(status) ? tr("ended by %1").arg(ended_text(status)) : tr("exited with %1").arg(WEXITSTATUS(status));
        status_->set_state(status == 0 ? StatusLine::State::good : StatusLine::State::bad, text);
    } else {
        status_->set_state(StatusLine::State::bad, !outcome_.isEmpty() ? outcome_ : info && info->end == "cut" ? tr("cut off") : tr("end not recorded"));
    }
    if (!document_)
        return;
    bool complete = running || info->complete;
    QString events = running ? tr("%1 events").arg(number(document_->events())) : complete ? tr("%1 events, complete").arg(number(document_->events())) : tr("%1 events, cut").arg(number(document_->events()));
    auto shown = static_cast<std::uint64_t>(model_->rowCount());
    if (filter_->applied().isEmpty() && model_->filtered() && shown < document_->events() && !running)
        events += tr(", %1 internal hidden").arg(number(document_->events() - shown));
    status_->set_events(events);
    status_->set_replay(complete && meta_text("mode") == QStringLiteral("record") ? tr("replayable") : QString());
    status_->set_sandbox(meta_text("confinement").isEmpty() ? QString() : tr("sandbox: %1").arg(meta_text("confinement") == QStringLiteral("full") ? tr("full") : tr("reduced")));
    status_->set_host_calls(tr("%1 host calls").arg(number(totals_.host_calls)));
}

/// What makes page-ins, trapped instructions and returns of calls visible is of interest to few: hidden unless asked for.
QString MainWindow::whole_filter(const QString& text) const
{
    return show_internal_ ? text : QString::fromStdString(trace::shown_filter(text.toStdString()));
}

void MainWindow::apply_filter(const QString& text)
{
    messages_->dismiss();
    view_->settle();
    filter_events(text);
}

void MainWindow::filter_events(const QString& text)
{
    check_quick_filters();
    if (!document_)
        return;
    analyst_->set_filter(text);
    for (ViewPanel* dock : views())
        if (dock != summary_)
            dock->refresh();
    collect_matches();
    status_->set_work({});
    document_->scanner().stop_sort();
    sort_number_ = 0;
    auto compiled = trace::Filter::compile(whole_filter(marking_ ? QString() : text).toStdString());
    auto* filter = std::get_if<trace::Filter>(&compiled);
    if (!filter || filter->matches_all()) {
        document_->scanner().stop_filter();
        filter_number_ = 0;
        model_->clear_filter();
        view_->show_event(focus_.event());
        sort_again();
        Q_EMIT filter_done();
        return;
    }
    model_->begin_filter();
    if (!text.isEmpty() && !marking_)
        filter_->set_count(tr("0 of %1").arg(number(document_->events())));
    filter_number_ = document_->scanner().start_filter(*filter);
}

void MainWindow::show_internal(bool show)
{
    show_internal_ = show;
    apply_filter(filter_->applied());
}

void MainWindow::found(quint64 filter, const std::vector<std::uint32_t>& rows, bool complete)
{
    if (filter != filter_number_)
        return; // of a filter before this one
    model_->append_matches(rows);
    int matches = model_->rowCount();
    bool asked = !filter_->applied().isEmpty() && !marking_;
    if (asked)
        filter_->set_count(tr("%1 of %2").arg(number(static_cast<std::uint64_t>(matches)), number(document_->events())));
    if (!complete)
        return;
    if (!asked)
        update_status();
    if (matches == 0 && asked)
        messages_->show_message(MessageBar::Kind::note, tr("No event matches. %1 are hidden.").arg(number(document_->events())), {}, tr("Clear filter"),
            [this] { filter_->apply({}); });
    if (focus_.event() != 0 && !document_->running())
        view_->show_event(focus_.event());
    sort_again();
    Q_EMIT filter_done();
}

void MainWindow::toggle_quick_filter(const QString& condition, bool on)
{
    const QString& text = filter_->applied();
    filter_->apply(on ? filter_with(text, condition) : filter_without(text, condition));
    check_quick_filters();
}

void MainWindow::check_quick_filters()
{
    for (auto& [chip, condition] : quick_)
        chip->setChecked(filter_has(filter_->applied(), condition));
}

void MainWindow::show_focus(trace::EventId event)
{
    inspector_->show_event(event, document_ && document_->running());
    if (event == 0)
        return;
    view_->show_event(event);
    timeline_->show_event(event);
}

void MainWindow::step_problem(bool forward)
{
    looking_for_ = Wanted::problem;
    if (document_)
        document_->scanner().find("problem", focus_.event(), forward);
}

}
