// The strip over the events: how many there were at each moment, where the problems are, and what the timeline shows of it.
#pragma once

#include "ui/analyst.h"
#include "ui/time_focus.h"

#include <QWidget>

namespace ringside::ui {

class OverviewStrip : public QWidget {
    Q_OBJECT

public:
    OverviewStrip(TimeFocus* time, QWidget* parent = nullptr);
    void set_analyst(Analyst* analyst);
    /// The trace has grown.
    void refresh();
    void set_event_time(std::uint64_t ts, bool known);
    /// For tests.
    const trace::analysis::Density& density() const { return density_; }

Q_SIGNALS:
    void time_chosen(quint64 ts);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    TimeScale scale() const;

    TimeFocus* time_;
    Analyst* analyst_ = nullptr;
    trace::analysis::Density density_;
    double pressed_ = -1;
    bool dragged_ = false;
    std::uint64_t event_ts_ = 0;
    bool event_known_ = false;
};

}
