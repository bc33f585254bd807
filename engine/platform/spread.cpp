// The rules of spreading.

#include "engine/platform/spread.h"

#include <algorithm>

namespace ringside::platform {

bool Spread::note(Time now, std::size_t busy, bool request)
{
    if (!allowed_)
        return false;
    if (start_ == 0)
        start_ = last_ = now;
    area_ += static_cast<double>(busy) * static_cast<double>(now - last_);
    last_ = now;
    requests_ += request;
    if (now - start_ < window)
        return false;
    auto length = static_cast<double>(now - start_);
    bool changed = judge(area_ / length, length / static_cast<double>(std::max<std::uint64_t>(requests_, 1)));
    start_ = now;
    area_ = 0;
    requests_ = 0;
    return changed;
}

bool Spread::judge(double busy, double gap)
{
    if (!on_) {
        on_ = busy >= enough && gap >= static_cast<double>(sparse_gap);
        against_ = 0;
        return on_;
    }
    // A look at every window would go to and fro with a program that is sparse and dense by turns: each move is a call for every thread.
    against_ = busy < too_few || gap <= static_cast<double>(dense_gap) ? against_ + 1 : 0;
    if (against_ < patience)
        return false;
    on_ = false;
    return true;
}

}
