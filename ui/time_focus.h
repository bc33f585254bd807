// The range of time that the timeline shows, and the one that is marked in it. Zoom and mark are two things: a zoom changes only
// the timeline, a mark only marks; a filter is made from it by name.
#pragma once

#include "trace/analysis/timeline.h"

#include <QObject>

namespace ringside::ui {

/// Where moments of a range stand between `left` and `left + width`, in pixels.
struct TimeScale {
    trace::analysis::TimeRange range;
    double left = 0;
    double width = 1;

    /// Also of moments outside of the range; `left` where the range is empty.
    double x_of(std::uint64_t ts) const;
    /// 0 to 1.
    double part_at(double x) const;
    std::uint64_t time_at(double x) const;
};

class TimeFocus : public QObject {
    Q_OBJECT

public:
    using TimeRange = trace::analysis::TimeRange;
    using QObject::QObject;

    const TimeRange& whole() const { return whole_; }
    const TimeRange& shown() const { return shown_; } ///< by the lanes
    const TimeRange& marked() const { return marked_; }

    /// While all was shown, all is shown.
    void set_whole(TimeRange range);
    void show(TimeRange range);
    void mark(TimeRange range);
    void reset();

Q_SIGNALS:
    void changed();

private:
    TimeRange whole_, shown_, marked_;
};

}
