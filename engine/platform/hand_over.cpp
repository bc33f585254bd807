// The rules of the hand-over.

#include "engine/platform/hand_over.h"

#include <algorithm>

namespace ringside::platform {

std::optional<HandOverChoice> hand_over_choice(std::string_view name)
{
    if (name == "auto" || name.empty())
        return HandOverChoice::automatic;
    if (name == "futex")
        return HandOverChoice::futex;
    if (name == "spin")
        return HandOverChoice::spin;
    if (name == "gang")
        return HandOverChoice::gang;
    if (name == "spread")
        return HandOverChoice::spread;
    return {};
}

void HandOver::moved(unsigned worker, Time now)
{
    worker_ = worker;
    spinning_ = worker != 0;
    density_ = 0;
    if (worker != 0) {
        visit_ = 0;
        visit_start_ = now;
        visit_processor_ = processor_time_();
        last_ = now;
    } else if (comparing_) {
        trial_start_ = now;
        trial_requests_ = 0;
    }
}

void HandOver::request(Time now)
{
    Time gap = now > last_ ? now - last_ : 0;
    last_ = now;
    if (!second_ || choice_ == HandOverChoice::futex || choice_ == HandOverChoice::spread)
        return;
    if (spread_) {
        wanted_ = 0;
        return;
    }
    if (choice_ != HandOverChoice::automatic) {
        wanted_ = 1;
        spinning_ = worker_ != 0;
        return;
    }
    if (worker_ != 0) {
        ++visit_;
        ++epoch_requests_;
        if (epoch_time_ + (now - visit_start_) >= epoch)
            judge(now);
        return;
    }
    // One that comes late takes away what several dense ones gave.
    density_ = gap < dense_gap ? std::min(density_ + 1, last_threshold) : density_ - static_cast<int>(std::min<Time>(gap / dense_gap, static_cast<Time>(density_)));
    if (comparing_) {
        ++trial_requests_;
        if (now - trial_start_ >= trial)
            compare(now);
        return;
    }
    if (density_ >= threshold_ && now >= held_until_)
        wanted_ = 1;
}

void HandOver::nothing(Time now)
{
    Time limit = choice_ == HandOverChoice::gang ? gang_time : spin_time;
    if (worker_ == 0 || now < last_ + limit)
        return;
    spinning_ = false;
    if (choice_ != HandOverChoice::automatic)
        return; // sleeps where it is
    // What a visit costs is two wake-ups of another processor: it must have served enough to be worth them.
    if (visit_ < 4 * threshold_)
        threshold_ = std::min(threshold_ * 2, last_threshold);
    else
        threshold_ = std::max(threshold_ / 2, first_threshold);
    end_visit();
    wanted_ = 0;
}

void HandOver::end_visit()
{
    epoch_time_ += last_ - visit_start_;
    epoch_processor_ += processor_time_() - visit_processor_;
    visit_start_ = last_;
    visit_processor_ = processor_time_();
}

/// A worker that spins uses all of its processor. One that gets less shares it with somebody, and then every request that comes meanwhile waits
/// for a time slice.
void HandOver::judge(Time now)
{
    end_visit();
    bool shared = epoch_processor_ * 10 < epoch_time_ * 9;
    spun_ns_ = static_cast<double>(epoch_time_) / static_cast<double>(std::max<std::uint64_t>(epoch_requests_, 1));
    epoch_time_ = epoch_processor_ = 0;
    epoch_requests_ = 0;
    if (!shared) {
        hold_ = first_hold;
        return;
    }
    if (now < held_until_)
        return;
    comparing_ = true;
    wanted_ = 0;
}

void HandOver::compare(Time now)
{
    comparing_ = false;
    double slept_ns = static_cast<double>(now - trial_start_) / static_cast<double>(trial_requests_);
    held_until_ = now + hold_;
    hold_ = std::min(hold_ * 2, last_hold);
    if (slept_ns > spun_ns_) {
        wanted_ = 1; // although it shares: not judged again until the result is old
    }
}

}
