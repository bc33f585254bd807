// The range of time that the timeline shows, and the one that is marked in it. Zoom and mark are two things: a zoom changes only
// the timeline, a mark only marks; a filter is made from it by name.
#pragma once

#include "trace/analysis/timeline.h"

#include <QObject>

namespace ringside::ui {

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
