// See time_focus.h.
#include "ui/time_focus.h"

#include <algorithm>

namespace ringside::ui {

namespace {

constexpr std::uint64_t least = 1000; // ns

}

double TimeScale::x_of(std::uint64_t ts) const
{
    return range.length() ? left + (double(ts) - double(range.begin)) / double(range.length()) * width : left;
}

double TimeScale::part_at(double x) const
{
    return std::clamp((x - left) / width, 0.0, 1.0);
}

std::uint64_t TimeScale::time_at(double x) const
{
    return range.begin + static_cast<std::uint64_t>(part_at(x) * double(range.length()));
}

void TimeFocus::set_whole(TimeRange range)
{
    if (range == whole_)
        return;
    bool all = shown_ == whole_;
    whole_ = range;
    if (all)
        shown_ = range;
    Q_EMIT changed();
}

void TimeFocus::show(TimeRange range)
{
    std::uint64_t length = std::clamp(range.length(), std::min(least, whole_.length()), whole_.length());
    std::uint64_t begin = std::clamp(range.begin, whole_.begin, whole_.end - length);
    TimeRange next {begin, begin + length};
    if (next == shown_)
        return;
    shown_ = next;
    Q_EMIT changed();
}

void TimeFocus::mark(TimeRange range)
{
    if (range == marked_)
        return;
    marked_ = range;
    Q_EMIT changed();
}

void TimeFocus::reset()
{
    whole_ = shown_ = marked_ = {};
    Q_EMIT changed();
}

}
