// Whether guests share the first worker's processor, or are spread over all. Together a hand-over is cheap, since nobody has to be woken
// elsewhere; but two that compute have half a processor each. The policy here sees how many wanted to run, and how often they called; it
// makes no host call.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ringside::platform {

class Spread {
public:
    using Time = std::uint64_t; ///< CLOCK_MONOTONIC, ns

    /// There are processors to spread over.
    void allow() { allowed_ = true; }
    /// Since the last note `busy` guest threads ran or wanted to; `request`: one has called now. True: on() has changed.
    bool note(Time now, std::size_t busy, bool request);
    bool on() const { return on_; }
    bool allowed() const { return allowed_; }
    /// While so many run, and none calls, somebody has to look again after one window.
    bool wants_look(std::size_t busy) const { return allowed_ && !on_ && busy >= 2; }

    // What the rules are made of.
    static constexpr Time window = 20'000'000;
    static constexpr double enough = 1.6, too_few = 1.2; ///< threads on the average
    static constexpr Time sparse_gap = 50'000;           ///< between requests, from here on: spread
    static constexpr Time dense_gap = 20'000;            ///< up to here: together again
    static constexpr int patience = 5;                   ///< windows in a row that speak for coming together

private:
    bool judge(double busy, double gap);

    bool allowed_ = false, on_ = false;
    Time start_ = 0, last_ = 0;
    double area_ = 0; ///< threads times ns
    std::uint64_t requests_ = 0;
    int against_ = 0;
};

}
