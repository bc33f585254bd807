// What the window looks at: one event, one process. Every dock follows it and may set it; no dock knows another.
#pragma once

#include "trace/record.h"

#include <QObject>

#include <vector>

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
    /// Another trace: no event, no process, no places.
    void clear();

    /// The events of before, as a browser's pages: what was visited after a step back is forgotten by the next visit.
    void back() { step(-1); }
    void forward() { step(1); }

Q_SIGNALS:
    void event_changed(ringside::trace::EventId event);
    void process_changed(ringside::trace::ProcessId process);

private:
    void visit(trace::EventId event);
    void step(int by);

    std::vector<trace::EventId> places_;
    std::size_t place_ = 0; ///< the one that is looked at, where there is any
    trace::EventId event_ = 0;
    trace::ProcessId process_ = 0;
};

}
