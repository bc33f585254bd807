// The window and its files: recent ones, copies, what a trace is; help; and what was done with one descriptor.
#include "ui/main_window.h"

#include "ui/events_view.h"
#include "ui/filter_line.h"
#include "ui/inspector.h"
#include "ui/menu_item.h"
#include "ui/message_bar.h"
#include "ui/run_form.h"
#include "ui/start_page.h"
#include "ui/text_dialog.h"
#include "ui/trace_document.h"

#include <QApplication>
#include <QDateTime>
#include <QDir>
#include <QFileDialog>
#include <QHeaderView>
#include <QMenuBar>
#include <QSettings>

#include <functional>

namespace ringside::ui {

namespace {

constexpr int most_recent = 10;

/// Opened traces first, then what was recorded here.
QStringList recent_traces()
{
    QStringList paths = QSettings().value("window/opened").toStringList();
    const QFileInfoList recorded = QDir(recordings_folder()).entryInfoList({QStringLiteral("*.ringside")}, QDir::Files, QDir::Time);
    for (const QFileInfo& file : recorded)
        paths += file.filePath();
    paths.removeDuplicates();
    paths.removeIf([](const QString& path) { return !QFile::exists(path); });
    return paths.mid(0, most_recent);
}

}

void MainWindow::remember_opened(const QString& path)
{
    QSettings settings;
    QStringList opened = settings.value("window/opened").toStringList();
    opened.removeAll(path);
    opened.prepend(path);
    settings.setValue("window/opened", QStringList(opened.mid(0, most_recent)));
}

/// What was open, how it was filtered, where the eye was, how the window was laid out.
void MainWindow::remember_session()
{
    if (!document_ || document_->events() == 0)
        return;
    QSettings settings;
    const QVariantMap now {{"trace", QString::fromStdString(document_->path())}, {"filter", filter_->applied()}, {"event", static_cast<qulonglong>(focus_.event())}, {"process", QCoreApplication::applicationPid()}};
    QByteArray state = saveState() + saveGeometry() + view_->horizontalHeader()->saveState();
    for (const QVariant& value : now)
        state += value.toString().toUtf8();
    if (state == remembered_)
        return;
    remembered_ = state;
    settings.setValue("session", now);
    save_layout();
    settings.sync();
}

void MainWindow::forget_session()
{
    QSettings().remove("session");
    remembered_.clear();
}

bool MainWindow::come_back()
{
    const QVariantMap last = QSettings().value("session").toMap();
    QString path = last.value("trace").toString();
    qint64 process = last.value("process").toLongLong();
    QFile name(QStringLiteral("/proc/%1/comm").arg(process)); // another window that still runs has it open
    if (path.isEmpty() || !QFile::exists(path) || (process != QCoreApplication::applicationPid() && name.open(QIODevice::ReadOnly) && name.readAll().startsWith("ringside-work")))
        return false;
    first_filter_ = last.value("filter").toString();
    first_event_ = last.value("event").toULongLong();
    open_trace(path);
    return true;
}

void MainWindow::make_recent_menu(QMenu* file)
{
    QMenu* recent = file->addMenu(tr("Open Re&cent"));
    connect(recent, &QMenu::aboutToShow, this, [this, recent] {
        recent->clear();
        const QStringList paths = recent_traces();
        for (const QString& path : paths)
            add(recent, QDir::toNativeSeparators(path).replace('&', QStringLiteral("&&")), {}, this, [this, path] { open_trace(path); });
        if (paths.isEmpty())
            recent->addAction(tr("None yet"))->setEnabled(false);
    });
}

void MainWindow::save_a_copy()
{
    if (!document_)
        return;
    if (document_->running())
        return messages_->show_message(MessageBar::Kind::note, tr("The trace is still being recorded."), tr("A copy can be saved when the program has ended."));
    QString from = QString::fromStdString(document_->path());
    QString to = QFileDialog::getSaveFileName(this, tr("Save a copy"), QFileInfo(from).fileName(), tr("Traces (*.ringside);;All files (*)"));
    if (to.isEmpty() || QFileInfo(to) == QFileInfo(from))
        return;
    QFile::remove(to); // the dialog has asked
    QFile source(from);
    if (source.copy(to))
        messages_->show_message(MessageBar::Kind::note, tr("Saved: %1.").arg(to), tr("A trace holds everything the program read, passwords too. Share it with care."));
    else
        messages_->show_message(MessageBar::Kind::mistake, tr("%1 cannot be written: %2").arg(to, source.errorString()));
}

void MainWindow::show_properties()
{
    if (document_)
        show_text(this, tr("Trace Properties"), {}, trace_properties(QString::fromStdString(document_->path()), document_->info()));
}

void MainWindow::make_descriptor_menu(QMenu* go)
{
    trace_actions_ += add(go, tr("Previous on This Descriptor"), Qt::CTRL | Qt::Key_Comma, this, [this] { step_descriptor(false); });
    trace_actions_ += add(go, tr("Next on This Descriptor"), Qt::CTRL | Qt::Key_Period, this, [this] { step_descriptor(true); });
    trace_actions_ += add(go, tr("Where It Was Opened"), Qt::CTRL | Qt::Key_Return, this, [this] {
        if (trace::EventId event = inspector_->opened())
            go_to(QString::number(event));
        else
            messages_->show_message(MessageBar::Kind::note, tr("No event of this trace opened it."));
    });
}

void MainWindow::step_descriptor(bool forward)
{
    trace::ObjectId object = inspector_->object();
    if (!document_ || object == 0)
        return messages_->show_message(MessageBar::Kind::note, tr("This event is about no descriptor."));
    looking_for_ = Wanted::descriptor;
    messages_->dismiss();
    QString wanted = QStringLiteral("object == %1").arg(object), shown = whole_filter(marking_ ? QString() : filter_->applied());
    document_->scanner().find((shown.isEmpty() ? wanted : '(' + shown + ") && " + wanted).toStdString(), focus_.event(), forward);
}

void MainWindow::make_help_menu()
{
    QMenu* help = menuBar()->addMenu(tr("&Help"));
    add(help, tr("&Contents"), Qt::Key_F1, this, [this] {
        const TextRows rows {{tr("Find out why a program failed"), {}}, {tr("Run…"), tr("Type its command line. When it ends, Summary names the likely cause: a click goes to the event.")},
            {tr("Problems"), tr("F4 goes to the next failed call that was not expected, F2 to the summary.")},
            {tr("See what it touched"), {}}, {tr("Files, Network, Host"), tr("What it read, wrote, reached. Worth a look names what is unusual.")},
            {tr("Export"), tr("The report is one page that anybody can read; the other forms are for other tools.")},
            {tr("See where time went"), {}}, {tr("Timeline"), tr("A lane a thread; hatched: it waited. Drag, then Z zooms and F filters.")}, {tr("Statistics"), tr("How often, how long, what failed.")},
            {tr("Narrow it down"), {}}, {tr("Filter"), tr("Ctrl+/ goes to the line; right-click a cell to filter by it. Ctrl+Shift+M shows all events with the matches marked.")}};
        show_text(this, tr("Contents"), {}, rows);
    });
    add(help, tr("&Keyboard Shortcuts"), Qt::Key_Question, this, [this] { show_shortcuts(); });
    add(help, tr("&Filter Reference"), {}, this, [this] { show_text(this, tr("Filter Reference"), {}, filter_reference()); });
    add(help, tr("&Guided Example"), {}, this, [this] { start_->show_example(); });
    add(help, tr("&What the Sandbox Does"), {}, this, [this] { show_sandbox(); });
    add(help, tr("&About"), {}, this, [this] { show_about(); });
}

void MainWindow::show_sandbox()
{
    show_text(this, tr("What the Sandbox Does"), {}, sandbox_words(meta_text("confinement")));
}

void MainWindow::show_shortcuts()
{
    TextRows rows;
    std::function<void(const QMenu*)> list = [&](const QMenu* menu) {
        for (const QAction* action : menu->actions()) {
            if (action->menu()) {
                list(action->menu());
                continue;
            }
            QStringList keys;
            for (const QKeySequence& key : action->shortcuts())
                keys += key.toString(QKeySequence::NativeText);
            if (!keys.isEmpty())
                rows.emplace_back(keys.join(QStringLiteral(", ")), QString(action->text()).remove('&'));
        }
    };
    for (const QAction* action : menuBar()->actions()) {
        std::size_t before = rows.size();
        rows.emplace_back(QString(action->text()).remove('&'), QString());
        if (action->menu())
            list(action->menu());
        if (rows.size() == before + 1)
            rows.pop_back();
    }
    show_text(this, tr("Keyboard Shortcuts"), {}, rows);
}

}
