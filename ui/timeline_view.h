// Lanes, one a thread: what it asked for and when, and where it waited. Bars that are too narrow to be told apart are one bar with
// their number. What is painted was worked out by the Analyst for exactly these pixels.
#pragma once

#include "ui/analyst.h"
#include "ui/time_focus.h"

#include <QAbstractScrollArea>

namespace ringside::ui {

/// A bar as it is painted.
struct LaneBar {
    trace::analysis::Bar bar;
    QString name;      ///< "openat", "read +12"
    std::uint8_t group = 0; ///< RowGroup
};
struct Lane {
    trace::ThreadId thread = 0;
    QString name;      ///< "python3 14"
    std::vector<LaneBar> bars;
};
struct TimelinePicture {
    std::vector<Lane> lanes; ///< those that are seen have bars
};

class TimelineView : public QAbstractScrollArea {
    Q_OBJECT

public:
    explicit TimelineView(TimeFocus* time, QWidget* parent = nullptr);
    void set_picture(std::shared_ptr<const TimelinePicture> picture);
    const TimelinePicture* picture() const { return picture_.get(); }
    /// Which lanes are seen, and how many pixels of time there are.
    std::pair<std::size_t, std::size_t> seen_lanes() const;
    int time_pixels() const;
    void set_event_time(std::uint64_t ts, trace::ThreadId thread);
    /// Shows `factor` of what is shown; the moment at `at_x` stays where it is.
    void zoom(double factor, double at_x);

Q_SIGNALS:
    void event_chosen(ringside::trace::EventId event);
    void filter_asked(const QString& filter);
    void wanted();  ///< other lanes, or another width: make another picture

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool viewportEvent(QEvent* event) override;

private:
    TimeScale scale() const;
    const LaneBar* bar_at(const QPointF& position) const;
    void paint_lane(QPainter& painter, const Lane& lane, double y, int line) const;
    void paint_ruler(QPainter& painter) const;
    int names_width() const;
    int ruler_height() const;
    void update_scroll_bar();
    void step(int by);

    TimeFocus* time_;
    std::shared_ptr<const TimelinePicture> picture_;
    double pressed_ = -1;
    bool dragged_ = false, panning_ = false;
    std::uint64_t event_ts_ = 0;
    trace::ThreadId event_thread_ = 0;
};

}
