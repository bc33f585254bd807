// The window: a start page, then the events of one trace with the docks around it. It connects what the docks say to the one
// Focus and the one filter; what a dock shows is the dock's own business.
#pragma once

#include "engine/session/session.h"
#include "trace/filter/filter.h"
#include "ui/disk_space.h"
#include "ui/exporter.h"
#include "ui/focus.h"
#include "ui/scanner.h"
#include "ui/trace_document.h"

#include <QElapsedTimer>
#include <QMainWindow>
#include <QTimer>

#include <memory>
#include <optional>

class QAction;
class QActionGroup;
class QHBoxLayout;
class QMenu;
class QStackedWidget;
class QToolBar;

namespace ringside::ui {

class Analyst;
class EventsModel;
class EventsView;
class FilterLine;
class FindBar;
class FlatButton;
class Inspector;
class MarkBook;
class MessageBar;
class FilesPanel;
class HostPanel;
class NetworkPanel;
class OutputPanel;
class OverviewStrip;
class Panel;
class ProcessesPanel;
class RunningProgram;
class StartPage;
class StatisticsPanel;
class StatusLine;
class SummaryPanel;
class TimeFocus;
class TimelinePanel;
class ViewPanel;

class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    MainWindow();
    ~MainWindow() override;

    void open_trace(const QString& path);
    void run_program(const session::SessionOptions& options);
    void close_trace();
    /// Applied as soon as the next trace is open.
    void filter_when_open(const QString& filter) { first_filter_ = filter; }
    /// What a window that was killed had open comes back, with its filter and its event. False: there is none.
    bool come_back();
    /// Written down every two seconds, so that a kill loses nothing.
    void remember_session();

    // For tests and for pictures of the window.
    EventsModel& events() { return *model_; }
    EventsView& view() { return *view_; }
    FilterLine& filter_line() { return *filter_; }
    MessageBar& messages() { return *messages_; }
    Inspector& inspector() { return *inspector_; }
    OutputPanel& output() { return *output_; }
    ProcessesPanel& processes() { return *processes_; }
    StatusLine& status() { return *status_; }
    StartPage& start_page() { return *start_; }
    SummaryPanel& summary() { return *summary_; }
    FilesPanel& files() { return *files_; }
    NetworkPanel& network() { return *network_; }
    HostPanel& host() { return *host_; }
    StatisticsPanel& statistics() { return *statistics_; }
    TimelinePanel& timeline() { return *timeline_; }
    OverviewStrip& strip() { return *strip_; }
    TimeFocus& time() { return *time_; }
    /// Brings a dock to the front: "summary", "files", …
    void show_dock(const QString& name);
    Focus& focus() { return focus_; }
    TraceDocument* document() { return document_.get(); }
    FindBar& find_bar() { return *find_; }
    MarkBook& marks() { return *marks_; }
    /// The chips of conditions that were taken out of the filter.
    const QStringList& parts_off() const { return parts_off_; }
    /// Takes a condition out of the filter; a chip puts it back.
    void switch_part_off(const QString& part);
    /// All events are shown and the matches marked, or the matches alone.
    void mark_matches(bool marking);
    /// An event's number, or a time: "1.5s", "200ms". False: it is neither, or there is none.
    bool go_to(const QString& place);
    void copy_as(TraceDocument::CopyForm form);
    /// -1: the order of time.
    void sort_by(int column, Qt::SortOrder order);
    /// What the Export menu says is written there; `export_done` follows.
    void export_to(trace::ExportFormat format, const QString& target);
    /// How much room there is where a trace lies, in place of the disk's own answer. For tests.
    void set_free_space(std::function<std::uint64_t(const QString&)> free_space) { free_space_ = std::move(free_space); }
    bool is_running() const { return program_ != nullptr; }

Q_SIGNALS:
    void trace_opened();
    void run_ended();
    void filter_done();
    void export_done();

protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    // main_window.cpp
    void make_bars();
    void make_docks();
    void show_start();
    void show_events();
    void save_layout();
    void restore_layout();
    QString layout_key(const char* what) const;
    void reset_layout();
    void fold_quick_row();
    void name_tab_bars();
    void show_parts(bool shown);
    void next_pane(int step);
    void update_actions();
    // main_window_docks.cpp
    void connect_views();
    void adopt_views();
    void await_whole_columns();
    void refresh_views();
    void tell_end();
    std::vector<Panel*> bottom_docks() const;
    std::vector<ViewPanel*> views() const;
    void raise_first_dock();
    void prepare_filter(const QString& text);
    void arrange(const QString& layout);
    // main_window_export.cpp
    void make_export_menu(QMenu* file);
    void choose_export(trace::ExportFormat format, const QString& suffix);
    // main_window_menus.cpp
    void make_menus();
    void make_file_menu();
    void make_view_menu();
    void make_go_menu();
    void make_other_menus();
    void events_menu(const QPoint& position);
    void set_theme(const QString& name);
    void scale_text(int step);
    void ask_event();
    void go_rows(int step);
    void show_shortcuts();
    void show_about();
    // main_window_files.cpp
    void make_recent_menu(QMenu* file);
    void make_descriptor_menu(QMenu* go);
    void make_help_menu();
    void save_a_copy();
    void forget_session();
    void show_properties();
    void show_sandbox();
    void remember_opened(const QString& path);
    void step_descriptor(bool forward);
    // main_window_trace.cpp
    void choose_trace();
    static std::unique_ptr<TraceDocument> taken(TraceDocument* opened);
    void adopt(std::unique_ptr<TraceDocument> document);
    void trace_is_open();
    void open_failed(const QString& message);
    void grown(trace::EventId events);
    void update_status();
    QString meta_text(const char* key) const;
    void apply_filter(const QString& text);
    void filter_events(const QString& text);
    QString whole_filter(const QString& text) const;
    void show_internal(bool show);
    void found(quint64 number, const std::vector<std::uint32_t>& rows, bool complete);
    void toggle_quick_filter(const QString& condition, bool on);
    void check_quick_filters();
    void show_focus(trace::EventId event);
    void step_problem(bool forward);
    void adopt_marks();
    // main_window_filter.cpp
    void connect_filter();
    void make_filter_menus(QMenu* analyze);
    void fill_condition_menu(QMenu* menu, bool apply);
    void filter_menu(const QPoint& below);
    void save_this_filter();
    void manage_filters();
    void switch_part_on(const QString& part);
    void show_parts_off();
    void collect_matches();
    void step_match(bool forward);
    void sort_clicked(int column);
    void sort_again();
    // main_window_edit.cpp
    void make_edit_menu();
    void make_marks_menu(QMenu* edit);
    void make_time_menu(QMenu* view);
    void make_highlights_menu(QMenu* view);
    void make_sort_menu(QMenu* view);
    void ask_note();
    void step_mark(bool forward);
    void find_next(bool forward);
    void stepped(trace::EventId event, bool forward);
    // main_window_run.cpp
    void ask_run();
    void run_again();
    void start_when_laid_out();
    void stop();
    void tell_waiting();
    void watch_disk();
    void try_open_recording();
    void program_ended(const session::Outcome& outcome);
    bool may_stop_program();

    Focus focus_;
    std::unique_ptr<TraceDocument> document_;
    std::unique_ptr<Analyst> analyst_; ///< of document_
    std::unique_ptr<RunningProgram> program_;
    std::optional<session::SessionOptions> last_run_;
    QElapsedTimer run_time_;
    QTimer clock_; ///< the time that a program has been running is shown, also while it asks for nothing
    Scanner::Totals totals_;
    std::uint64_t filter_number_ = 0;
    std::uint64_t whole_refresh_ = 0; ///< the scanner's refresh that finds the trace whole
    bool told_end_ = false;           ///< the message bar has said how the program ended
    std::function<std::uint64_t(const QString&)> free_space_ = ui::free_space;
    QTimer disk_;                     ///< looks at the disk while a trace is recorded
    std::uint64_t trace_bytes_ = 0;   ///< when it last looked
    double growth_ = 0;               ///< bytes a second, smoothed
    bool told_disk_ = false;
    bool told_waiting_ = false;       ///< the message bar says that the program waits for input
    bool awaiting_recording_ = false; ///< its file is not there yet
    QString first_filter_;
    trace::EventId first_event_ = 0; ///< shown when the first filter is done
    QTimer session_;
    QByteArray remembered_;          ///< what was written down last
    bool show_internal_ = false;      ///< page-ins, trapped instructions and the like
    bool marking_ = false;            ///< the filter marks and hides nothing
    std::uint64_t collect_number_ = 0, sort_number_ = 0;
    QStringList parts_off_;
    int sort_column_ = -1;
    Qt::SortOrder sort_order_ = Qt::AscendingOrder;
    enum class Wanted { found, problem, descriptor };
    Wanted looking_for_ = Wanted::found; ///< what the Scanner looks for
    QString outcome_;                 ///< how the program of this window ended
    bool sandbox_failed_ = false;     ///< it was the sandbox that ended it: the message bar says so

    MessageBar* messages_ = nullptr;
    QStackedWidget* pages_ = nullptr;
    StartPage* start_ = nullptr;
    EventsModel* model_ = nullptr;
    EventsView* view_ = nullptr;
    FilterLine* filter_ = nullptr;
    FindBar* find_ = nullptr;
    MarkBook* marks_ = nullptr;
    FlatButton* mode_button_ = nullptr;
    QHBoxLayout* chips_ = nullptr;
    QList<FlatButton*> part_chips_;
    QAction *marking_action_ = nullptr, *internal_action_ = nullptr;
    QActionGroup* time_formats_ = nullptr;
    Inspector* inspector_ = nullptr;
    ProcessesPanel* processes_ = nullptr;
    OutputPanel* output_ = nullptr;
    TimeFocus* time_ = nullptr;
    OverviewStrip* strip_ = nullptr;
    SummaryPanel* summary_ = nullptr;
    TimelinePanel* timeline_ = nullptr;
    FilesPanel* files_ = nullptr;
    NetworkPanel* network_ = nullptr;
    HostPanel* host_ = nullptr;
    StatisticsPanel* statistics_ = nullptr;
    Exporter* exporter_ = nullptr;
    Exporter::Scope export_scope_ = Exporter::Scope::filter;
    QString export_target_;
    QTimer live_views_; ///< docks follow a growing trace more slowly than rows do
    StatusLine* status_ = nullptr;
    QToolBar *main_bar_ = nullptr, *quick_bar_ = nullptr;
    FlatButton *again_button_ = nullptr, *run_button_ = nullptr, *stop_button_ = nullptr;
    std::vector<std::pair<FlatButton*, QString>> quick_;
    QAction *again_action_ = nullptr, *stop_action_ = nullptr, *kill_action_ = nullptr, *close_action_ = nullptr, *copy_action_ = nullptr, *follow_action_ = nullptr;
    QList<QAction*> edit_actions_;  ///< what the events' own menu has besides Copy
    QList<QAction*> trace_actions_; ///< that need an open trace
};

}
