// See main_window.h. How the window is put together, its layout and its panes.
#include "ui/main_window.h"

#include "ui/analyst.h"
#include "ui/events_model.h"
#include "ui/events_view.h"
#include "ui/files_panel.h"
#include "ui/filter_line.h"
#include "ui/find_bar.h"
#include "ui/flat_button.h"
#include "ui/host_panel.h"
#include "ui/inspector.h"
#include "ui/mark_book.h"
#include "ui/message_bar.h"
#include "ui/network_panel.h"
#include "ui/output_panel.h"
#include "ui/overview_strip.h"
#include "ui/processes_panel.h"
#include "ui/run_form.h"
#include "ui/running_program.h"
#include "ui/start_page.h"
#include "ui/statistics_panel.h"
#include "ui/status_line.h"
#include "ui/summary_panel.h"
#include "ui/theme.h"
#include "ui/time_focus.h"
#include "ui/timeline_panel.h"
#include "ui/trace_document.h"

#include <QCloseEvent>
#include <QFontMetrics>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenuBar>
#include <QMimeData>
#include <QSettings>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolBar>
#include <QVBoxLayout>

namespace ringside::ui {

namespace {

constexpr int layout_version = 2;

}

MainWindow::MainWindow()
    : messages_(new MessageBar)
    , pages_(new QStackedWidget)
    , start_(new StartPage)
    , model_(new EventsModel(this))
    , view_(new EventsView(model_))
    , filter_(new FilterLine)
    , find_(new FindBar)
    , marks_(new MarkBook(this))
    , inspector_(new Inspector(this))
    , processes_(new ProcessesPanel(this))
    , output_(new OutputPanel(this))
    , time_(new TimeFocus(this))
    , strip_(new OverviewStrip(time_))
    , summary_(new SummaryPanel(this))
    , timeline_(new TimelinePanel(time_, this))
    , files_(new FilesPanel(this))
    , network_(new NetworkPanel(this))
    , host_(new HostPanel(this))
    , statistics_(new StatisticsPanel(this))
    , status_(new StatusLine)
{
    setWindowTitle(tr("Ringside"));
    setAcceptDrops(true);
    setDockOptions(AnimatedDocks | AllowTabbedDocks);
    auto* centre = new QWidget;
    auto* layout = new QVBoxLayout(centre);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(strip_);
    layout->addWidget(messages_);
    layout->addWidget(find_);
    layout->addWidget(pages_);
    pages_->addWidget(start_);
    pages_->addWidget(view_);
    setCentralWidget(centre);
    setStatusBar(status_);
    make_bars();
    make_docks();
    make_menus();

    connect(start_, &StartPage::open_asked, this, &MainWindow::choose_trace);
    connect(start_, &StartPage::trace_chosen, this, &MainWindow::open_trace);
    connect(&start_->form(), &RunForm::run_asked, this, &MainWindow::run_program);
    connect(filter_, &FilterLine::applied_changed, this, [this](const QString& text) { apply_filter(text); });
    connect(filter_, &FilterLine::leave, this, [this] { view_->setFocus(); });
    connect(filter_, &FilterLine::mistake_changed, this, [this](const QString& message) {
        if (message.isEmpty())
            messages_->dismiss();
        else
            messages_->show_message(MessageBar::Kind::mistake, message);
    });
    connect(view_, &EventsView::event_chosen, &focus_, &Focus::set_event);
    connect(view_, &QWidget::customContextMenuRequested, this, &MainWindow::events_menu);
    connect(view_, &EventsView::follow_changed, this, [this](bool follow) { follow_action_->setChecked(follow); });
    connect(&focus_, &Focus::event_changed, this, &MainWindow::show_focus);
    connect(inspector_, &Inspector::event_chosen, &focus_, &Focus::set_event);
    connect(inspector_, &Inspector::shown, this, [this](trace::EventId, trace::ProcessId process) { focus_.set_process(process); });
    connect(&focus_, &Focus::process_changed, processes_, &ProcessesPanel::show_process);
    connect(processes_, &ProcessesPanel::process_chosen, &focus_, &Focus::set_process);
    connect(processes_, &ProcessesPanel::filter_asked, filter_, &FilterLine::apply);
    connect(output_, &OutputPanel::typed, this, [this](const QByteArray& bytes) {
        if (program_)
            program_->type(bytes);
    });
    connect(output_, &OutputPanel::resized, this, [this](int rows, int columns) {
        if (program_)
            program_->resize(rows, columns);
    });
    connect(model_, &EventsModel::failed, this, [this](const QString& message) { messages_->show_message(MessageBar::Kind::mistake, message); });
    connect_views();
    connect_filter();
    model_->set_marks(marks_);
    connect(&clock_, &QTimer::timeout, this, [this] {
        update_status();
        tell_waiting();
        view_->viewport()->update(); // how long calls have been running
    });
    connect(&disk_, &QTimer::timeout, this, &MainWindow::watch_disk);
    connect(&session_, &QTimer::timeout, this, &MainWindow::remember_session);
    session_.start(2000);
    connect(this, &MainWindow::filter_done, this, [this] {
        if (trace::EventId event = std::exchange(first_event_, 0))
            focus_.set_event(event);
    });
    for (QLineEdit* line : findChildren<QLineEdit*>())
        line->installEventFilter(this);
    installEventFilter(this);
    show_start();
    restore_layout();
}

MainWindow::~MainWindow()
{
    program_.reset();
    document_.reset();
}

void MainWindow::make_bars()
{
    main_bar_ = addToolBar(tr("Filter"));
    main_bar_->setObjectName("filter-bar");
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(10, 6, 10, 7);
    layout->setSpacing(8);
    again_button_ = new FlatButton(FlatButton::Kind::primary, tr("Again"));
    again_button_->set_sign(QStringLiteral("↻"));
    run_button_ = new FlatButton(FlatButton::Kind::plain, tr("Run…"));
    run_button_->set_sign(QStringLiteral("▶"));
    stop_button_ = new FlatButton(FlatButton::Kind::plain, tr("Stop"));
    stop_button_->set_sign(QStringLiteral("■"), colours().error);
    for (FlatButton* button : {stop_button_, again_button_, run_button_})
        layout->addWidget(button);
    layout->addWidget(filter_, 1);
    mode_button_ = new FlatButton(FlatButton::Kind::plain, tr("Only matches ▾"));
    mode_button_->setToolTip(tr("Whether the filter hides the other events (Ctrl+Shift+M)"));
    layout->addWidget(mode_button_);
    main_bar_->addWidget(row);
    addToolBarBreak();
    quick_bar_ = addToolBar(tr("Quick filters"));
    quick_bar_->setObjectName("quick-filters");
    auto* chips = new QWidget;
    auto* chip_layout = new QHBoxLayout(chips);
    chip_layout->setContentsMargins(10, 5, 10, 6);
    chip_layout->setSpacing(7);
    const std::pair<QString, const char*> filters[] = {
        {tr("Problems"), "problem"},
        {tr("Files written"), "args ~ \"O_(WRONLY|RDWR|CREAT)\""},
        {tr("Programs run"), "syscall in {execve, execveat}"},
        {tr("Network"), "group == network"},
        {tr("Refused"), "verdict == denied"},
        {tr("Reached host"), "host_calls > 0"},
        {tr("Waits over 1 ms"), "blocked && dur > 1ms"},
    };
    for (const auto& [name, condition] : filters) {
        auto* chip = new FlatButton(FlatButton::Kind::chip, name);
        chip->setCheckable(true);
        chip->setToolTip(QString::fromUtf8(condition).toHtmlEscaped());
        quick_.emplace_back(chip, QString::fromUtf8(condition));
        chip_layout->addWidget(chip);
        connect(chip, &QAbstractButton::clicked, this, [this, text = QString::fromUtf8(condition)](bool on) { toggle_quick_filter(text, on); });
    }
    chips_ = new QHBoxLayout; // of the filter's parts that are switched off
    chips_->setSpacing(7);
    chip_layout->addLayout(chips_);
    chip_layout->addStretch();
    chips->setMinimumWidth(1); // a narrow window stays narrow
    quick_bar_->addWidget(chips);
    for (QToolBar* bar : {main_bar_, quick_bar_}) {
        bar->setMovable(false);
        bar->setContextMenuPolicy(Qt::PreventContextMenu);
    }
    connect(again_button_, &QAbstractButton::clicked, this, &MainWindow::run_again);
    connect(run_button_, &QAbstractButton::clicked, this, &MainWindow::ask_run);
    connect(stop_button_, &QAbstractButton::clicked, this, &MainWindow::stop);
}

void MainWindow::make_docks()
{
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
    setTabPosition(Qt::BottomDockWidgetArea, QTabWidget::North);
    for (Panel* dock : bottom_docks())
        dock->hide_title();
    reset_layout();
}

void MainWindow::reset_layout()
{
    auto bottom = bottom_docks();
    addDockWidget(Qt::LeftDockWidgetArea, processes_);
    addDockWidget(Qt::RightDockWidgetArea, inspector_);
    addDockWidget(Qt::BottomDockWidgetArea, bottom.front());
    for (std::size_t i = 1; i < bottom.size(); ++i) {
        addDockWidget(Qt::BottomDockWidgetArea, bottom[i]);
        tabifyDockWidget(bottom[i - 1], bottom[i]);
    }
    if (document_ || program_) {
        for (Panel* dock : bottom)
            dock->show();
        processes_->show();
        inspector_->show();
        raise_first_dock();
    }
    QSize size = this->size();
    if (isVisible() && size.width() < 1400) { // the events need the width: the inspector is one of the tabs below
        addDockWidget(Qt::BottomDockWidgetArea, inspector_);
        tabifyDockWidget(output_, inspector_);
        raise_first_dock();
    }
    resizeDocks({processes_, inspector_}, {size.width() < 1000 ? 140 : 185, 345}, Qt::Horizontal);
    if (size.width() < 1000 && !QSettings().contains(layout_key("events/columns-3")))
        QTimer::singleShot(0, view_, &EventsView::fit_columns); // its width is known then
    resizeDocks({bottom.front()}, {size.height() < 640 ? 110 : size.height() < 800 ? 190 : 230}, Qt::Vertical);
    name_tab_bars();
}

/// All that stands around the events.
void MainWindow::show_parts(bool shown)
{
    std::vector<QWidget*> parts {main_bar_, quick_bar_, processes_, inspector_, strip_, status_};
    for (Panel* dock : bottom_docks())
        parts.push_back(dock);
    for (QWidget* part : parts)
        part->setVisible(shown);
}

/// On a low window the chips are in the menu at the end of the filter line: rows of events are worth more.
void MainWindow::fold_quick_row()
{
    constexpr int low = 760;
    if (pages_->currentWidget() == view_)
        quick_bar_->setVisible(height() >= low);
}

/// Qt makes them when docks are put on top of each other, gives them no name, and keeps those that it no longer needs: these would
/// take the focus without a word.
void MainWindow::name_tab_bars()
{
    for (QTabBar* bar : findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
        bar->setAccessibleName(tr("Panes"));
        bar->setFocusPolicy(bar->count() > 0 ? Qt::TabFocus : Qt::NoFocus);
    }
}

void MainWindow::resizeEvent(QResizeEvent* event)
{
    QMainWindow::resizeEvent(event);
    fold_quick_row();
    name_tab_bars();
}

void MainWindow::show_start()
{
    start_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    pages_->setCurrentWidget(start_);
    show_parts(false);
    start_->load_recent();
    start_->form().focus_command();
    update_actions();
}

void MainWindow::show_events()
{
    if (pages_->currentWidget() != view_) {
        setUpdatesEnabled(false); // laid out and painted once, not for each dock
        start_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Ignored); // or the events would be as large as it, at least
        pages_->setCurrentWidget(view_);
        show_parts(true);
        QTimer::singleShot(0, this, [this] { // in a turn of its own: both together take long
            if (pages_->currentWidget() == view_)
                restore_layout();
            fold_quick_row();
            name_tab_bars();
            setUpdatesEnabled(true);
        });
        view_->setFocus();
    }
    update_actions();
}

void MainWindow::update_actions()
{
    bool running = program_ != nullptr, open = document_ != nullptr;
    stop_button_->setVisible(running);
    if (!running) {
        stop_button_->setText(tr("Stop"));
        stop_button_->setEnabled(true);
    }
    again_button_->setVisible(!running && last_run_.has_value());
    run_button_->setVisible(!running);
    run_button_->set_kind(last_run_ ? FlatButton::Kind::plain : FlatButton::Kind::primary);
    if (!stop_action_)
        return; // the menus come later
    kill_action_->setEnabled(running);
    again_action_->setEnabled(!running && last_run_.has_value());
    for (QAction* action : trace_actions_)
        action->setEnabled(open);
}

/// A wide window's layout is of no use in a narrow one: each of the three kinds of width has its own.
QString MainWindow::layout_key(const char* what) const
{
    return QLatin1String(what) + (width() < 1000 ? QStringLiteral("-small") : width() < 1400 ? QStringLiteral("-narrow") : QString());
}

void MainWindow::save_layout()
{
    QSettings settings;
    settings.setValue("window/geometry", saveGeometry());
    if (pages_->currentWidget() != view_)
        return; // the start page hides the docks
    settings.setValue(layout_key("window/state"), saveState(layout_version));
    settings.setValue(layout_key("events/columns-3"), view_->horizontalHeader()->saveState());
    settings.setValue(layout_key("events/letter"), QFontMetrics(mono_font()).averageCharWidth());
}

void MainWindow::restore_layout()
{
    QSettings settings;
    if (pages_->currentWidget() != view_) {
        if (!restoreGeometry(settings.value("window/geometry").toByteArray()))
            resize(1400, 860);
        return;
    }
    if (!restoreState(settings.value(layout_key("window/state")).toByteArray(), layout_version))
        QTimer::singleShot(0, this, &MainWindow::reset_layout); // sizes are known then
    else
        raise_first_dock();
    if (view_->horizontalHeader()->restoreState(settings.value(layout_key("events/columns-3")).toByteArray()) && settings.value(layout_key("events/letter")).toInt() != QFontMetrics(mono_font()).averageCharWidth())
        view_->fit_columns(); // letters had another size then
    view_->show_sorting(sort_column_, sort_order_); // that of the last window is not ours
}

void MainWindow::next_pane(int step)
{
    if (pages_->currentWidget() != view_)
        return;
    std::vector<QWidget*> panes {filter_, view_};
    std::vector<Panel*> docks {nullptr, nullptr};
    std::vector<Panel*> all {inspector_};
    for (Panel* dock : bottom_docks())
        all.push_back(dock);
    all.push_back(processes_);
    for (Panel* dock : all) {
        if (dock->isHidden() || !dock->in_front())
            continue;
        panes.push_back(dock);
        docks.push_back(dock);
    }
    QWidget* now = focusWidget();
    std::size_t at = 1;
    for (std::size_t i = 0; i < panes.size(); ++i)
        if (now && (now == panes[i] || panes[i]->isAncestorOf(now)))
            at = i;
    std::size_t next = (at + panes.size() + static_cast<std::size_t>(step + static_cast<int>(panes.size()))) % panes.size();
    if (docks[next])
        docks[next]->take_focus();
    else
        panes[next]->setFocus(Qt::TabFocusReason);
}

void MainWindow::closeEvent(QCloseEvent* event)
{
    if (!may_stop_program()) {
        event->ignore();
        return;
    }
    save_layout();
    forget_session();
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    if (event->mimeData()->hasUrls() && event->mimeData()->urls().front().isLocalFile())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    event->acceptProposedAction();
    open_trace(event->mimeData()->urls().front().toLocalFile());
}

/// Lines of text take Ctrl+E and Ctrl+K for themselves, as Emacs does; here they start and stop programs wherever the cursor is.
bool MainWindow::eventFilter(QObject* object, QEvent* event)
{
    bool new_child = event->type() == QEvent::ChildAdded || event->type() == QEvent::ChildPolished || event->type() == QEvent::LayoutRequest;
    if (object == this && new_child)
        QTimer::singleShot(0, this, &MainWindow::name_tab_bars);
    if (event->type() == QEvent::ShortcutOverride) {
        auto* key = static_cast<QKeyEvent*>(event);
        if (key->modifiers() == Qt::ControlModifier && (key->key() == Qt::Key_E || key->key() == Qt::Key_K)) {
            event->ignore();
            return true;
        }
    }
    return QMainWindow::eventFilter(object, event);
}

}
