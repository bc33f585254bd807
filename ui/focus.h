// What the window looks at: one event, one process. Every dock follows it and may set it; no dock knows another.
#pragma once

#include "trace/record.h"

#include <QObject>

namespace ringside::ui {

class Focus : public QObject {
    Q_OBJECT

public:
    using QObject::QObject;

    /// 0: none.
    trace::EventId event() const { return event_; }
    trace::ProcessId process() const { return process_; }

    void set_event(trace::EventId event);
    /// The process alone: the event stays.
    void set_process(trace::ProcessId process);
    void clear();

Q_SIGNALS:
    void event_changed(ringside::trace::EventId event);
    void process_changed(ringside::trace::ProcessId process);

private:
    trace::EventId event_ = 0;
    trace::ProcessId process_ = 0;
};

}
