// The window's docks: what they say goes to the one Focus and the one filter, and what those say goes to them.
#include "ui/main_window.h"

#include "ui/analyst.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/files_panel.h"
#include "ui/filter_line.h"
#include "ui/host_panel.h"
#include "ui/inspector.h"
#include "ui/message_bar.h"
#include "ui/network_panel.h"
#include "ui/numbers.h"
#include "ui/output_panel.h"
#include "ui/overview_strip.h"
#include "ui/processes_panel.h"
#include "ui/statistics_panel.h"
#include "ui/status_line.h"
#include "ui/summary_panel.h"
#include "ui/time_focus.h"
#include "ui/timeline_panel.h"
#include "ui/trace_document.h"

namespace ringside::ui {

std::vector<ViewPanel*> MainWindow::views() const
{
    return {summary_, timeline_, files_, network_, host_, statistics_};
}

std::vector<Panel*> MainWindow::bottom_docks() const
{
    std::vector<ViewPanel*> all = views();
    std::vector<Panel*> docks(all.begin(), all.end());
    docks.push_back(output_);
    return docks;
}

void MainWindow::show_dock(const QString& name)
{
    for (Panel* dock : bottom_docks())
        if (dock->objectName() == name)
            dock->take_focus();
    name_tab_bars();
}

void MainWindow::connect_views()
{
    for (ViewPanel* dock : views()) {
        connect(dock, &ViewPanel::event_chosen, &focus_, &Focus::set_event);
        connect(dock, &ViewPanel::filter_asked, filter_, &FilterLine::apply);
        connect(dock, &ViewPanel::filter_prepared, this, &MainWindow::prepare_filter);
        connect(dock, &ViewPanel::clear_filter_asked, this, [this] { filter_->apply({}); });
    }
    connect(summary_, &SummaryPanel::view_asked, this, &MainWindow::show_dock);
    connect(summary_, &SummaryPanel::ready, this, &MainWindow::tell_end);
    connect(timeline_, &TimelinePanel::event_time, strip_, &OverviewStrip::set_event_time);
    connect(strip_, &OverviewStrip::time_chosen, this, [this](quint64 ts) {
        if (document_)
            document_->event_at_time(ts);
    });
    connect(status_, &StatusLine::host_clicked, this, [this] { show_dock("host"); });
    connect(status_, &StatusLine::events_clicked, this, [this] { show_dock("statistics"); });
    connect(status_, &StatusLine::replay_clicked, this, &MainWindow::show_properties);
    connect(status_, &StatusLine::file_clicked, this, &MainWindow::show_properties);
    connect(status_, &StatusLine::sandbox_clicked, this, [this] { show_sandbox(); });
    connect(summary_, &SummaryPanel::ready, this, [this] { inspector_->set_summary(summary_->shared_summary()); });
    connect(status_, &StatusLine::state_clicked, this, [this] { show_dock("summary"); });
    live_views_.setInterval(700);
    connect(&live_views_, &QTimer::timeout, this, &MainWindow::refresh_views);
    connect(&live_views_, &QTimer::timeout, this, &MainWindow::collect_matches);
}

/// A trace was opened.
void MainWindow::adopt_views()
{
    analyst_ = std::make_unique<Analyst>(document_->path(), document_->scanner().columns());
    connect(analyst_.get(), &Analyst::failed, this, [this](const QString& message) { messages_->show_message(MessageBar::Kind::mistake, message); });
    connect(document_.get(), &TraceDocument::time_found, &focus_, &Focus::set_event);
    bool running = document_->running();
    if (!running)
        await_whole_columns();
    time_->reset();
    for (ViewPanel* dock : views()) {
        dock->set_running(running);
        dock->set_analyst(analyst_.get());
    }
    strip_->set_analyst(analyst_.get());
    if (running)
        live_views_.start();
}

/// The trace grows no more: what the docks ask is answered when the last of it has been read.
void MainWindow::await_whole_columns()
{
    analyst_->hold();
    whole_refresh_ = document_->scanner().refresh();
}

void MainWindow::refresh_views()
{
    bool running = document_ && document_->running();
    for (ViewPanel* dock : views()) {
        dock->set_running(running);
        dock->refresh();
    }
    strip_->refresh();
    if (!running)
        live_views_.stop();
}

/// The program has ended and why is known: the message that says so before anybody looked for it.
void MainWindow::tell_end()
{
    const trace::analysis::Summary* made = summary_->summary();
    if (!made || outcome_.isEmpty() || sandbox_failed_ || !document_ || document_->running() || told_end_)
        return;
    if (made->events < document_->events())
        return; // worked out before the last rows were there: the next one tells
    const trace::analysis::Why& why = made->why;
    told_end_ = true;
    if (why.kind == trace::analysis::Why::Kind::succeeded && why.sandbox.empty())
        return;
    QString cause = cause_text(why);
    auto show = [this, event = why.cause.event] {
        messages_->dismiss();
        show_dock("summary");
        if (event)
            focus_.set_event(event);
    };
    if (!cause.isEmpty())
        messages_->show_message(MessageBar::Kind::note, tr("%1. Likely cause: %2.").arg(ending_text(why.name, why.status), cause), {}, tr("Show"), show);
    else if (!why.sandbox.empty())
        messages_->show_message(MessageBar::Kind::note,
            counted(why.sandbox.front().count, tr("1 call failed because of the sandbox, not the program:"), tr("%1 calls failed because of the sandbox, not the program:")), reason_words(why.sandbox.front().reason) + '.', tr("Show"),
            [this, event = why.sandbox.front().event] {
                messages_->dismiss();
                focus_.set_event(event);
            });
    else if (why.status != 0)
        messages_->show_message(MessageBar::Kind::note, tr("%1. No single cause found.").arg(ending_text(why.name, why.status)), {}, tr("Show"), show);
}

/// What is looked at first: what the program prints while it runs, then what became of it.
void MainWindow::raise_first_dock()
{
    (program_ ? static_cast<Panel*>(output_) : summary_)->raise();
}

/// Written into the line, to be changed before it is applied.
void MainWindow::prepare_filter(const QString& text)
{
    filter_->setText(text);
    filter_->setFocus();
}

/// Layouts for the three questions: failure, access, time.
void MainWindow::arrange(const QString& layout)
{
    reset_layout();
    if (layout == QStringLiteral("access"))
        files_->take_focus();
    else if (layout == QStringLiteral("time"))
        timeline_->take_focus();
    else
        summary_->take_focus();
}

}
