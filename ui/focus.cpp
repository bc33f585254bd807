// See focus.h.
#include "ui/focus.h"

namespace ringside::ui {

namespace {

constexpr std::size_t most_places = 500; ///< that are gone back to

}

void Focus::set_event(trace::EventId event)
{
    if (event == event_)
        return;
    event_ = event;
    visit(event);
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
    places_.clear();
    place_ = 0;
}

void Focus::visit(trace::EventId event)
{
    if (event == 0 || (place_ < places_.size() && places_[place_] == event))
        return; // nowhere, or a step among the places
    if (!places_.empty())
        places_.resize(place_ + 1);
    if (places_.size() == most_places)
        places_.erase(places_.begin());
    places_.push_back(event);
    place_ = places_.size() - 1;
}

void Focus::step(int by)
{
    if (by < 0 ? place_ == 0 : place_ + 1 >= places_.size())
        return;
    place_ = by < 0 ? place_ - 1 : place_ + 1;
    set_event(places_[place_]);
}

}
