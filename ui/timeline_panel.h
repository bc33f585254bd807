// The dock with the timeline: lanes, and a line about the event in focus: what it waited for and what woke it.
#pragma once

#include "ui/view_panel.h"

class QLabel;

namespace ringside::ui {

class FlatButton;
class TimeFocus;
class TimelineView;

class TimelinePanel : public ViewPanel {
    Q_OBJECT

public:
    explicit TimelinePanel(TimeFocus* time, QWidget* parent = nullptr);
    TimelineView& view() { return *lanes_; }
    void show_event(trace::EventId event);
    /// For tests: the line about the event.
    QString about() const;

Q_SIGNALS:
    void event_time(quint64 ts, bool known);

protected:
    void ask(Analyst& analyst) override;

private:
    TimeFocus* time_;
    TimelineView* lanes_;
    QLabel* about_;
    FlatButton *waker_, *zoom_, *filter_, *all_;
    QObject event_asker_;
    trace::EventId woken_by_ = 0;
};

}
