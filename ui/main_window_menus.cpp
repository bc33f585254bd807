// The window's menus and keys; those of Wireshark where it has them.
#include "ui/main_window.h"

#include "ui/menu_item.h"

#include "ui/event_conditions.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/filter_line.h"
#include "ui/inspector.h"
#include "ui/message_bar.h"
#include "ui/network_panel.h"
#include "ui/output_panel.h"
#include "ui/processes_panel.h"
#include "ui/running_program.h"
#include "ui/theme.h"
#include "ui/trace_document.h"

#include <QActionGroup>
#include <QApplication>
#include <QMenuBar>
#include <QMessageBox>
#include <QSettings>

namespace ringside::ui {

void MainWindow::make_menus()
{
    make_file_menu();
    make_edit_menu();
    make_view_menu();
    make_go_menu();
    make_other_menus();
    update_actions();
}

void MainWindow::make_file_menu()
{
    QMenu* file = menuBar()->addMenu(tr("&File"));
    add(file, tr("&Run…"), Qt::CTRL | Qt::Key_K, this, [this] { ask_run(); });
    again_action_ = add(file, tr("Run &Again"), Qt::CTRL | Qt::Key_R, this, [this] { run_again(); });
    add(file, tr("&Open…"), Qt::CTRL | Qt::Key_O, this, [this] { choose_trace(); });
    make_recent_menu(file);
    trace_actions_ += add(file, tr("Save a Co&py…"), Qt::CTRL | Qt::SHIFT | Qt::Key_S, this, [this] { save_a_copy(); });
    make_export_menu(file);
    trace_actions_ += add(file, tr("&Trace Properties"), Qt::CTRL | Qt::ALT | Qt::SHIFT | Qt::Key_C, this, [this] { show_properties(); });
    file->addSeparator();
    close_action_ = add(file, tr("&Close"), Qt::CTRL | Qt::Key_W, this, [this] {
        if (!may_stop_program())
            return;
        program_.reset();
        close_trace();
        forget_session();
        messages_->dismiss();
        setWindowTitle(tr("Ringside"));
        show_start();
    });
    trace_actions_ += close_action_;
    add(file, tr("&Quit"), Qt::CTRL | Qt::Key_Q, this, [this] { close(); });
}

void MainWindow::make_view_menu()
{
    QMenu* view = menuBar()->addMenu(tr("&View"));
    QMenu* panes = view->addMenu(tr("&Panes"));
    trace_actions_ += add(panes, tr("Events"), Qt::ALT | Qt::Key_0, this, [this] { view_->setFocus(); });
    trace_actions_ += add(panes, tr("Processes"), Qt::ALT | Qt::Key_1, this, [this] { processes_->take_focus(); });
    trace_actions_ += add(panes, tr("Inspector"), Qt::ALT | Qt::Key_2, this, [this] { inspector_->take_focus(); });
    const std::tuple<QString, Qt::Key, const char*> docks[] = {{tr("Timeline"), Qt::Key_3, "timeline"}, {tr("Summary"), Qt::Key_4, "summary"}, {tr("Files"), Qt::Key_5, "files"},
        {tr("Network"), Qt::Key_6, "network"}, {tr("Host"), Qt::Key_7, "host"}, {tr("Statistics"), Qt::Key_8, "statistics"}, {tr("Terminal"), Qt::Key_9, "terminal"}};
    for (const auto& [text, key, name] : docks)
        trace_actions_ += add(panes, text, Qt::ALT | key, this, [this, name = QString::fromLatin1(name)] { show_dock(name); });
    QMenu* layouts = view->addMenu(tr("&Layout"));
    for (const auto& [text, name] : {std::pair {tr("Failure"), "failure"}, {tr("Access"), "access"}, {tr("Time"), "time"}})
        trace_actions_ += add(layouts, text, {}, this, [this, name = QString::fromLatin1(name)] { arrange(name); });
    trace_actions_ += add(view, tr("&Reset Layout"), {}, this, [this] {
        reset_layout();
        view_->fit_columns();
    });
    trace_actions_ += add(view, tr("&Columns…"), {}, this, [this] { view_->choose_columns(view_->mapToGlobal(QPoint(40, 40))); });
    view->addSeparator();
    follow_action_ = view->addAction(tr("&Follow End"));
    follow_action_->setCheckable(true);
    follow_action_->setChecked(true);
    connect(follow_action_, &QAction::triggered, view_, &EventsView::follow_end);
    trace_actions_ += follow_action_;
    QAction* internal = view->addAction(tr("&Internal Events"));
    internal->setCheckable(true);
    internal->setToolTip(tr("Page-ins, trapped instructions, preemptions, returns of calls that waited"));
    connect(internal, &QAction::triggered, this, &MainWindow::show_internal);
    internal_action_ = internal;
    trace_actions_ += internal;
    make_sort_menu(view);
    make_time_menu(view);
    make_highlights_menu(view);
    QMenu* themes = view->addMenu(tr("&Theme"));
    auto* group = new QActionGroup(this);
    QString now = QSettings().value("window/theme", "system").toString();
    for (const auto& [name, text] : {std::pair {"system", tr("System")}, {"light", tr("Light")}, {"dark", tr("Dark")}}) {
        QAction* action = themes->addAction(text);
        action->setCheckable(true);
        action->setChecked(now == QLatin1String(name));
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, name = QString::fromLatin1(name)] { set_theme(name); });
    }
    QAction* larger = add(view, tr("&Larger Text"), {}, this, [this] { scale_text(1); });
    larger->setShortcuts({Qt::CTRL | Qt::Key_Plus, Qt::CTRL | Qt::Key_Equal});
    add(view, tr("S&maller Text"), Qt::CTRL | Qt::Key_Minus, this, [this] { scale_text(-1); });
    add(view, tr("&Normal Text"), Qt::CTRL | Qt::Key_0, this, [this] { scale_text(0); });
    QAction* full = add(view, tr("Full &Screen"), Qt::Key_F11, this, [this] { setWindowState(windowState() ^ Qt::WindowFullScreen); });
    full->setShortcutContext(Qt::ApplicationShortcut);
    view->addSeparator();
    trace_actions_ += add(view, tr("&Next Pane"), Qt::Key_F6, this, [this] { next_pane(1); });
    trace_actions_ += add(view, tr("&Previous Pane"), Qt::SHIFT | Qt::Key_F6, this, [this] { next_pane(-1); });
}

void MainWindow::make_go_menu()
{
    QMenu* go = menuBar()->addMenu(tr("&Go"));
    trace_actions_ += add(go, tr("&Back"), Qt::ALT | Qt::Key_Left, this, [this] { focus_.back(); });
    trace_actions_ += add(go, tr("&Forward"), Qt::ALT | Qt::Key_Right, this, [this] { focus_.forward(); });
    trace_actions_ += add(go, tr("Go to &Event or Time…"), Qt::CTRL | Qt::Key_G, this, [this] { ask_event(); });
    QAction* previous = add(go, tr("Previous Row"), {}, this, [this] { go_rows(-1); });
    previous->setShortcuts({Qt::CTRL | Qt::Key_Up, Qt::Key_F7});
    QAction* next = add(go, tr("Next Row"), {}, this, [this] { go_rows(1); });
    next->setShortcuts({Qt::CTRL | Qt::Key_Down, Qt::Key_F8});
    QAction* first = add(go, tr("First"), Qt::CTRL | Qt::Key_Home, this, [this] { go_rows(INT_MIN); });
    QAction* last = add(go, tr("Last"), Qt::CTRL | Qt::Key_End, this, [this] { go_rows(INT_MAX); });
    go->addSeparator();
    make_descriptor_menu(go);
    go->addSeparator();
    QAction* previous_problem = add(go, tr("Previous Problem"), Qt::SHIFT | Qt::Key_F4, this, [this] { step_problem(false); });
    QAction* next_problem = add(go, tr("Next Problem"), Qt::Key_F4, this, [this] { step_problem(true); });
    QAction* previous_match = add(go, tr("Previous Match"), Qt::SHIFT | Qt::Key_F3, this, [this] { step_match(false); });
    QAction* next_match = add(go, tr("Next Match"), Qt::Key_F3, this, [this] { step_match(true); });
    trace_actions_ += {previous, next, first, last, previous_problem, next_problem, previous_match, next_match};
}

void MainWindow::make_other_menus()
{
    QMenu* run = menuBar()->addMenu(tr("&Run"));
    stop_action_ = add(run, tr("&Start or Stop"), Qt::CTRL | Qt::Key_E, this, [this] {
        if (program_)
            stop();
        else if (last_run_)
            run_again();
        else
            ask_run();
    });
    kill_action_ = add(run, tr("&Kill"), {}, this, [this] {
        if (program_)
            program_->kill();
    });
    run->addAction(again_action_);
    QMenu* analyze = menuBar()->addMenu(tr("&Analyze"));
    trace_actions_ += add(analyze, tr("&Filter Line"), Qt::CTRL | Qt::Key_Slash, this, [this] {
        filter_->setFocus(Qt::ShortcutFocusReason);
        filter_->selectAll();
    });
    trace_actions_ += add(analyze, tr("&Why?"), Qt::Key_F2, this, [this] { show_dock("summary"); });
    trace_actions_ += add(analyze, tr("&Statistics"), {}, this, [this] { show_dock("statistics"); });
    trace_actions_ += add(analyze, tr("Follow &Stream"), Qt::CTRL | Qt::ALT | Qt::SHIFT | Qt::Key_T, this, [this] {
        show_dock("network");
        network_->follow_event(focus_.event());
    });
    trace_actions_ += add(analyze, tr("&Clear Filter"), {}, this, [this] { filter_->apply({}); });
    make_filter_menus(analyze);
    make_help_menu();
}

void MainWindow::events_menu(const QPoint& position)
{
    QModelIndex index = view_->indexAt(position);
    const EventRow* row = index.isValid() ? model_->row(index.row()) : nullptr;
    if (!row)
        return;
    QMenu menu;
    view_->selectionModel()->setCurrentIndex(index, view_->selectionModel()->isRowSelected(index.row()) ? QItemSelectionModel::NoUpdate : QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    menu.addAction(copy_action_);
    for (QAction* action : edit_actions_)
        menu.addAction(action);
    menu.addSeparator();
    QString condition = condition_for(*row, index.column());
    if (!condition.isEmpty())
        add_filter_menus(menu, tr("Apply as Filter: %1").arg(QString(condition).replace('&', QStringLiteral("&&"))), filter_->applied(), condition,
            [this](const QString& text) { filter_->apply(text); }, [this](const QString& text) { prepare_filter(text); });
    menu.exec(view_->viewport()->mapToGlobal(position));
}

void MainWindow::set_theme(const QString& name)
{
    QSettings().setValue("window/theme", name);
    apply_theme(*static_cast<QApplication*>(QApplication::instance()), theme_of(name));
    update_status();
    update();
}

/// 0: the desktop's own size.
void MainWindow::scale_text(int step)
{
    QSettings settings;
    int now = step == 0 ? 0 : std::clamp(settings.value("window/text", 0).toInt() + step, -3, 10);
    settings.setValue("window/text", now);
    apply_text_scale(now);
    view_->adopt_font();
    update_status();
}

void MainWindow::go_rows(int step)
{
    int rows = model_->rowCount();
    if (rows == 0)
        return;
    int row = step == INT_MIN ? 0 : step == INT_MAX ? rows - 1 : std::clamp(model_->row_of(focus_.event()) + step, 0, rows - 1);
    focus_.set_event(model_->event_at(row));
}

void MainWindow::show_about()
{
    QMessageBox::about(this, tr("About Ringside"), tr("<b>Ringside %1</b><p>Runs a program in a sandbox and shows every request it makes of the system.</p><p>GPL-3.0-or-later</p>").arg(RINGSIDE_VERSION));
}

}
