// A dock that shows what the Analyst works out. It asks only while it is seen or wanted; when it has nothing to show it says why in a
// sentence, with an action where there is one.
#pragma once

#include "ui/analyst.h"
#include "ui/panel.h"

#include <QElapsedTimer>
#include <QTimer>

class QLabel;
class QStackedWidget;

namespace ringside::ui {

class FlatButton;

class ViewPanel : public Panel {
    Q_OBJECT

public:
    ViewPanel(const QString& title, const QString& name, QWidget* parent = nullptr);

    /// Null: no trace is open.
    void set_analyst(Analyst* analyst);
    /// What is shown is of an older filter or an older state of the trace: asks again, at once where it is seen.
    void refresh();
    void set_running(bool running) { running_ = running; }
    /// For tests: the sentence that stands in place of the view, empty where the view is shown.
    QString note() const;
    void take_focus() override;

Q_SIGNALS:
    void event_chosen(ringside::trace::EventId event);
    void filter_asked(const QString& filter);
    void filter_prepared(const QString& filter);
    void clear_filter_asked();
    void shown();

protected:
    /// The view itself: shown when there is something.
    void set_view(QWidget* view);
    /// Asks the analyst; the answer calls show_view() or show_nothing().
    virtual void ask(Analyst& analyst) = 0;
    /// What it works out is needed though it is behind another dock's tab.
    virtual bool wanted_unseen() const { return false; }
    void show_view();
    /// `sentence` for a trace without a filter; where a filter is in force the dock says that instead.
    void show_nothing(const QString& sentence);
    void show_note(const QString& sentence, const QString& action = {}, std::function<void()> act = {});
    Analyst* analyst() const { return analyst_; }
    bool running() const { return running_; }
    QString filter() const { return analyst_ ? analyst_->filter() : QString(); }
    /// Apply and prepare, selected and not, and, or: a menu for this condition.
    void condition_menu(const QString& condition, const QPoint& global, trace::EventId event);

private:
    void ask_if_wanted();

    Analyst* analyst_ = nullptr;
    QStackedWidget* stack_;
    QWidget* view_ = nullptr;
    QLabel* sentence_;
    FlatButton* action_;
    std::function<void()> act_;
    QElapsedTimer asked_; ///< since the last question
    qint64 cost_ = 0;    ///< ms that its answer took
    QTimer slow_;        ///< says "Counting…" when the answer takes long
    bool seen_ = false;  ///< not behind another dock's tab
    bool stale_ = false;
    bool running_ = false;
};

}
