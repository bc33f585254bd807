// The window's Edit menu and what belongs to it: copying, finding, marks and notes; and how times, highlights and the order of
// the rows are chosen.
#include "ui/main_window.h"

#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/filter_line.h"
#include "ui/find_bar.h"
#include "ui/highlights.h"
#include "ui/mark_book.h"
#include "ui/menu_item.h"
#include "ui/message_bar.h"
#include "ui/shell_words.h"

#include <QActionGroup>
#include <QClipboard>
#include <QDateTime>
#include <QGuiApplication>
#include <QInputDialog>
#include <QLineEdit>
#include <QLocale>
#include <QMenuBar>
#include <QSettings>

namespace ringside::ui {

namespace {

constexpr std::size_t most_copied = 100'000;

}

void MainWindow::make_edit_menu()
{
    QMenu* edit = menuBar()->addMenu(tr("&Edit"));
    copy_action_ = add(edit, tr("&Copy"), QKeySequence::Copy, view_, [this] { copy_as(TraceDocument::CopyForm::text); });
    copy_action_->setShortcutContext(Qt::WidgetShortcut); // elsewhere Ctrl+C copies what is there
    view_->addAction(copy_action_);
    trace_actions_ += copy_action_;
    QMenu* as = edit->addMenu(tr("Copy &As"));
    using Form = TraceDocument::CopyForm;
    for (const auto& [text, form] : {std::pair {tr("strace Line"), Form::text}, {tr("Tab-Separated"), Form::tsv}, {tr("JSON"), Form::json}})
        add(as, text, {}, this, [this, form = form] { copy_as(form); });
    QAction* value = add(as, tr("Value"), Qt::CTRL | Qt::SHIFT | Qt::Key_C, view_, [this] {
        QGuiApplication::clipboard()->setText(view_->currentIndex().data().toString());
    });
    value->setShortcutContext(Qt::WidgetShortcut); // the terminal has this key, too
    view_->addAction(value);
    add(as, tr("ringside Command"), {}, this, [this] {
        if (!document_)
            return;
        QString command = QStringLiteral("ringside show ") + shell_quoted(QString::fromStdString(document_->path()));
        if (!filter_->applied().isEmpty())
            command += QStringLiteral(" -f ") + shell_quoted(filter_->applied());
        QGuiApplication::clipboard()->setText(command);
    });
    trace_actions_ += as->menuAction();
    edit_actions_ += as->menuAction();
    edit->addSeparator();
    trace_actions_ += add(edit, tr("&Find…"), QKeySequence::Find, this, [this] { find_->begin(); });
    trace_actions_ += add(edit, tr("Find &Next"), Qt::CTRL | Qt::Key_N, this, [this] { find_next(true); });
    trace_actions_ += add(edit, tr("Find Pre&vious"), Qt::CTRL | Qt::Key_B, this, [this] { find_next(false); });
    make_marks_menu(edit);
    connect(find_, &FindBar::find_asked, this, &MainWindow::find_next);
    connect(find_, &FindBar::closed, this, [this] { view_->setFocus(); });
    connect(marks_, &MarkBook::failed, this, [this](const QString& message) {
        messages_->show_message(MessageBar::Kind::note, tr("Marks and notes are shown, but not kept."), message);
    });
}

void MainWindow::make_marks_menu(QMenu* edit)
{
    edit->addSeparator();
    QAction* mark = add(edit, tr("&Mark"), Qt::CTRL | Qt::Key_M, this, [this] {
        for (trace::EventId event : view_->selected_events(1000))
            marks_->toggle_mark(event);
    });
    QAction* next = add(edit, tr("Next Mark"), Qt::CTRL | Qt::SHIFT | Qt::Key_N, this, [this] { step_mark(true); });
    QAction* previous = add(edit, tr("Previous Mark"), Qt::CTRL | Qt::SHIFT | Qt::Key_B, this, [this] { step_mark(false); });
    QAction* note = add(edit, tr("N&ote…"), Qt::CTRL | Qt::ALT | Qt::Key_C, this, [this] { ask_note(); });
    QAction* reference = add(edit, tr("&Time Reference"), Qt::CTRL | Qt::Key_T, this, [this] {
        marks_->toggle_reference(focus_.event());
        if (marks_->mark(focus_.event()).time_reference && model_->time_format() != EventsModel::TimeFormat::since_reference)
            time_formats_->actions()[2]->trigger(); // or nobody would see what it is for
    });
    trace_actions_ += {mark, next, previous, note, reference};
    edit_actions_ += {mark, note, reference};
}

void MainWindow::make_time_menu(QMenu* view)
{
    QMenu* times = view->addMenu(tr("Time &Format"));
    time_formats_ = new QActionGroup(this);
    using Format = EventsModel::TimeFormat;
    const std::tuple<QString, Format, Qt::Key> formats[] = {{tr("From Start"), Format::from_start, Qt::Key_1}, {tr("Since Previous"), Format::since_previous, Qt::Key_2},
        {tr("Since Reference"), Format::since_reference, Qt::Key_3}, {tr("Date and Time"), Format::date, Qt::Key_4}};
    for (const auto& [text, format, key] : formats) {
        QAction* action = add(times, text, Qt::CTRL | Qt::ALT | key, this, [this, format = format] {
            std::uint64_t started = 0;
            if (document_ && document_->info().meta.contains("start")) { // "2026-11-24T02:31:07Z"
                QDateTime start = QDateTime::fromString(QString::fromStdString(document_->info().meta.at("start")).left(19), Qt::ISODate);
                start.setTimeSpec(Qt::UTC);
                started = static_cast<std::uint64_t>(std::max<qint64>(0, start.toMSecsSinceEpoch())) * 1'000'000;
            }
            model_->set_time_format(format, started);
            view_->fit_time();
        });
        action->setCheckable(true);
        action->setChecked(format == Format::from_start);
        time_formats_->addAction(action);
    }
    trace_actions_ += times->menuAction();
}

void MainWindow::make_highlights_menu(QMenu* view)
{
    QMenu* menu = view->addMenu(tr("&Highlights"));
    int number = 0;
    for (const HighlightRule& rule : highlight_rules()) {
        QAction* action = menu->addAction(rule.sign + QStringLiteral("  ") + rule.name);
        action->setCheckable(true);
        action->setChecked(highlight_shown(number));
        action->setToolTip(QString::fromUtf8(rule.filter).toHtmlEscaped());
        connect(action, &QAction::triggered, this, [this, number](bool on) {
            show_highlight(number, on);
            view_->viewport()->update();
        });
        ++number;
    }
    menu->setToolTipsVisible(true);
    trace_actions_ += menu->menuAction();
}

void MainWindow::make_sort_menu(QMenu* view)
{
    QMenu* menu = view->addMenu(tr("&Sort By"));
    add(menu, tr("Order of Time"), {}, this, [this] { sort_by(-1, Qt::AscendingOrder); });
    menu->addSeparator();
    for (int column = EventsModel::process; column < EventsModel::notes; ++column)
        add(menu, model_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString(), {}, this, [this, column] { sort_clicked(column); });
    trace_actions_ += menu->menuAction();
}

void MainWindow::copy_as(TraceDocument::CopyForm form)
{
    if (!document_)
        return;
    auto events = view_->selected_events(most_copied + 1);
    if (events.size() > most_copied) {
        events.resize(most_copied);
        messages_->show_message(MessageBar::Kind::note, tr("The first %1 of the selected events are copied. File, Export writes them all.").arg(QLocale().toString(static_cast<int>(most_copied))));
    }
    document_->copy(std::move(events), form);
}

void MainWindow::ask_note()
{
    trace::EventId event = focus_.event();
    if (!document_ || event == 0)
        return;
    bool ok = false;
    QString note = QInputDialog::getMultiLineText(this, tr("Note"), tr("Note on event %1. An empty one takes it away.").arg(QLocale().toString(static_cast<qulonglong>(event))),
        QString::fromStdString(marks_->mark(event).note), &ok);
    if (ok)
        marks_->set_note(event, note);
}

void MainWindow::step_mark(bool forward)
{
    if (trace::EventId event = marks_->next(focus_.event(), forward))
        focus_.set_event(event);
    else
        messages_->show_message(MessageBar::Kind::note, forward ? tr("No mark after this event.") : tr("No mark before this event."));
}

void MainWindow::find_next(bool forward)
{
    QString wanted = find_->filter();
    if (!document_)
        return;
    if (wanted.isEmpty())
        return find_->begin();
    auto compiled = trace::Filter::compile(wanted.toStdString());
    if (auto* error = std::get_if<trace::FilterError>(&compiled))
        return messages_->show_message(MessageBar::Kind::mistake, QString::fromStdString(error->message()));
    // Among the rows that are shown: what the filter hides is not found.
    QString shown = whole_filter(marking_ ? QString() : filter_->applied());
    looking_for_ = Wanted::found;
    messages_->dismiss();
    document_->scanner().find((shown.isEmpty() ? wanted : '(' + shown + ") && (" + wanted + ')').toStdString(), focus_.event(), forward);
}

void MainWindow::stepped(trace::EventId event, bool forward)
{
    if (event != 0) {
        focus_.set_event(event);
        return;
    }
    if (looking_for_ == Wanted::descriptor)
        return messages_->show_message(MessageBar::Kind::note, forward ? tr("Nothing more was done with this descriptor.") : tr("Nothing was done with this descriptor before."));
    if (looking_for_ == Wanted::problem)
        return messages_->show_message(MessageBar::Kind::note, forward ? tr("No problem after this event.") : tr("No problem before this event."));
    messages_->show_message(MessageBar::Kind::note, forward ? tr("Not found after this event.") : tr("Not found before this event."), {},
        forward ? tr("From the first") : tr("From the last"), [this, forward] {
            focus_.set_event(forward ? 1 : model_->event_count());
            find_next(forward);
        });
}

void MainWindow::ask_event()
{
    bool ok = false;
    QString last = QLocale().toString(static_cast<qulonglong>(model_->event_count()));
    QString place = QInputDialog::getText(this, tr("Go to event or time"), tr("A number, 1 to %1, or a time such as 1.5s or 200ms:").arg(last), QLineEdit::Normal,
        focus_.event() ? QString::number(focus_.event()) : QString(), &ok);
    if (ok && !go_to(place))
        messages_->show_message(MessageBar::Kind::mistake, tr("\"%1\" is no event and no time of this trace.").arg(place));
}

bool MainWindow::go_to(const QString& place)
{
    if (!document_)
        return false;
    QString text = place.simplified().remove(',').remove(' ');
    bool number = false;
    qulonglong event = text.toULongLong(&number);
    if (number) {
        if (event < 1 || event > document_->events())
            return false;
        bool hidden = model_->filtered() && !model_->shows(event);
        if (hidden && filter_->applied().isEmpty())
            messages_->show_message(MessageBar::Kind::note, tr("Event %1 is an internal one: they are not shown.").arg(QLocale().toString(event)), {}, tr("Show them"),
                [this] { internal_action_->trigger(); });
        else if (hidden)
            messages_->show_message(MessageBar::Kind::note, tr("The filter hides event %1.").arg(QLocale().toString(event)), {}, tr("Clear filter"), [this] { filter_->apply({}); });
        focus_.set_event(event);
        view_->setFocus();
        return true;
    }
    static const std::pair<const char*, double> units[] = {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    for (auto [unit, ns] : units) {
        QString suffix = QString::fromUtf8(unit);
        if (!text.endsWith(suffix))
            continue;
        double value = text.chopped(suffix.size()).toDouble(&number);
        if (!number || value < 0 || value * ns > 9e18)
            continue;
        document_->event_at_time(static_cast<std::uint64_t>(value * ns));
        view_->setFocus();
        return true;
    }
    return false;
}

}
