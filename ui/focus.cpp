// See focus.h.
#include "ui/focus.h"

namespace ringside::ui {

void Focus::set_event(trace::EventId event)
{
    if (event == event_)
        return;
    event_ = event;
    Q_EMIT event_changed(event);
}

void Focus::set_process(trace::ProcessId process)
{
    if (process == process_)
        return;
    process_ = process;
    Q_EMIT process_changed(process);
}

void Focus::clear()
{
    set_event(0);
    set_process(0);
}

}
